"""Who gets a worker, who waits, and for how long: with workers that are only names."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

import pytest

from sandbox.pool.config import Code, PoolConfig
from sandbox.pool.errors import PoolBusy, PoolClosed
from sandbox.pool.groups import TURN, Group, Groups
from sandbox.pool.process import Worker


@dataclass(eq=False)
class Name:
    """A worker, as far as the books look at it."""

    name: str
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
        self.now = 0.0
        self.groups = Groups(PoolConfig(**config), self._end, lambda: self.now)  # type: ignore[arg-type]

    def _end(self, worker: Worker, why: str) -> None:
        name = cast("Name", worker)
        name.killed = why
        self.ended.append((name.name, why))

    def group(self, name: str) -> Group:
        """The group of a code of this name."""
        return self.groups.of(Code(name, "source"))

    async def started(self, code: str | Code, name: str) -> tuple[Group, Worker]:
        """A place, taken."""
        group = self.groups.of(code) if isinstance(code, Code) else self.group(code)
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
    places = [await books.started(name, name) for name in ("a", "b")]
    for group, worker in reversed(places):
        books.groups.give_back(group, worker)
    await books.started("c", "c")
    assert books.ended == [("b", "evicted")]
    assert books.groups.total == 2


async def test_a_worker_serves_its_own_code_until_its_turn_is_over() -> None:
    """A busy code with runs without end cannot starve another, nor is a worker started anew for each run."""
    books = Books(max_workers=1)
    group, worker = await books.started("a", "a1")
    other = asyncio.ensure_future(books.groups.permit(books.group("b")))
    await turn()
    own = asyncio.ensure_future(books.groups.permit(group))
    later = asyncio.ensure_future(books.groups.permit(group))
    await turn()
    books.groups.give_back(group, worker)
    await turn()
    assert (other.done(), own.done(), later.done()) == (False, True, False)
    books.now = TURN * 1.01
    books.groups.give_back(group, worker)
    await turn()
    assert (other.done(), later.done()) == (True, False)
    assert other.result() is None
    assert books.ended == [("a1", "evicted")]
    later.cancel()
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
    assert books.groups.waiting == 0
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


def of(reconciler: str, revision: int = 1, namespace: str = "", workers: int = 0) -> Code:
    """A revision of a Reconciler."""
    return Code(f"{reconciler}/{revision}", "source", reconciler=reconciler, namespace=namespace, workers=workers)


async def test_revisions_of_one_reconciler_share_its_cap() -> None:
    """A new revision gets the place of an idle worker of the old one, and waits for a busy one."""
    books = Books(max_workers=8, max_workers_per_reconciler=1)
    old, worker = await books.started(of("a", 1), "old")
    new = books.groups.of(of("a", 2))
    waiting = asyncio.ensure_future(books.groups.permit(new))
    await turn()
    assert not waiting.done()
    books.groups.give_back(old, worker)
    assert await waiting is None
    assert books.ended == [("old", "evicted")]


async def test_a_reconciler_may_have_a_cap_of_its_own() -> None:
    """Wider or narrower than the pool's."""
    books = Books(max_workers=8, max_workers_per_reconciler=2)
    group = books.groups.of(of("a", workers=3))
    assert [await books.groups.permit(group) for _ in range(3)] == [None] * 3
    waiting = asyncio.ensure_future(books.groups.permit(group))
    await turn()
    assert not waiting.done()
    waiting.cancel()


async def test_a_namespace_leaves_room_for_others() -> None:
    """However many Reconcilers it has; one without a namespace counts against the host alone."""
    books = Books(max_workers=8, max_workers_per_namespace=2)
    for name in ("a", "b"):
        await books.started(of(name, namespace="busy"), name)
    waiting = asyncio.ensure_future(books.groups.permit(books.groups.of(of("c", namespace="busy"))))
    await turn()
    assert not waiting.done()
    await books.started(of("d", namespace="other"), "d")
    await books.started(of("e"), "e")
    waiting.cancel()


async def test_one_that_stands_by_is_there_when_another_dies() -> None:
    """No start in between; it counts against the namespace and the host before, against its Reconciler then."""
    books = Books(max_workers=3, max_workers_per_reconciler=1)
    group, worker = await books.started(of("a"), "first")
    assert books.groups.prepare(group)
    assert not books.groups.prepare(group)
    spare = Name("spare", code=group.code).as_worker()
    books.groups.prepared(group, spare)
    assert (books.groups.total, books.groups.standing_by) == (2, 1)
    waiting = asyncio.ensure_future(books.groups.permit(group))
    await turn()
    assert not waiting.done()
    books.groups.drop(group, worker, "verdict")
    assert await waiting is spare
    assert (books.groups.total, books.groups.standing_by) == (1, 0)


async def test_one_that_stands_by_gives_way_to_whoever_needs_its_place() -> None:
    """It is a comfort, not a claim."""
    books = Books(max_workers=2)
    group, _ = await books.started("a", "a1")
    assert books.groups.prepare(group)
    books.groups.prepared(group, Name("spare", code=group.code).as_worker())
    await books.started("b", "b1")
    assert books.ended == [("spare", "evicted")]
    assert not books.groups.prepare(group), "the host is full"


async def test_one_that_did_not_start_frees_the_place_it_was_to_stand_by_in() -> None:
    """And one that died in it is passed over."""
    books = Books(max_workers=2)
    group, worker = await books.started("a", "a1")
    assert books.groups.prepare(group)
    books.groups.prepared(group, None)
    assert books.groups.total == 1
    assert books.groups.prepare(group)
    spare = Name("spare", code=group.code)
    books.groups.prepared(group, spare.as_worker())
    spare.dead = True
    books.groups.dead(spare.as_worker())
    assert (books.groups.total, books.groups.standing_by) == (1, 0)
    books.groups.drop(group, worker, "idle")
    assert list(books.groups) == []
