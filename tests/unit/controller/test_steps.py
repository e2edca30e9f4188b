"""The steps of a supervisor: from what it sees to what it opens, closes and lets go of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import msgspec
import pytest
from controller_script import CONFIGMAP, MYRESOURCE, RESOURCES, ManualClock, Script, metadata
from test_activation import Log, Source, Warmer, activation

from controller.account import Account, EffectError, NotTaken
from controller.cache import Entry
from controller.manager import supervisor as module
from controller.manager.session import Duty
from controller.manager.supervisor import AGAIN, SOON, Sources, Supervisor
from controller.manager.tools import RECONCILER, SERVICE_ACCOUNT
from controller.spec import ControllerConfig
from core.domain.conditions import Reason
from core.domain.keys import FINALIZER_RELEASE, Gvk, ReconcilerRef
from core.kube.discovery import Resource
from sandbox.pool.config import Code, LoadResult
from sandbox.pool.errors import CageUnavailable

WIDGET = Gvk("example.com/v1", "Widget")
GOOD = {"watch": {"apiVersion": "example.com/v1", "kind": "MyResource"}, "serviceAccountName": "greeter"}
DYING = {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": [FINALIZER_RELEASE]}


class Opened:
    """A session that does nothing until it is stopped."""

    def __init__(self, duty: Duty) -> None:
        self.duty = duty
        self.spec, self.resources, self.active = duty.spec, duty.resources, duty.active
        self.pauses: list[tuple[int, str]] = []
        self.account, self.primaries, self.problems = None, dict, list
        self.unreachable, self.total, self.pending, self.last_run = "", 0, 0, None
        self.absent = self.synced = self.revoked = self.retired = False
        self.ending = asyncio.Event()
        self.dispatcher = SimpleNamespace(stop=self.ending.set, paused=duty.paused, failing=0, new_code=self.new_code)

    def new_code(self, _code_id: str) -> None:
        """The dispatcher's."""
        self.dispatcher.paused = ""

    async def serve(self) -> None:
        """Until stopped."""
        await self.ending.wait()

    async def retire(self) -> None:
        """Noted."""
        self.retired = True


class Stage:
    """A supervisor whose sessions, hold and stripper are the test's own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sessions: list[Opened] = []
        self.resource = RESOURCES[MYRESOURCE]
        self.stripped: list[tuple[str, Gvk, bool]] = []
        self.refuses: NotTaken | None = None
        self.held: set[Gvk] = {WIDGET}
        self.activation = activation(8, 4)
        self.pool = Warmer([LoadResult(ok=True)] * 5)
        self.pruned: list[Gvk] = []
        self.unpruned: EffectError | None = None
        self.sees()

        monkeypatch.setattr(module, "Session", self.opens)
        tools = SimpleNamespace(
            transport=Script(),
            clock=ManualClock(),
            pool=self.pool,
            config=ControllerConfig(own_namespace="c", seed_key=b"k"),
            services=SimpleNamespace(submissions=Source(), activations=Log()),
            discovery=SimpleNamespace(resource=self.found),
            informers=SimpleNamespace(evict=lambda _name: None),
            gate=None,
        )
        account = Entry.parse(SERVICE_ACCOUNT, msgspec.json.encode({"metadata": {**metadata("greeter"), "uid": "sa"}}))
        sources = Sources(
            entry=lambda: self.entry,
            service_account={"greeter": account}.get,
            activation=lambda _spec: self.activation,
            resource=Resource(gvk=RECONCILER, plural="reconcilers", namespaced=True, has_status=True),
        )
        self.supervisor = Supervisor(tools, ReconcilerRef("team-a", "greeter"), sources)  # type: ignore[arg-type]
        leftovers = self.supervisor._leftovers
        leftovers._stripper = SimpleNamespace(strip=self.strip)  # type: ignore[assignment]
        leftovers._hold = SimpleNamespace(kinds=self.kinds, off=self.off, forget=self.forget)  # type: ignore[assignment]

        self.supervisor._owned._prune = self.prune  # type: ignore[method-assign]

    def opens(self, _tools: object, duty: Duty, _callbacks: object) -> Opened:
        """A session."""
        self.sessions.append(Opened(duty))
        return self.sessions[-1]

    def sees(self, spec: object = None, status: object = None, **meta: object) -> None:
        """The Reconciler as the cache holds it from now on."""
        given = GOOD if spec is None else spec
        document = {"metadata": metadata("greeter", **meta), "spec": given, "status": status or {}}
        self.entry = Entry.parse(RECONCILER, msgspec.json.encode(document))

    @asynccontextmanager
    async def group(self) -> AsyncIterator[asyncio.TaskGroup]:
        """For the sessions."""
        async with asyncio.TaskGroup() as group:
            yield group
            for session in self.sessions:
                session.ending.set()

    async def found(self, _gvk: Gvk) -> Resource:
        """The discovery's."""
        return self.resource

    async def strip(self, account: Account, kind: Gvk) -> None:
        """The stripper's."""
        if self.refuses is not None:
            raise self.refuses
        self.stripped.append((account.name, kind, account.revoked))

    async def prune(self, _account: Account, kind: Gvk, _primaries: object) -> int:
        """The pruner's."""
        self.pruned.append(kind)
        if self.unpruned is not None:
            raise self.unpruned
        return 1

    def kinds(self) -> frozenset[Gvk]:
        """The hold's."""
        return frozenset(self.held)

    async def off(self) -> None:
        """The hold's."""
        self.held.clear()

    async def forget(self, kind: Gvk) -> None:
        """The hold's."""
        self.held.discard(kind)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A Reconciler that nothing stands in the way of."""
    return Stage(monkeypatch)


async def test_a_kind_that_is_served_otherwise_opens_the_session_anew(stage: Stage) -> None:
    """Another path or a status subresource is another watch; the same answer changes nothing."""
    async with stage.group() as group:
        for _ in range(2):
            await stage.supervisor._step(group)
        assert len(stage.sessions) == 1
        for served in (
            Resource(gvk=MYRESOURCE, plural="myresources", namespaced=True, has_status=False),
            Resource(gvk=MYRESOURCE, plural="mine", namespaced=True, has_status=False),
        ):
            stage.resource = served
            await stage.supervisor._step(group)
            assert stage.sessions[-1].duty.resources == {MYRESOURCE: served}
        assert [session.retired for session in stage.sessions] == [True, True, False]


async def test_a_kind_that_is_not_where_it_was_is_looked_for_soon(stage: Stage) -> None:
    """Else now and then: nobody tells of a changed scope or status subresource."""
    async with stage.group() as group:
        slow = await stage.supervisor._step(group)
        assert slow is not None
        assert slow > AGAIN
        stage.sessions[0].absent = True
        assert await stage.supervisor._step(group) == AGAIN
        stage.supervisor._wake.clear()
        stage.supervisor._on_change()
        assert stage.supervisor._wake.is_set()


async def test_a_waived_layer_of_the_cage_is_told(stage: Stage) -> None:
    """As long as it is so, whatever else there is to tell."""
    async with stage.group() as group:
        await stage.supervisor._step(group)
        for layers, told in (({"landlock": "off: too old"}, True), ({}, False)):
            stage.pool.layers = layers
            picture = stage.supervisor._picture()
            assert picture is not None
            assert ("landlock (off: too old)" in picture.health.degraded) is told


async def test_a_missing_layer_of_the_cage_is_a_condition_until_it_is_there(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, nothing runs, and it is tried again."""

    async def missing(_code: Code) -> LoadResult:
        raise CageUnavailable("landlock", "the kernel is too old")

    monkeypatch.setattr(stage.pool, "warm", missing)
    async with stage.group() as group:
        assert await stage.supervisor._step_safely(group) == AGAIN
        (problem,) = stage.supervisor._problems
        assert problem.reason is Reason.CAGE_UNAVAILABLE
        assert "landlock: the kernel is too old" in problem.message
        assert stage.sessions == []
        monkeypatch.undo()
        monkeypatch.setattr(module, "Session", stage.opens)
        await stage.supervisor._step_safely(group)
        assert (stage.supervisor._problems, len(stage.sessions)) == ([], 1)


async def test_what_an_earlier_spec_watched_is_let_go(stage: Stage) -> None:
    """Once; what is watched now is not."""
    stage.held |= {MYRESOURCE}
    async with stage.group() as group:
        await stage.supervisor._step(group)
        await stage.supervisor._step(group)
    assert stage.stripped == [("greeter", WIDGET, False)]
    assert stage.held == {MYRESOURCE}


@pytest.mark.parametrize(
    ("spec", "account", "revoked", "watched"),
    [
        ({**GOOD, "resync": "soon"}, "greeter", False, {MYRESOURCE}),
        ({**GOOD, "watch": "MyResource"}, "greeter", False, set()),
        ({"serviceAccountName": ["greeter"]}, "", True, set()),
        ("nothing", "", True, set()),
    ],
    ids=["a duration", "the kind", "the account", "all of it"],
)
async def test_a_deleted_reconciler_that_does_not_parse_is_released(
    stage: Stage, spec: object, account: str, revoked: bool, watched: set[Gvk]
) -> None:
    """By what can still be read of it; without its ServiceAccount by the controller's own rights alone."""
    stage.sees(spec, **DYING)
    async with stage.group() as group:
        assert await stage.supervisor._step(group) is None
    assert {kind for _, kind, _ in stage.stripped if kind.kind} == {WIDGET} | watched
    assert {(name, gone) for name, _, gone in stage.stripped} == {(account, revoked)}
    assert stage.held == set()


async def test_what_hinders_the_release_is_told(stage: Stage) -> None:
    """Also where the spec does not parse; it is tried again."""
    stage.refuses = NotTaken("no right")
    stage.sees({**GOOD, "resync": "soon"}, **DYING)
    async with stage.group() as group:
        assert await stage.supervisor._step(group) == AGAIN
    (problem,) = stage.supervisor._problems
    assert problem.reason is Reason.FORBIDDEN
    assert "no right" in problem.message
    assert stage.held == {WIDGET}


async def test_a_reconciler_that_does_not_parse_runs_nothing(stage: Stage) -> None:
    """And says why; nothing is let go of while it may be mended."""
    async with stage.group() as group:
        await stage.supervisor._step(group)
        stage.sees({**GOOD, "resync": "soon"}, finalizers=[FINALIZER_RELEASE])
        stage.stripped.clear()
        await stage.supervisor._step(group)
    assert [problem.reason for problem in stage.supervisor._problems] == [Reason.INVALID_SPEC]
    assert (stage.stripped, stage.sessions[0].retired) == ([], True)


OWNS = {**GOOD, "owns": [{"apiVersion": "v1", "kind": "ConfigMap"}]}


def shown(stage: Stage) -> tuple[Gvk, ...]:
    """The owned kinds of the status."""
    picture = stage.supervisor._picture()
    assert picture is not None
    return picture.owned


async def test_children_of_a_kind_owned_no_more_are_pruned(stage: Stage) -> None:
    """Once the new session knows all objects; until then the status names the kind."""
    stage.sees(OWNS)
    async with stage.group() as group:
        await stage.supervisor._step(group)
        stage.sees(GOOD)
        assert await stage.supervisor._step(group) == SOON
        assert (stage.pruned, shown(stage)) == ([], (CONFIGMAP,))
        stage.sessions[-1].synced = True
        assert await stage.supervisor._step(group) > AGAIN  # type: ignore[operator]
        await stage.supervisor._step(group)
    assert (stage.pruned, shown(stage)) == ([CONFIGMAP], ())


async def test_a_kind_removed_while_no_controller_ran_is_pruned(stage: Stage) -> None:
    """The status remembers it; another version of an owned kind is no other kind."""
    old = {"apiVersion": "v1beta1", "kind": "ConfigMap"}
    stage.sees(OWNS, {"ownedKinds": [{"apiVersion": "apps/v1", "kind": "Deployment"}, old]})
    async with stage.group() as group:
        await stage.supervisor._step(group)
        stage.sessions[-1].synced = True
        await stage.supervisor._step(group)
    assert stage.pruned == [Gvk("apps/v1", "Deployment")]
    assert set(shown(stage)) == {CONFIGMAP, Gvk("v1beta1", "ConfigMap")}


async def test_what_cannot_be_pruned_is_told_and_tried_again(stage: Stage) -> None:
    """The kind is not forgotten before."""
    stage.sees(GOOD, {"ownedKinds": [{"apiVersion": "v1", "kind": "ConfigMap"}]})
    stage.unpruned = NotTaken("the ServiceAccount may not list configmaps")
    async with stage.group() as group:
        await stage.supervisor._step(group)
        stage.sessions[-1].synced = True
        assert await stage.supervisor._step(group) == AGAIN
        (problem,) = stage.supervisor._problems
        assert problem.reason is Reason.FORBIDDEN
        assert "may not list configmaps" in problem.message
        assert shown(stage) == (CONFIGMAP,)


PAUSED = {
    "activeRevision": {"number": 4, "sha256": "ab" * 32, "activatedAt": "2026-01-01T00:00:00Z", "paused": "it crashes"}
}


async def test_a_pause_outlives_the_controller(stage: Stage) -> None:
    """A suspension in between too; the status goes on saying so."""
    stage.sees({**GOOD, "suspend": True}, PAUSED)
    async with stage.group() as group:
        await stage.supervisor._step(group)
        stage.supervisor._settled = True
        picture = stage.supervisor._picture()
        assert picture is not None
        assert picture.paused == "it crashes"
        stage.sees(GOOD)
        await stage.supervisor._step(group)
        assert stage.sessions[0].duty.paused == "it crashes"


async def test_a_pause_outlives_the_session(stage: Stage) -> None:
    """An edit of the spec is no activation."""
    async with stage.group() as group:
        await stage.supervisor._step(group)
        stage.sessions[0].dispatcher.paused = "it crashes"
        stage.sees({**GOOD, "resync": "1h"})
        await stage.supervisor._step(group)
        assert stage.sessions[1].duty.paused == "it crashes"


@pytest.mark.parametrize("restart", [False, True])
async def test_the_same_revision_activated_again_runs_again(stage: Stage, *, restart: bool) -> None:
    """Somebody has decided that it shall."""
    stage.sees(GOOD, PAUSED)
    async with stage.group() as group:
        if not restart:
            await stage.supervisor._step(group)
            assert stage.sessions[0].dispatcher.paused
        stage.activation = activation(9, 4, at=datetime(2026, 1, 2, tzinfo=UTC))
        await stage.supervisor._step(group)
        assert [session.dispatcher.paused for session in stage.sessions] == [""]
