"""Answers that are kept for a client that asks again: with their act, in one transaction."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core.domain.audit import AuditTag
from core.errors import Conflict
from core.services.factory import OpenServices, open_services
from core.services.idempotency import MAX_BODY_BYTES
from core.services.protocols import AuditFilter, Keep, Services
from core.store import connect, idempotency

from .conftest import ANN, GREETER, TickingClock, activation, saved, submission

ROOT = str(Path(connect.__file__).resolve().parents[2])


def keep(
    key: str = "k", sha: str = "sha", body: bytes = b"x", *, actor: str = "ann", status: int = 201
) -> Keep[object]:
    """Keeps this, whatever comes of the act."""
    return Keep(actor, key, sha, lambda _: (status, body))


async def act(services: Services, kept: Keep[object]) -> None:
    """The smallest act there is."""
    await services.audit.append(ANN, AuditTag.SIGNIN, keep=kept)


async def test_the_first_answer_is_the_answer(services: Services) -> None:
    """A second one under the same key does not replace it."""
    assert await services.idempotency.recall("ann", "k", "sha") is None
    await act(services, keep(body=b"first \xff"))
    await act(services, keep(body=b"second"))
    assert await services.idempotency.recall("ann", "k", "sha") == (201, b"first \xff")


async def test_a_key_is_one_persons_and_one_requests(services: Services) -> None:
    """Another actor does not see it; another request under it is a conflict."""
    await act(services, keep())
    assert await services.idempotency.recall("bob", "k", "sha") is None
    with pytest.raises(Conflict):
        await services.idempotency.recall("ann", "k", "another sha")


async def test_answers_live_a_day(services: Services, clock: TickingClock) -> None:
    """Then the key may be used again."""
    await act(services, keep())
    clock.time += timedelta(hours=23)
    assert await services.idempotency.recall("ann", "k", "sha") == (201, b"x")
    clock.time += timedelta(hours=2)
    assert await services.idempotency.recall("ann", "k", "another sha") is None
    await act(services, keep(sha="another sha", body=b"y", status=200))
    assert await services.idempotency.recall("ann", "k", "another sha") == (200, b"y")


async def test_answers_are_bounded_per_person(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go; a large one is not kept at all, and its act is done all the same."""
    monkeypatch.setattr(idempotency, "KEPT_PER_ACTOR", 3)
    for number in range(5):
        await act(services, keep(f"k{number}"))
    kept = [number for number in range(5) if await services.idempotency.recall("ann", f"k{number}", "sha")]
    assert kept == [2, 3, 4]
    await act(services, keep(actor="bob", body=b"x" * (MAX_BODY_BYTES + 1)))
    assert await services.idempotency.recall("bob", "k", "sha") is None
    assert len((await services.audit.list(AuditFilter(action="session"))).items) == 6


async def _save(services: Services, kept: Keep[object]) -> object:
    return await services.submissions.save(submission("x = 9\n", 1), ANN, keep=kept)


async def _save_unchanged(services: Services, kept: Keep[object]) -> object:
    return await services.submissions.save(submission("x = 1\n", 1), ANN, keep=kept)


async def _activate(services: Services, kept: Keep[object]) -> object:
    return await services.activations.activate(activation(1, None), ANN, keep=kept)


async def _append(services: Services, kept: Keep[object]) -> object:
    return await services.audit.append(ANN, AuditTag.SIGNIN, keep=kept)


ACTS = [_save, _save_unchanged, _activate, _append]


@pytest.mark.parametrize("do", ACTS)
async def test_an_act_keeps_its_answer(
    services: Services, do: Callable[[Services, Keep[object]], Awaitable[object]]
) -> None:
    """Made of what the act gave."""
    await saved(services, 1)
    seen: list[object] = []

    def answer(made: object) -> tuple[int, bytes]:
        seen.append(made)
        return 201, b"done"

    made = await do(services, Keep("ann", "k", "sha", answer))
    assert seen == [made]
    assert await services.idempotency.recall("ann", "k", "sha") == (201, b"done")


@pytest.mark.parametrize("do", [_save, _activate, _append])
async def test_an_answer_that_cannot_be_made_undoes_the_act(
    opened: OpenServices, do: Callable[[Services, Keep[object]], Awaitable[object]]
) -> None:
    """Both are stored, or neither."""
    services = opened.services
    await saved(services, 1)
    before = await services.audit.list(AuditFilter())

    def answer(_made: object) -> tuple[int, bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await do(services, Keep("ann", "k", "sha", answer))
    assert await services.audit.list(AuditFilter()) == before
    assert len((await services.submissions.list(GREETER)).items) == 1
    assert await services.activations.current(GREETER) is None
    assert await services.idempotency.recall("ann", "k", "sha") is None


async def test_a_refusal_keeps_nothing(services: Services) -> None:
    """The same key may try again."""
    with pytest.raises(Conflict):
        await services.submissions.save(submission("x = 1\n", 7), ANN, keep=keep())
    assert await services.idempotency.recall("ann", "k", "sha") is None


DIES = """
import asyncio, os, sys
sys.path.insert(0, sys.argv[2])
from core.clock import SystemClock
from core.domain.actor import Actor
from core.domain.keys import ReconcilerRef, Uid
from core.domain.revision import Identity
from core.services.factory import open_services
from core.services.protocols import Keep, Submission
from core.settings import LogFormat, LogLevel
from core.telemetry.logging import configure_logging

WHEN = sys.argv[3]

def answer(made):
    if WHEN == "before":
        os._exit(9)
    return 201, b"made"

async def main():
    opened = await open_services(url=f"sqlite:///{sys.argv[1]}", clock=SystemClock())
    store = opened._store
    write = store.write

    async def dying(job, **more):
        await write(job, **more)
        os._exit(9)  # the act is durable, and nothing after it happens

    store.write = dying
    of = Identity(ReconcilerRef("team-a", "greeter"), Uid("uid-1"))
    keep = Keep("ann", "k", "sha", answer)
    await opened.services.submissions.save(Submission(of, "x = 1\\n", "m", None, (), "p"), Actor("ann"), keep=keep)

configure_logging(LogLevel.ERROR, LogFormat.JSON)
asyncio.run(main())
"""


@pytest.mark.parametrize(("when", "revisions"), [("before", 0), ("after", 1)])
async def test_a_process_that_dies_has_both_or_neither(
    database: Path, clock: TickingClock, when: str, revisions: int
) -> None:
    """Before the commit: the act may be tried again. After it: the repetition gets the answer, not a conflict."""
    done = subprocess.run([sys.executable, "-c", DIES, str(database), ROOT, when], timeout=60, check=False)  # noqa: ASYNC221
    assert done.returncode == 9
    opened = await open_services(url=f"sqlite:///{database}", clock=clock)
    try:
        services = opened.services
        assert len((await services.submissions.list(GREETER)).items) == revisions
        answer = await services.idempotency.recall("ann", "k", "sha")
        assert answer == ((201, b"made") if revisions else None)
    finally:
        await opened.close()
