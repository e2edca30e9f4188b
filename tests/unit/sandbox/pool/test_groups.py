"""Who gets a worker, who waits, and for how long: with workers that are only names."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

import pytest

from sandbox.pool.config import Code, PoolConfig
from sandbox.pool.errors import PoolBusy, PoolClosed
from sandbox.pool.groups import Group, Groups
from sandbox.pool.process import Worker


@dataclass(eq=False)
class Name:
    """A worker, as far as the books look at it."""

    name: str
    idle_since: float = 0.0
    dead: bool = False
    killed: str = ""
    code: Code | None = None

    @property
    def usable(self) -> bool:
        """As a worker says it."""
        return not self.dead and not self.killed

    def as_worker(self) -> Worker:
        """For the type checker."""
        return cast("Worker", self)


class Books:
    """Groups with a list of what was killed."""

    def __init__(self, **config: int) -> None:
        self.ended: list[tuple[str, str]] = []
        self.groups = Groups(PoolConfig(**config), self._end)  # type: ignore[arg-type]

    def _end(self, worker: Worker, why: str) -> None:
        name = cast("Name", worker)
        name.killed = why
        self.ended.append((name.name, why))

    def group(self, name: str) -> Group:
        """The group of a code of this name."""
        return self.groups.of(Code(name, "source"))

    async def started(self, code: str, name: str) -> tuple[Group, Worker]:
        """A place, taken."""
        group = self.group(code)
        assert await self.groups.permit(group) is None
        worker = Name(name, code=group.code).as_worker()
        self.groups.started(group, worker)
        return group, worker


async def turn() -> None:
    """Let what is ready happen."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_idle_worker_is_used_before_another_is_started() -> None:
    """Warm beats cold."""
    books = Books()
    group, worker = await books.started("a", "a1")
    books.groups.give_back(group, worker)
    assert await books.groups.permit(group) is worker


async def test_at_the_codes_limit_runs_wait_in_order() -> None:
    """First come, first served."""
    books = Books(max_workers_per_reconciler=1)
    group, worker = await books.started("a", "a1")
    waiting = [asyncio.ensure_future(books.groups.permit(group)) for _ in range(2)]
    await turn()
    books.groups.give_back(group, worker)
    await turn()
    assert [one.done() for one in waiting] == [True, False]
    books.groups.give_back(group, worker)
    assert await waiting[1] is worker


async def test_at_the_pools_limit_the_longest_idle_worker_makes_room() -> None:
    """A code that rests gives way to one that runs."""
    books = Books(max_workers=2)
    for name, since in (("a", 5.0), ("b", 3.0)):
        group, worker = await books.started(name, name)
        cast("Name", worker).idle_since = since
        books.groups.give_back(group, worker)
    await books.started("c", "c")
    assert books.ended == [("b", "evicted")]
    assert books.groups.total == 2


async def test_the_longest_waiting_is_served_though_another_codes_worker_came_free() -> None:
    """A busy code with runs without end cannot starve another."""
    books = Books(max_workers=1)
    group, worker = await books.started("a", "a1")
    other = asyncio.ensure_future(books.groups.permit(books.group("b")))
    await turn()
    own = asyncio.ensure_future(books.groups.permit(group))
    await turn()
    books.groups.give_back(group, worker)
    await turn()
    assert (other.done(), own.done()) == (True, False)
    assert other.result() is None
    assert books.ended == [("a1", "evicted")]
    own.cancel()
    await turn()


async def test_a_dead_worker_frees_its_place() -> None:
    """Whoever waits may start another."""
    books = Books(max_workers=1)
    group, worker = await books.started("a", "a1")
    waiting = asyncio.ensure_future(books.groups.permit(group))
    await turn()
    books.groups.dead(worker)
    assert await waiting is None
    assert books.groups.total == 1


async def test_a_failed_start_frees_its_place() -> None:
    """Also when nobody waits."""
    books = Books(max_workers=1)
    group = books.group("a")
    assert await books.groups.permit(group) is None
    books.groups.not_started(group)
    assert books.groups.total == 0
    assert await books.groups.permit(books.group("b")) is None


async def test_cancelled_waiting_leaves_nothing_behind() -> None:
    """Neither before the permit came nor in the same turn."""
    books = Books(max_workers=1)
    group, worker = await books.started("a", "a1")
    first = asyncio.ensure_future(books.groups.permit(group))
    second = asyncio.ensure_future(books.groups.permit(group))
    await turn()
    first.cancel()
    await turn()
    books.groups.give_back(group, worker)  # the second has it now, but has not run yet
    second.cancel()
    await turn()
    assert books.groups.waiting == 0
    assert await books.groups.permit(group) is worker


async def test_who_comes_after_a_cancelled_wait_is_served() -> None:
    """An idle worker is handed out, though the queue held somebody who had left."""
    books = Books(max_workers_per_reconciler=1)
    group, worker = await books.started("a", "a1")
    gone = asyncio.ensure_future(books.groups.permit(group))
    await turn()
    gone.cancel()
    await turn()
    assert not group.waiting
    books.groups.give_back(group, worker)
    next_one = asyncio.ensure_future(books.groups.permit(group))
    await turn()
    assert next_one.done()
    assert await next_one is worker


async def test_who_leaves_and_who_comes_in_one_turn() -> None:
    """A wait that is cancelled but has not run since holds nobody up."""
    books = Books(max_workers_per_reconciler=1)
    group, worker = await books.started("a", "a1")
    gone = asyncio.ensure_future(books.groups.permit(group))
    await turn()
    gone.cancel()
    books.groups.give_back(group, worker)
    assert await books.groups.permit(group) is worker
    await turn()
    assert gone.cancelled()


async def test_a_group_that_only_waited_is_forgotten() -> None:
    """Neither a cancelled wait nor a full queue leaves a group without workers behind."""
    books = Books(max_workers=1, max_waiting=1)
    group, worker = await books.started("a", "a1")
    waiting = asyncio.ensure_future(books.groups.permit(books.group("b")))
    await turn()
    with pytest.raises(PoolBusy):
        await books.groups.permit(books.group("c"))
    waiting.cancel()
    await turn()
    assert list(books.groups) == [group]
    books.groups.drop(group, worker, "idle")
    assert await books.groups.permit(books.group("b")) is None


async def test_the_queue_is_bounded() -> None:
    """Whoever comes after that is told so at once."""
    books = Books(max_workers=1, max_waiting=1)
    group, _ = await books.started("a", "a1")
    waiting = asyncio.ensure_future(books.groups.permit(group))
    await turn()
    with pytest.raises(PoolBusy):
        await books.groups.permit(group)
    books.groups.fail_all(PoolClosed("closed"))
    with pytest.raises(PoolClosed):
        await waiting


async def test_one_id_is_one_code() -> None:
    """Two codes under one id would share workers."""
    books = Books()
    await books.started("a", "a1")
    with pytest.raises(ValueError, match="another code"):
        books.groups.of(Code("a", "other source"))


async def test_a_group_without_workers_is_forgotten() -> None:
    """The books do not grow with every code ever seen."""
    books = Books()
    group, worker = await books.started("a", "a1")
    books.groups.drop(group, worker, "idle")
    assert list(books.groups) == []


async def test_a_corpse_among_the_idle_is_passed_over() -> None:
    """Its place is free for another."""
    books = Books(max_workers=1)
    group, worker = await books.started("a", "a1")
    books.groups.give_back(group, worker)
    cast("Name", worker).dead = True
    assert await books.groups.permit(group) is None
    assert books.groups.total == 1
