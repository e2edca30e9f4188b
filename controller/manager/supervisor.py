"""Keeps one Reconciler in the state that its resource, its ServiceAccount and its activation ask for.

`_step` reads as the decision does: deleted? parseable? allowed? activated? started? Then a session
runs, is swapped to another revision, or is opened anew for another spec. Every step can be done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from controller.account import EffectError, Outage
from controller.activation import StartFailure
from controller.cache import Entry
from controller.health import Picture, StatusReporter, waived
from controller.manager.leftovers import Leftovers
from controller.manager.obstacles import obstacle
from controller.manager.owned import Owned
from controller.manager.recollection import Pause, recollect
from controller.manager.release import Hold, explain
from controller.manager.session import Callbacks, Duty, Session
from controller.manager.starting import Starts, same_duty
from controller.manager.tools import Tools
from controller.spec import ActiveCode, ReconcilerSpec, SpecInvalid, parse_reconciler, remnant
from core.domain.actor import SYSTEM
from core.domain.audit import AuditTag
from core.domain.conditions import Problem, Reason, ReconcilerHealth
from core.domain.keys import FINALIZER_RELEASE, Gvk, ReconcilerRef
from core.domain.revision import Activation, ActivationKind
from core.errors import ChakratorError
from core.kube.discovery import Resource
from core.kube.errors import KindUnknown
from sandbox.pool.errors import CageUnavailable, PoolError, WorkerUnavailable

AGAIN = 5.0
SOON = 1.0
RECHECK = 60.0  # a kind may come to be served under another path, scope, or with a status

log = structlog.get_logger("chakrator.supervisor")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a supervisor looks: its Reconciler, ServiceAccounts by name, and the newest activation."""

    entry: Callable[[], Entry | None]
    service_account: Callable[[str], Entry | None]
    activation: Callable[[ReconcilerSpec], Activation | None]
    resource: Resource


class Supervisor:
    """One Reconciler of one uid, from its first sight until it is gone."""

    def __init__(self, tools: Tools, ref: ReconcilerRef, sources: Sources) -> None:
        self._tools = tools
        self._sources = sources
        self.ref = ref
        self._wake = asyncio.Event()
        self._session: Session | None = None
        self._serving: asyncio.Task[None] | None = None
        self._spec: ReconcilerSpec | None = None
        self._suspended = False
        self._deleting = False
        self._draining = False
        self._problems: list[Problem] = []
        self._running: Activation | None = None
        self._settled = False
        self._recollected = False
        self._pause: Pause | None = None
        self._starts = Starts(tools)
        self._hold = Hold(transport=tools.transport, resource=sources.resource, entry=sources.entry)
        self._leftovers = Leftovers(tools, ref, hold=self._hold, forbidden=self._forbidden)
        self._reporter = StatusReporter(
            transport=tools.transport,
            resource=sources.resource,
            clock=tools.clock,
            entry=sources.entry,
            picture=self._picture,
        )
        self._owned = Owned(tools, ref, keep=self._reporter.keep)

    def poke(self) -> None:
        """Something that decides may have changed. A right that is gone ends what uses it now, whatever the
        present step waits for."""
        session = self._session
        if session is not None and not session.revoked and self._obstacle(session.spec, self._running):
            session.revoke()
            if self._serving is not None:
                self._serving.cancel()
        self._leftovers.recheck()
        self._wake.set()

    def _obstacle(self, spec: ReconcilerSpec, activation: Activation | None) -> Problem | None:
        account = self._sources.service_account(spec.service_account)
        return obstacle(spec, account, activation, self._tools.config.own_namespace)

    def _forbidden(self, spec: ReconcilerSpec) -> bool:
        return self._obstacle(spec, self._sources.activation(spec)) is not None

    def drain(self) -> asyncio.Task[None] | None:
        """No further run begins, and no session; the task that ends with the last run in flight."""
        self._draining = True
        if self._session is not None:
            self._session.dispatcher.stop()
        return self._serving

    @property
    def in_flight(self) -> int:
        """Runs that have not ended."""
        return self._session.dispatcher.in_flight if self._session is not None else 0

    @property
    def waiting(self) -> int:
        """Objects that wait for a run."""
        return self._session.dispatcher.waiting if self._session is not None else 0

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await self._supervise()
        finally:
            if self._session is not None:
                with suppress(PoolError):  # a pool that is closed has retired everything
                    await self._session.retire()

    async def _supervise(self) -> None:
        async with asyncio.TaskGroup() as group:
            reporting = group.create_task(self._reporter.run())
            try:
                wait: float | None = None
                while True:
                    self._wake.clear()
                    wait = await self._step_safely(group)
                    self._settled = True
                    self._reporter.changed()
                    try:
                        async with asyncio.timeout(wait):
                            await self._wake.wait()
                    except TimeoutError:
                        continue
            finally:
                reporting.cancel()
                if self._serving is not None:
                    self._serving.cancel()

    async def _step_safely(self, group: asyncio.TaskGroup) -> float | None:
        """What cannot be done now is tried again; a bug is logged, and is this Reconciler's alone."""
        try:
            return await self._step(group)
        except (CageUnavailable, WorkerUnavailable) as error:
            self._problems = [Problem(Reason.CAGE_UNAVAILABLE, str(error))]
            return AGAIN
        except (ChakratorError, PoolError, EffectError) as error:
            log.info("not now", reconciler=str(self.ref), error=str(error)[:300])
            return AGAIN
        except Exception:
            log.exception("a step ended in a bug", reconciler=str(self.ref))
            return AGAIN

    async def _step(self, group: asyncio.TaskGroup) -> float | None:
        entry = self._sources.entry()
        if self._draining:
            return None
        if entry is None:
            await self._close()
            return None
        if not self._recollected:
            past = recollect(entry.raw)
            self._recollected, self._pause = True, past.pause
            self._owned.kinds |= past.owned
        try:
            spec = parse_reconciler(entry.raw, self._tools.config)
        except SpecInvalid as error:
            if not entry.deleting:
                await self._close()
                self._problems = [Problem(Reason.INVALID_SPEC, str(error))]
                return None
            spec = remnant(entry.raw, self._tools.config)
        self._spec, self._suspended, self._deleting = spec, spec.suspend, entry.deleting
        if entry.deleting:
            return await self._let_go(entry, spec)
        activation = self._sources.activation(spec)
        problem = self._obstacle(spec, activation)
        self._problems = [problem] if problem else []
        if problem or spec.suspend or activation is None:
            await self._close(revoked=problem is not None)
            if problem is not None:
                self._evict(spec)
            return None
        resources = await self._resources(spec)
        if resources is None:
            await self._close()
            return AGAIN
        await self._audit_pauses()
        await self._bring_up(group, entry, (spec, resources), activation)
        self._problems += await self._leftovers.strip(spec, self._watched(spec))
        self._problems += await self._owned.prune(spec, self._session)
        if self._carries_hold(entry):
            await self._hold.off()
        if self._problems or (self._session is not None and self._session.absent):
            return AGAIN
        return SOON if self._owned.left(spec, self._session) else RECHECK

    async def _resources(self, spec: ReconcilerSpec) -> dict[Gvk, Resource] | None:
        found: dict[Gvk, Resource] = {}
        for gvk in spec.kinds:
            try:
                resource = await self._tools.discovery.resource(gvk)
            except KindUnknown as error:
                self._problems = [Problem(Reason.KIND_UNKNOWN, error.message)]
                return None
            if not resource.namespaced:
                text = f"{gvk} is cluster-scoped: only namespaced kinds can be watched and owned"
                self._problems = [Problem(Reason.INVALID_SPEC, text)]
                return None
            found[gvk] = resource
        return found

    async def _bring_up(
        self,
        group: asyncio.TaskGroup,
        entry: Entry,
        duty: tuple[ReconcilerSpec, dict[Gvk, Resource]],
        activation: Activation,
    ) -> None:
        """Has a session run this activation under this spec; one that does not start changes nothing."""
        spec, resources = duty
        session = self._session if not self._ended() else None
        if session is not None and not (same_duty(session.spec, spec) and session.resources == resources):
            session = None
        if session is not None and self._running is not None and self._running.seq == activation.seq:
            self._note_fallback(activation)
            return
        code = await self._starts.load(spec, activation)
        if isinstance(code, StartFailure):
            keeps = f"; revision {self._running.revision} keeps running" if self._session and self._running else ""
            again = "" if code.final else " (tried again)"
            text = f"revision {activation.revision} does not start{again}: {code.message}{keeps}"
            self._problems = [Problem(Reason.ACTIVATION_FAILED, text)]
            await self._starts.failed(entry, activation, code)
            return
        if session is not None:
            if session.active.code_id != code.code_id:
                await session.swap(code)
            elif session.dispatcher.paused:
                session.dispatcher.new_code(code.code_id)  # the same revision once more: somebody wants it to run
        else:
            await self._close()
            self._open(group, duty, code, activation)
        self._running = activation
        self._starts.succeeded(activation)
        self._note_fallback(activation)

    def _note_fallback(self, activation: Activation) -> None:
        if activation.kind is ActivationKind.FALLBACK:
            text = f"{activation.reason}; revision {activation.revision} keeps running"
            self._problems.append(Problem(Reason.ACTIVATION_FAILED, text))

    def _ended(self) -> bool:
        return self._serving is None or self._serving.done()

    # ── sessions ─────────────────────────────────────────────────────────────────────────────────
    def _open(
        self,
        group: asyncio.TaskGroup,
        duty: tuple[ReconcilerSpec, dict[Gvk, Resource]],
        code: ActiveCode,
        activation: Activation,
    ) -> None:
        spec, resources = duty
        session = Session(
            self._tools,
            Duty(spec, resources, code, self._paused(activation)),
            Callbacks(
                changed=self._on_change,
                hold_release=partial(self._hold.on, spec.watch),
                keep_owned=partial(self._owned.keep, frozenset(spec.owns)),
            ),
        )
        self._owned.kinds |= set(spec.owns)
        self._settled = True  # a run may need the status to be written before this step is over
        self._session = session
        self._serving = group.create_task(self._serve(session), name=f"session of {self.ref}")

    async def _serve(self, session: Session) -> None:
        try:
            await session.serve()
        except Exception:
            log.exception("a session ended in a bug", reconciler=str(self.ref))
            self._wake.set()

    async def _close(self, *, revoked: bool = False) -> None:
        """Ends the session. When its right to act is gone its runs end at once, else they may finish."""
        session, serving = self._session, self._serving
        if session is None or serving is None:
            return
        if revoked:
            session.revoke()
            serving.cancel()
        else:
            session.dispatcher.stop()
        await asyncio.wait([serving], timeout=self._tools.config.drain_seconds)
        if not serving.done():
            serving.cancel()
            await asyncio.wait([serving], timeout=SOON)
        if session.dispatcher.paused and self._running is not None:
            self._pause = Pause.of(self._running, session.dispatcher.paused)
        self._session = self._serving = None
        self._running = None
        await session.retire()

    def _on_change(self) -> None:
        self._reporter.changed()
        session = self._session
        entry = self._sources.entry()
        if session is not None and (session.pauses or session.absent or (entry and self._carries_hold(entry))):
            self._wake.set()

    def _carries_hold(self, entry: Entry) -> bool:
        """Whether the release finalizer is on and may come off: code without `finalize`, no object that has ours."""
        session = self._session
        return (
            FINALIZER_RELEASE in entry.finalizers
            and not entry.deleting
            and session is not None
            and session.synced
            and not session.active.finalize
            and not session.carries_finalizer()
            and not self._leftovers.kinds({session.spec.watch})
        )

    def _watched(self, spec: ReconcilerSpec) -> set[Gvk]:
        """Also by a session that still runs under the spec before."""
        return {spec.watch, self._session.spec.watch} if self._session is not None else {spec.watch}

    def _paused(self, activation: Activation) -> str:
        """Why the breaker paused this activation, in a session before or under a controller before."""
        return self._pause.why if self._pause is not None and self._pause.holds(activation) else ""

    async def _audit_pauses(self) -> None:
        session = self._session
        while session is not None and session.pauses:
            revision, why = session.pauses[0]
            await self._tools.services.audit.append(
                SYSTEM,
                AuditTag.REVISION_PAUSE,
                namespace=self.ref.namespace,
                subject=self.ref.name,
                payload={"revision": revision, "why": why},
            )
            session.pauses.pop(0)  # not before it is in the trail

    # ── the way out ──────────────────────────────────────────────────────────────────────────────
    async def _let_go(self, entry: Entry, spec: ReconcilerSpec) -> float | None:
        """What forbids to act as the ServiceAccount forbids it here too: then only the controller's own rights do."""
        forbidden = self._forbidden(spec)
        await self._close(revoked=forbidden)
        if forbidden:
            self._evict(spec)
        self._problems = []
        if FINALIZER_RELEASE not in entry.finalizers:
            return None
        try:
            await self._leftovers.let_go(spec)
        except Outage:
            return SOON
        except EffectError as error:
            self._problems = [Problem(Reason.FORBIDDEN, explain(error, self.ref))]
            return AGAIN
        return None

    def _evict(self, spec: ReconcilerSpec) -> None:
        """What lingers after a session that ended earlier would go on watching as an account that is gone."""
        self._tools.informers.evict(f"system:serviceaccount:{spec.ref.namespace}:{spec.service_account}")

    # ── the picture ──────────────────────────────────────────────────────────────────────────────
    def _picture(self) -> Picture | None:
        entry, session = self._sources.entry(), self._session
        if entry is None or not self._settled:
            return None
        running = self._running or self._to_run()
        problems = (*self._problems, *(session.problems() if session is not None else ()))
        health = ReconcilerHealth(
            problems=problems,
            deleting=self._deleting and not problems,
            suspended=self._suspended,
            active_revision=running.revision if running is not None else None,
            synced=session is not None and session.synced,
            unreachable=session.unreachable if session is not None else "",
            total=session.total if session is not None else 0,
            failing=session.dispatcher.failing if session is not None else 0,
            pending=session.pending if session is not None else 0,
            degraded=waived(self._tools.pool.status().layers),
        )
        return Picture(
            generation=self._spec.generation if self._spec is not None else entry.generation or 0,
            health=health,
            running=running,
            last_run=session.last_run if session is not None else None,
            paused=self._why_paused(running),
            owned=self._owned.shown,
        )

    def _why_paused(self, running: Activation | None) -> str:
        if self._session is not None:
            return self._session.dispatcher.paused
        return self._paused(running) if running is not None else ""

    def _to_run(self) -> Activation | None:
        """What would run if nothing (a suspension, a missing ServiceAccount) stood in its way."""
        activation = self._sources.activation(self._spec) if self._spec is not None else None
        failed = any(problem.reason is Reason.ACTIVATION_FAILED for problem in self._problems)
        if failed and activation is not None and not self._starts.is_good(activation):
            return None
        return activation
