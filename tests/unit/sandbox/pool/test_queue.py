"""Who is next: tenants in turn, whatever each of them asks for."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.pool.config import Code, PoolConfig
from sandbox.pool.errors import PoolBusy
from sandbox.pool.queue import Entry, Queue


def of(namespace: str, reconciler: str = "one") -> Code:
    """A Reconciler's code."""
    return Code(f"{namespace}/{reconciler}", "source", namespace=namespace, reconciler=f"{namespace}/{reconciler}")


def served(queue: Queue[str]) -> list[str]:
    """The ids in the order in which they are served until nobody waits."""
    order = []
    while queue.size:
        code = next(queue.in_turn())
        queue.serve(code, "permit")
        order.append(code.id)
    return order


async def test_one_namespace_with_many_runs_does_not_hold_up_another() -> None:
    """The one that came last is not the one that is served last."""
    queue: Queue[str] = Queue(PoolConfig())
    for _ in range(4):
        queue.join(of("busy"))
    queue.join(of("quiet"))
    assert served(queue) == ["busy/one", "quiet/one", "busy/one", "busy/one", "busy/one"]


async def test_reconcilers_of_one_namespace_take_turns() -> None:
    """Many Reconcilers do not give a namespace more turns, and one of them does not starve the others."""
    queue: Queue[str] = Queue(PoolConfig())
    for reconciler in ("a", "a", "a", "b"):
        queue.join(of("x", reconciler))
    for _ in range(3):
        queue.join(of("y"))
    assert served(queue) == ["x/a", "y/one", "x/b", "y/one", "x/a", "y/one", "x/a"]


async def test_who_was_away_has_no_turns_saved_up() -> None:
    """Nor lost any."""
    queue: Queue[str] = Queue(PoolConfig())
    for _ in range(6):
        queue.join(of("a"))
    for _ in range(3):
        queue.serve(of("a"), "permit")
    for _ in range(3):
        queue.join(of("b"))
    assert served(queue) == ["a/one", "b/one", "a/one", "b/one", "a/one", "b/one"]


async def test_the_oldest_of_a_code_is_served_first_and_who_left_is_passed_over() -> None:
    """Also when it left without saying so."""
    queue: Queue[str] = Queue(PoolConfig())
    entries: list[Entry[str]] = [queue.join(of("a")) for _ in range(4)]
    entries[0].future.cancel()
    assert queue.leave(entries[1])
    assert not queue.leave(entries[1])
    assert queue.waits(of("a"))
    assert queue.size == 2
    queue.serve(next(queue.in_turn()), "permit")
    assert (entries[2].future.done(), entries[3].future.done()) == (True, False)


async def test_a_namespace_cannot_fill_the_queue() -> None:
    """It is refused and counted, while another may still wait."""
    queue: Queue[str] = Queue(PoolConfig(max_waiting=4, max_waiting_per_namespace=2))
    for _ in range(2):
        queue.join(of("busy"))
    with pytest.raises(PoolBusy):
        queue.join(of("busy", "two"))
    queue.join(of("quiet"))
    assert (queue.size, queue.refused) == (3, 1)


async def test_everybody_is_told_of_the_end() -> None:
    """Once."""
    queue: Queue[str] = Queue(PoolConfig())
    entries = [queue.join(of("a")), queue.join(of("b"))]
    queue.fail_all(RuntimeError("closed"))
    results = await asyncio.gather(*(entry.future for entry in entries), return_exceptions=True)
    assert [str(result) for result in results] == ["closed", "closed"]
    assert (queue.size, queue.waits(of("a"))) == (0, False)
