"""The controller: watches Reconcilers, ServiceAccounts and the activation log, and supervises each Reconciler.

All tasks live in one TaskGroup. A supervisor that fails is started again after a pause; it takes nobody
with it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import structlog

from controller.account import Gate
from controller.activation import ActivationTail
from controller.cache import Change, ChangeType, Entry
from controller.health import AdmissionCheck
from controller.informer import Informer, InformerKey, InformerRegistry
from controller.manager.supervisor import Sources, Supervisor
from controller.manager.tools import RECONCILER, SERVICE_ACCOUNT, Tools
from controller.reconcile import PoolLike
from controller.spec import ControllerConfig, ReconcilerSpec
from core.clock import Clock
from core.domain.keys import Gvk, ReconcilerRef
from core.domain.revision import Activation
from core.errors import ChakratorError
from core.kube.client import KubeTransport
from core.kube.discovery import Discovery, Resource
from core.kube.schema import StatusSchemas
from core.logstream import LogStream
from core.services.protocols import Services
from core.telemetry.metrics import Metrics

AGAIN = 2.0
RESTART_AFTER = 5.0
COUNT_EVERY = 5.0

log = structlog.get_logger("chakrator.manager")


@dataclass(slots=True)
class _Supervised:
    uid: str
    supervisor: Supervisor
    task: asyncio.Task[None]


class Manager:
    """One controller. `run` until cancelled; `problems` says why it is not ready."""

    def __init__(
        self,
        *,
        transport: KubeTransport,
        services: Services,
        pool: PoolLike,
        clock: Clock,
        logs: LogStream,
        metrics: Metrics,
        config: ControllerConfig,
    ) -> None:
        self._transport = transport
        self._services = services
        self._pool = pool
        self._clock = clock
        self._logs = logs
        self._metrics = metrics
        self._config = config
        self._admission = AdmissionCheck(transport=transport, manifests=config.admission)
        self._tail = ActivationTail(activations=services.activations, on_activation=self._on_activation)
        self._supervised: dict[ReconcilerRef, _Supervised] = {}
        self._reconcilers: Informer | None = None
        self._accounts: Informer | None = None
        self._trouble = "the controller has not started yet"
        self._draining = False

    def problems(self) -> list[str]:
        """Why the controller is not ready; empty when it is."""
        found = [self._trouble] if self._trouble else []
        found += self._admission.problems
        if not self._tail.caught_up.is_set():
            found.append("the activation log has not been read yet")
        if self._tail.trouble:
            found.append(f"the activation log cannot be read: {self._tail.trouble}")
        for informer in (self._reconcilers, self._accounts):
            if informer is not None and not informer.cache.synced:
                found.append(informer.state.message or f"{informer.key.thing}: not listed yet")
        if self._draining:
            found.append("the controller is draining")
        return found

    @property
    def in_flight(self) -> int:
        """Runs that have not ended, over all Reconcilers."""
        return sum(each.supervisor.in_flight for each in self._supervised.values())

    async def run(self) -> None:
        """Until cancelled; then no run begins any more, those in flight get `drain_seconds`, and all is ended."""
        serving = asyncio.create_task(self._serve(), name="controller")
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            await self._drain()
            raise
        finally:
            serving.cancel()
            await asyncio.wait([serving])

    async def _drain(self) -> None:
        self._draining = True
        ending = [task for each in self._supervised.values() if (task := each.supervisor.drain()) is not None]
        if ending:
            await asyncio.wait(ending, timeout=self._config.drain_seconds)

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._admission.run(), name="admission check")
            group.create_task(self._tail.run(), name="activation tail")
            discovery, schemas = Discovery(self._transport), StatusSchemas(self._transport)

            def absent(kind: Gvk) -> None:
                discovery.forget(kind)
                schemas.forget(kind)

            tools = Tools(
                transport=self._transport,
                services=self._services,
                pool=self._pool,
                clock=self._clock,
                logs=self._logs,
                metrics=self._metrics,
                config=self._config,
                discovery=discovery,
                schemas=schemas,
                informers=InformerRegistry(transport=self._transport, group=group, clock=self._clock, on_absent=absent),
                gate=Gate(),
                slots=asyncio.Semaphore(self._config.max_runs_in_flight),
            )
            self._metrics.queue_depth.set_function(
                lambda: float(sum(each.supervisor.waiting for each in self._supervised.values()))
            )
            group.create_task(self._count_breaks(tools.informers), name="watch counter")
            await self._begin(group, tools)

    async def _count_breaks(self, informers: InformerRegistry) -> None:
        """Carries the informers' own counters over into the metric; they come and go, it only grows."""
        counted: WeakKeyDictionary[Informer, int] = WeakKeyDictionary()
        while True:
            for informer in informers:
                breaks = informer.counters.breaks
                self._metrics.watch_restarts.inc(breaks - counted.get(informer, 0))
                counted[informer] = breaks
            await asyncio.sleep(COUNT_EVERY)

    async def _begin(self, group: asyncio.TaskGroup, tools: Tools) -> None:
        """Waits until it is known who may do what; only then does anything run."""
        while True:
            try:
                resource = await tools.discovery.resource(RECONCILER)
                accounts = await tools.discovery.resource(SERVICE_ACCOUNT)
                break
            except ChakratorError as error:
                self._trouble = f"the API server's kinds cannot be read: {error.message[:200]}"
                await asyncio.sleep(AGAIN)
        self._trouble = ""
        self._accounts = tools.informers.acquire(InformerKey(None, accounts, None))
        self._reconcilers = tools.informers.acquire(InformerKey(None, resource, None))
        known = asyncio.Event()
        self._accounts.subscribe(self._on_account, lambda _state: known.set())
        self._reconcilers.subscribe(lambda _change: None, lambda _state: known.set())
        while not (self._accounts.cache.synced and self._reconcilers.cache.synced):
            known.clear()
            await known.wait()
        await self._tail.caught_up.wait()

        def on_reconciler(change: Change) -> None:
            self._on_reconciler(group, tools, resource, change)

        self._reconcilers.subscribe(on_reconciler, lambda _state: None)
        for entry in list(self._reconcilers.cache):
            on_reconciler(Change(ChangeType.ADDED, None, entry))

    # ── what happens outside ─────────────────────────────────────────────────────────────────────
    def _on_reconciler(self, group: asyncio.TaskGroup, tools: Tools, resource: Resource, change: Change) -> None:
        entry = change.entry
        ref = ReconcilerRef(entry.namespace, entry.name)
        known = self._supervised.get(ref)
        if change.type is ChangeType.DELETED or (known is not None and known.uid != entry.uid):
            if known is not None:
                known.task.cancel()
                del self._supervised[ref]
            if change.type is ChangeType.DELETED:
                self._logs.drop(ref)
                return
            known = None
        if known is not None:
            known.supervisor.poke()
            return
        supervisor = Supervisor(tools, ref, self._sources(ref, entry.uid, resource))
        task = group.create_task(self._supervise(supervisor), name=f"supervisor of {ref}")
        self._supervised[ref] = _Supervised(entry.uid, supervisor, task)

    def _sources(self, ref: ReconcilerRef, uid: str, resource: Resource) -> Sources:
        def entry() -> Entry | None:
            found = self._reconcilers.cache.get(ref.namespace, ref.name) if self._reconcilers is not None else None
            return found if found is not None and found.uid == uid else None

        def service_account(name: str) -> Entry | None:
            return self._accounts.cache.get(ref.namespace, name) if self._accounts is not None else None

        def activation(spec: ReconcilerSpec) -> Activation | None:
            return self._tail.newest(spec.identity)

        return Sources(entry=entry, service_account=service_account, activation=activation, resource=resource)

    async def _supervise(self, supervisor: Supervisor) -> None:
        while True:
            try:
                await supervisor.run()
            except Exception:
                log.exception("a supervisor ended in a bug", reconciler=str(supervisor.ref))
                await asyncio.sleep(RESTART_AFTER)

    def _on_account(self, change: Change) -> None:
        for ref, each in self._supervised.items():
            if ref.namespace == change.entry.namespace:
                each.supervisor.poke()

    def _on_activation(self, activation: Activation) -> None:
        each = self._supervised.get(activation.reconciler.ref)
        if each is not None:
            each.supervisor.poke()
