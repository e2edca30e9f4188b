"""What a session does between its informers, its queue and its runs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
from controller_script import CONFIGMAP, MYRESOURCE, REF, RESOURCES, ManualClock, Script, primary
from test_activation import spec

from controller.account import Gate, NotTaken, Outage, Write
from controller.cache import Cache, Change, ChangeType, Entry
from controller.informer import InformerKey
from controller.manager.session import Callbacks, Duty, Session
from controller.reconcile import Ended
from controller.spec import ActiveCode, ControllerConfig
from core.domain.keys import Gvk, ObjectRef, QueueKey, Uid
from core.domain.outcome import Outcome
from core.domain.revision import Identity
from core.kube.errors import Failure, KindUnknown, KubeError, Overloaded, Unreachable
from core.kube.schema import ConditionsShape, StatusSchema
from sandbox.pool.config import Code

SCHEMA = StatusSchema(frozenset({"phase"}), False, ConditionsShape.ABSENT, frozenset())
BUSY = Overloaded(Failure(status=429, reason="TooManyRequests", message="busy", retry_after=30.0))
KEY = QueueKey(REF, ObjectRef(MYRESOURCE, "team-a", "hello"))


class Bench:
    """A session whose informers are caches that a test fills."""

    def __init__(self, *entries: Entry) -> None:
        self.clock = ManualClock()
        self.gate = Gate()
        self.answers: list[StatusSchema | KubeError] = []
        self.retired: list[str] = []
        self.caches = {gvk: Cache(gvk) for gvk in (MYRESOURCE, CONFIGMAP)}
        for entry in entries:
            self.caches[entry.gvk].put(entry)
        tools = SimpleNamespace(
            transport=Script(),
            clock=self.clock,
            gate=self.gate,
            informers=self,
            pool=self,
            schemas=self,
            slots=asyncio.Semaphore(1),
            config=ControllerConfig(own_namespace="c", seed_key=b"k"),
        )
        mine = replace(
            spec(owns=[{"apiVersion": "v1", "kind": "ConfigMap"}]), identity=Identity(REF, Uid("u")), watch=MYRESOURCE
        )
        self.code = ActiveCode(Code("code-1", "source", mine.limits, revision=1))
        self.session = Session(
            tools,  # type: ignore[arg-type]
            Duty(mine, RESOURCES, self.code),
            Callbacks(changed=lambda: None, hold_release=self.nothing, keep_owned=self.nothing),
        )

    def acquire(self, key: InformerKey) -> object:
        """The registry's."""

        async def reached(_rv: int, _timeout: float) -> bool:
            return True

        return SimpleNamespace(key=key, cache=self.caches[key.resource.gvk], wait_rv=reached)

    async def fields(self, _gvk: Gvk) -> StatusSchema:
        """The schemas': the next answer."""
        answer = self.answers.pop(0)
        if isinstance(answer, KubeError):
            raise answer
        return answer

    async def retire(self, code_id: str) -> None:
        """The pool's."""
        self.retired.append(code_id)

    async def nothing(self) -> None:
        """The hold's."""


@pytest.mark.parametrize(("error", "least"), [(Unreachable("no answer"), 0.05), (BUSY, 30.0)], ids=["down", "busy"])
async def test_a_schema_that_cannot_be_read_holds_all_runs_back(error: KubeError, least: float) -> None:
    """Else the author's code runs again at once, only to end at the same place."""
    bench = Bench()
    bench.answers = [error]
    with pytest.raises(Outage):
        await bench.session._schema()
    assert bench.session.account.held_back() >= least


async def test_the_last_known_schema_serves_while_the_api_server_is_away() -> None:
    """But a kind that is gone has no schema any more, and that is no outage."""
    bench = Bench()
    bench.answers = [SCHEMA, Unreachable("no answer"), KindUnknown("gone")]
    assert await bench.session._schema() == SCHEMA
    assert await bench.session._schema() == SCHEMA
    assert bench.gate.remaining(bench.clock.monotonic()) > 0
    with pytest.raises(NotTaken):
        await bench.session._schema()


async def test_an_object_is_pending_until_a_run_of_the_new_code() -> None:
    """The end of a run of the revision before says nothing about the one that is active."""
    bench = Bench(primary())
    await bench.session.swap(ActiveCode(Code("code-2", "source", revision=2)))
    assert bench.retired == ["code-1"]
    bench.session._on_ended(KEY, Ended(outcome=Outcome.SUCCEEDED, code_id="code-1"))
    assert bench.session.pending == 1
    bench.session._on_ended(KEY, Ended(outcome=Outcome.SUCCEEDED, code_id="code-2"))
    assert bench.session.pending == 0


async def test_nothing_is_remembered_of_what_was_deleted() -> None:
    """Neither of a child nor of an object that went while it ran."""
    bench = Bench(primary())
    wrote = (Write(CONFIGMAP, "a", "uid-a", 9), Write(MYRESOURCE, "hello", "uid-hello", 10))
    bench.session._on_ended(KEY, Ended(outcome=Outcome.SUCCEEDED, writes=wrote, code_id="code-1"))
    assert (list(bench.session._child_rvs), list(bench.session._own_rvs)) == ([(CONFIGMAP, "a")], [KEY])
    child = replace(primary("a"), gvk=CONFIGMAP)
    bench.session._on_child(Change(ChangeType.DELETED, child, None))
    bench.caches[MYRESOURCE].remove(primary())
    bench.session._on_ended(KEY, Ended(outcome=Outcome.FAILED, writes=wrote[1:], code_id="code-1"))
    assert (bench.session._child_rvs, bench.session._own_rvs) == ({}, {})
