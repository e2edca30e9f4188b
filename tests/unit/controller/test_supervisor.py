"""What a supervisor decides."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import msgspec
from controller_script import ManualClock, Script, metadata
from test_activation import Log, Source, Warmer, activation, spec

from controller.activation import StartFailure
from controller.cache import Entry
from controller.manager.supervisor import Sources, Supervisor
from controller.manager.tools import RECONCILER
from controller.spec import ActiveCode, ControllerConfig
from core.domain.keys import ReconcilerRef
from core.kube.discovery import Resource
from sandbox.pool.config import LoadResult, Verdict

KILLED = LoadResult(ok=False, verdict=Verdict.TIMED_OUT, message="too slow")
RAISES = LoadResult(ok=False, verdict=Verdict.FAILED, message="KeyError")


class Bench:
    """A supervisor whose step is not run: a test calls what it decides with."""

    def __init__(self, results: Sequence[LoadResult] = (), *, active: int | None = None) -> None:
        self.clock = ManualClock()
        self.log = Log(good=3)
        self.pool = Warmer(list(results))
        status = {} if active is None else {"activeRevision": {"number": active, "sha256": "ab" * 32}}
        self.entry = Entry.parse(RECONCILER, msgspec.json.encode({"metadata": metadata("greeter"), "status": status}))
        tools = SimpleNamespace(
            transport=Script(),
            clock=self.clock,
            pool=self.pool,
            config=ControllerConfig(own_namespace="c", seed_key=b"k"),
            services=SimpleNamespace(submissions=Source(), activations=self.log),
        )
        sources = Sources(
            entry=lambda: self.entry,
            service_account=lambda _name: None,
            activation=lambda _spec: activation(8, 4),
            resource=Resource(gvk=RECONCILER, plural="reconcilers", namespaced=True, has_status=True),
        )
        self.supervisor = Supervisor(tools, ReconcilerRef("team-a", "greeter"), sources)  # type: ignore[arg-type]

    async def start(self) -> ActiveCode | StartFailure:
        """One try to start revision 4, with what follows from it."""
        code = await self.supervisor._starts.load(spec(), activation(8, 4))
        if isinstance(code, StartFailure):
            await self.supervisor._starts.failed(self.entry, activation(8, 4), code)
        return code


async def test_a_killed_start_is_tried_again_and_is_no_reason_to_fall_back() -> None:
    """After its backoff, not before; a busy machine takes no good code out of service."""
    bench = Bench([KILLED, KILLED, LoadResult(ok=True)])
    await bench.start()
    bench.clock.at += 1.0
    await bench.start()
    assert len(bench.pool.codes) == 1
    bench.clock.at += 1.0
    await bench.start()
    bench.clock.at += 4.0
    assert isinstance(await bench.start(), ActiveCode)
    assert (len(bench.pool.codes), bench.log.asked) == (3, [])


async def test_code_that_raises_at_its_start_falls_back_once() -> None:
    """It is neither started again nor fallen back from again."""
    bench = Bench([RAISES])
    for _ in range(2):
        await bench.start()
    assert [request.revision for request, _ in bench.log.asked] == [3]


async def test_what_has_started_before_is_not_fallen_back_from() -> None:
    """Also when the status does not name it any more."""
    bench = Bench([RAISES], active=4)
    await bench.start()
    bench.entry = Bench().entry
    await bench.start()
    assert bench.log.asked == []


async def test_a_right_that_is_gone_ends_its_runs_whatever_the_step_waits_for() -> None:
    """A poke does it, not the step, which may wait for a drain or a start for seconds."""
    bench = Bench()
    revoked: list[bool] = []
    session = SimpleNamespace(spec=spec(), revoked=False, revoke=lambda: revoked.append(True))
    serving = asyncio.create_task(asyncio.Event().wait())
    bench.supervisor._session = session  # type: ignore[assignment]
    bench.supervisor._serving = serving  # type: ignore[assignment]
    bench.supervisor._running = activation(8, 4)
    bench.supervisor.poke()
    await asyncio.wait([serving])
    assert (serving.cancelled(), revoked) == (True, [True])
