"""The tail of the activation log, and code that is started before it is depended on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec
import pytest

from controller.activation import ActivationTail, CodeLoader, StartFailure, code_id, started_before
from controller.spec import ActiveCode, ControllerConfig, ReconcilerSpec, parse_reconciler
from core.domain.actor import SYSTEM, Actor
from core.domain.keys import ReconcilerRef, Uid
from core.domain.revision import Activation, ActivationKind, Identity, Revision, RevisionInfo
from core.errors import Conflict, NotFound, Unavailable
from core.services.protocols import ActivationRequest
from sandbox.pool.config import Code, Isolation, LoadResult, PoolStatus, Verdict
from sandbox.wire.messages import Finding

IDENTITY = Identity(ReconcilerRef("team-a", "greeter"), Uid("u"))


def spec(**changes: object) -> ReconcilerSpec:
    """The Reconciler that is activated."""
    raw = {
        "metadata": {"name": "greeter", "namespace": "team-a", "uid": "u", "generation": 1},
        "spec": {"watch": {"apiVersion": "v1", "kind": "ConfigMap"}, "serviceAccountName": "greeter", **changes},
    }
    return parse_reconciler(msgspec.json.encode(raw), ControllerConfig(own_namespace="c", seed_key=b"k"))


def activation(seq: int = 1, revision: int = 1, **changes: object) -> Activation:
    """A row of the log."""
    made = Activation(
        seq=seq,
        reconciler=IDENTITY,
        revision=revision,
        sha256="ab" * 32,
        kind=ActivationKind.ACTIVATE,
        actor="author",
        reason="because",
        service_account="greeter",
        service_account_uid=Uid("sa"),
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class Log:
    """An activation log that a test writes."""

    rows: list[Activation] = field(default_factory=list)
    trouble: Unavailable | None = None
    good: int | None = None
    asked: list[tuple[ActivationRequest, Actor]] = field(default_factory=list)
    lost: bool = False
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def since(self, seq: int) -> Sequence[Activation]:
        """At most two at a time."""
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        return [row for row in self.rows if row.seq > seq][:2]

    async def wait_beyond(self, seq: int) -> None:
        """Until a row comes."""
        while not any(row.seq > seq for row in self.rows):
            self.more.clear()
            await self.more.wait()

    async def fallback(self, _reconciler: Identity, sa: str, sa_uid: Uid) -> int | None:
        """The revision before, activated under greeter of uid sa."""
        return self.good if (sa, sa_uid) == ("greeter", "sa") else None

    async def activate(self, request: ActivationRequest, actor: Actor) -> Activation:
        """Notes it."""
        self.asked.append((request, actor))
        if self.lost:
            raise Conflict("somebody was quicker")
        return activation(9, request.revision)


@dataclass
class Source:
    """One stored revision."""

    missing: bool = False

    async def get(self, _reconciler: Identity, number: int) -> Revision:
        """Its source."""
        if self.missing:
            raise NotFound(f"no revision {number}")
        info = RevisionInfo(number, "ab" * 32, "m", "author", datetime(2026, 1, 1, tzinfo=UTC), "1")
        return Revision(info, "def reconcile(obj, ctx): ...")


@dataclass
class Warmer:
    """A pool that starts code as the test says."""

    results: list[LoadResult]
    codes: list[Code] = field(default_factory=list)
    layers: dict[str, str] = field(default_factory=dict)

    def status(self) -> PoolStatus:
        """A look at the cage."""
        return PoolStatus(layers=self.layers)

    async def warm(self, code: Code) -> LoadResult:
        """The next result."""
        self.codes.append(code)
        return self.results.pop(0)


def loader(log: Log, results: list[LoadResult], *, missing: bool = False) -> tuple[CodeLoader, Warmer]:
    """With these answers."""
    pool = Warmer(results)
    made = CodeLoader(submissions=Source(missing), activations=log, pool=pool)  # type: ignore[arg-type]
    return made, pool


async def test_the_tail_reads_all_there_is_and_waits_for_more() -> None:
    """In pages; the newest of each Reconciler is kept; `caught_up` says that the past is known."""
    log = Log([activation(seq, seq) for seq in (1, 2, 3, 5)])
    seen: list[int] = []
    tail = ActivationTail(activations=log, on_activation=lambda row: seen.append(row.seq))  # type: ignore[arg-type]
    running = asyncio.create_task(tail.run())
    await tail.caught_up.wait()
    assert seen == [1, 2, 3, 5]
    newest = tail.newest(IDENTITY)
    assert newest is not None
    assert newest.revision == 5
    assert tail.newest(replace(IDENTITY, uid=Uid("another"))) is None, "one of another uid is another Reconciler"
    log.rows.append(activation(6, 6))
    log.more.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert seen[-1] == 6
    running.cancel()
    await asyncio.wait([running])


async def test_code_is_warmed_before_it_is_active() -> None:
    """What comes back has started, and knows whether it has finalize."""
    made, pool = loader(Log(), [LoadResult(ok=True, finalize=True)])
    code = await made.load(spec(), activation())
    assert isinstance(code, ActiveCode)
    assert code.finalize
    assert (pool.codes[0].id, pool.codes[0].source) == (code.code_id, code.code.source)


async def test_the_pool_is_told_whose_code_it_is() -> None:
    """Whose caps its workers count against, how many it asked for, and how long they live."""
    made, pool = loader(Log(), [LoadResult(ok=True)])
    code = await made.load(spec(isolation="Run", limits={"workers": 3}), activation())
    assert isinstance(code, ActiveCode)
    (told,) = pool.codes
    assert told == code.code
    assert (told.reconciler, told.namespace, told.workers, told.isolation) == ("u", "team-a", 3, Isolation.RUN)


async def test_a_rejected_revision_is_not_tried_twice() -> None:
    """The policy does not change its mind; the finding is in the message."""
    finding = Finding(code="POL1", message="import of os", line=1, column=1, end_line=1, end_column=2)
    rejected = LoadResult(ok=False, verdict=Verdict.REJECTED, findings=(finding,))
    made, pool = loader(Log(), [rejected])
    failure = await made.load(spec(), activation())
    assert failure == StartFailure("Rejected: line 1: import of os")
    assert len(pool.codes) == 1


@pytest.mark.parametrize("verdict", [Verdict.TIMED_OUT, Verdict.OUT_OF_MEMORY, Verdict.CRASHED])
async def test_a_killed_start_is_not_the_last_word(verdict: Verdict) -> None:
    """It may have been the machine."""
    made, _ = loader(Log(), [LoadResult(ok=False, verdict=verdict, message="killed")])
    assert await made.load(spec(), activation()) == StartFailure(f"{verdict}: killed", final=False)


async def test_code_that_raises_at_its_start_is_the_last_word() -> None:
    """It will raise again."""
    made, _ = loader(Log(), [LoadResult(ok=False, verdict=Verdict.FAILED, message="KeyError")])
    assert await made.load(spec(), activation()) == StartFailure("Failed: KeyError", final=True)


@pytest.mark.parametrize(
    ("status", "started"),
    [
        ({"activeRevision": {"number": 1, "sha256": "ab" * 32}}, True),
        ({"activeRevision": {"number": 2, "sha256": "ab" * 32}}, False),
        ({"activeRevision": {"number": 1, "sha256": "cd" * 32}}, False),
        ({}, False),
        ({"activeRevision": "1"}, False),
    ],
)
def test_what_the_status_names_has_started_before(status: object, started: bool) -> None:
    """A controller that starts anew knows good code by it."""
    assert started_before(msgspec.json.encode({"status": status}), activation()) is started


async def test_a_revision_that_is_not_stored_does_not_start() -> None:
    """A store that was restored from an older backup."""
    made, _ = loader(Log(), [], missing=True)
    assert await made.load(spec(), activation(revision=7)) == StartFailure("no revision 7")


async def test_the_fallback_is_the_hosts_and_expects_the_failed_one() -> None:
    """Compare-and-swap: whoever activated meanwhile is not overwritten."""
    log = Log(good=3)
    made, _ = loader(log, [])
    await made.fall_back(activation(8, 4), "Rejected: no")
    ((request, actor),) = log.asked
    assert (request.revision, request.expected, request.kind, actor) == (3, 4, ActivationKind.FALLBACK, SYSTEM)
    assert request.service_account_uid == "sa"
    log.lost = True
    await made.fall_back(activation(8, 4), "Rejected: no")


@pytest.mark.parametrize(
    ("good", "failed"),
    [
        (None, activation()),
        (1, activation(revision=1)),
        (3, activation(4, 4, kind=ActivationKind.FALLBACK)),
        (3, activation(4, 4, service_account="stronger")),
        (3, activation(4, 4, service_account_uid=Uid("another"))),
    ],
    ids=["nothing before", "itself", "a fallback", "another ServiceAccount", "a ServiceAccount made anew"],
)
async def test_there_is_not_always_a_fallback(good: int | None, failed: Activation) -> None:
    """Nor does one fall back from a fallback: that would go round for ever."""
    log = Log(good=good)
    made, _ = loader(log, [])
    await made.fall_back(failed, "no")
    assert log.asked == []


def test_a_workers_code_is_bound_to_all_that_it_is_started_with() -> None:
    """Another revision, another limit or another kind is another worker."""
    ids = {
        code_id(spec(), activation()),
        code_id(spec(), activation(revision=2)),
        code_id(spec(limits={"timeout": "1s"}), activation()),
        code_id(spec(owns=[{"apiVersion": "v1", "kind": "Secret"}]), activation()),
        code_id(spec(isolation="Run"), activation()),
        code_id(spec(limits={"workers": 3}), activation()),
    }
    assert len(ids) == 6
    assert code_id(spec(resync="2h"), activation(2)) == code_id(spec(), activation())
