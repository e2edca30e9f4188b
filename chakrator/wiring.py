"""The composition root: the only place where concrete classes meet.

One process, three layers of life: what is outside (store, API server, pool of workers) opens first and
closes last; the controller runs on it; the web stands in front. Whatever ends early ends all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from chakrator import __version__
from chakrator.gate import gate_cache
from chakrator.server import serving
from chakrator.up import manifests
from chakrator.up.files import private_folder, write_private
from chakrator.up.main import ServeRequest
from chakrator.up.resources import deploy_folder
from controller.manager import Manager
from controller.spec import ControllerConfig, SpecInvalid, parse_reconciler
from core.clock import SystemClock
from core.errors import ChakratorError, Invalid
from core.kube.client import KubeTransport
from core.logstream import LogStream
from core.services.factory import open_services
from core.settings import Settings
from core.telemetry.metrics import Metrics
from sandbox.pool.config import Limits, PoolConfig, host_workers
from sandbox.pool.errors import CageUnavailable, PoolError
from sandbox.pool.pool import Pool
from webui.app import create_app
from webui.context import Terms, WebConfig, WebDeps
from webui.sessions import SignInCodes
from webui.validation.gate import Gate

OWN_NAMESPACE = "chakrator-system"
SEED_KEY_BYTES = 32
VERBS = {"POST": "create", "PUT": "update"}  # as RBAC calls them; the others are called alike

log = structlog.get_logger("chakrator")


@dataclass(frozen=True, slots=True)
class Served:
    """A running product. `token` is whose link `sign_in_code` makes; empty where nobody may sign in by link."""

    url: str
    codes: SignInCodes
    token: str = field(default="", repr=False)

    def sign_in_code(self) -> str:
        """A fresh single-use code."""
        return self.codes.issue(self.token)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one product runs: its cluster (None: the one this pod is in), its socket, its folder."""

    settings: Settings
    listener: socket.socket
    kubeconfig: Path | None
    token_file: Path | None = None
    token: str = field(default="", repr=False)
    gate: Path | None = None  # the type checker's cache; None: in the data folder


def serve_up(settings: Settings, request: ServeRequest) -> AbstractAsyncContextManager[Served]:
    """What `up` plugs in: the product on the control plane that it has just booted."""
    admin = (request.data / "token").read_text(encoding="ascii").strip()
    return serve(
        Place(
            settings=settings,
            listener=request.listener,
            kubeconfig=request.kubeconfig,
            token_file=request.token_file,
            token=admin,
            # Beside the control plane's programs: a second data folder of this user starts warm. Authors' text never
            # writes there: a check has a copy of its own.
            gate=gate_cache(),
        )
    )


@asynccontextmanager
async def serve(place: Place) -> AsyncIterator[Served]:
    """The whole product on one cluster, serving when the block begins, drained and closed when it ends.

    Raises core.errors.ChakratorError (store, data folder) and core.kube.errors (no cluster).
    """
    settings = place.settings
    clock = SystemClock()
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        data = private_folder(settings.data)
        opened = await open_services(url=settings.database, clock=clock, metrics=metrics)
        stack.push_async_callback(opened.close)
        transport = await connect(place, metrics)
        stack.push_async_callback(transport.close)
        pool = Pool(
            PoolConfig(
                max_workers=settings.max_workers or host_workers(),
                max_workers_per_namespace=settings.max_workers_per_namespace,
                allow_degraded=frozenset(settings.allow_degraded),
                heir_at_start=True,
            ),
            on_incident=lambda kind, what: log.warning("the cage reports", kind=kind, what=what),
        )
        stack.push_async_callback(pool.close)
        cage_problem = await start_cage(pool, metrics)
        metrics.before_render(pool_figures(pool, metrics))
        logs = LogStream(clock=clock, metrics=metrics)
        stack.callback(logs.close)
        config = controller_config(settings, seed_key(data / "seed.key"))
        manager = Manager(
            transport=transport,
            services=opened.services,
            pool=pool,
            clock=clock,
            logs=logs,
            config=config,
            metrics=metrics,
        )

        def problems() -> list[str]:
            return [*cage_problem, *manager.problems()]

        gate = Gate(pool, place.gate or data / "gate", allow_degraded=frozenset(settings.allow_degraded))
        await stack.enter_async_context(warming(gate, ready=not cage_problem))
        codes = SignInCodes(clock=clock)
        app = create_app(
            WebDeps(
                transport=transport,
                services=opened.services,
                pool=pool,
                gate=gate,
                logs=logs,
                config=WebConfig(hosts=settings.allowed_hosts, session_seconds=settings.session_hours * 3600),
                clock=clock,
                problems=problems,
                sign_in_codes=codes,
                read_terms=lambda raw: terms(raw, config),
                metrics=metrics,
            )
        )
        if not cage_problem:
            await stack.enter_async_context(running(manager))
        await stack.enter_async_context(serving(app, place.listener))
        host, port = place.listener.getsockname()[:2]
        yield Served(url=f"http://{host}:{port}", codes=codes, token=place.token)


@asynccontextmanager
async def running(manager: Manager) -> AsyncIterator[None]:
    """The controller beside the block; a controller that dies takes the block with it."""
    task = asyncio.create_task(manager.run(), name="controller")
    owner = asyncio.current_task()
    ending = False

    def ended(done: asyncio.Task[None]) -> None:
        if not ending and not done.cancelled() and owner is not None:
            log.error("the controller ended", error=repr(done.exception()))
            owner.cancel()

    task.add_done_callback(ended)
    try:
        yield
    finally:
        ending = True
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def warming(gate: Gate, *, ready: bool) -> AsyncIterator[None]:
    """Makes the type checker's cache beside the block, so that nobody's first check pays for it."""
    task = asyncio.create_task(warm(gate), name="gate") if ready else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def warm(gate: Gate) -> None:
    """A cache that cannot be made now is made by the first check, which then says what is wrong."""
    try:
        await gate.warm_up()
    except (ChakratorError, PoolError) as error:
        log.warning("the type checker could not be warmed up", error=str(error))


async def start_cage(pool: Pool, metrics: Metrics) -> list[str]:
    """Starts the workers' zygote; the problem that keeps us from being ready, when a layer is missing."""
    try:
        await pool.start()
    except CageUnavailable as error:
        metrics.sandbox_layer(error.layer, "missing")
        log.error("the cage is not complete; nothing will run", layer=error.layer, why=error.why)
        return [str(error)]
    for layer, state in pool.status().layers.items():
        metrics.sandbox_layer(layer, state)
    return []


def pool_figures(pool: Pool, metrics: Metrics) -> Callable[[], None]:
    """Brings the pool's own counters into the metrics when these are read."""
    counted: Counter[str] = Counter()
    refused = 0

    def look() -> None:
        nonlocal refused
        status = pool.status()
        metrics.workers.set(status.workers)
        metrics.workers_waiting.set(status.waiting)
        metrics.runs_refused.inc(status.refused - refused)
        refused = status.refused
        # A renewed zygote looks at its kernel anew; one that is down has nothing to say.
        for layer, state in status.layers.items():
            metrics.sandbox_layer(layer, state)
        for reason, total in status.kills.items():
            metrics.workers_killed("protocol" if reason == "size" else reason, total - counted[reason])
            counted[reason] = total

    return look


async def connect(place: Place, metrics: Metrics) -> KubeTransport:
    """To the cluster of a kubeconfig, else to the one that this pod runs in."""

    def observe(method: str, status: int, _seconds: float) -> None:
        metrics.kube_request(VERBS.get(method, method.lower()), status or None)

    if place.kubeconfig is None:
        return await KubeTransport.in_cluster(observe=observe)
    return await KubeTransport.from_kubeconfig(place.kubeconfig, token_file=place.token_file, observe=observe)


def controller_config(settings: Settings, key: bytes) -> ControllerConfig:
    """What the platform's settings mean for the controller."""
    return ControllerConfig(
        own_namespace=OWN_NAMESPACE,
        seed_key=key,
        admission=tuple(manifest.document for manifest in manifests.load(deploy_folder("admission"))),
        defaults=Limits(timeout=settings.reconcile_timeout / 1000),
        host_version=__version__,
    )


def terms(raw: bytes, config: ControllerConfig) -> Terms:
    """How a Reconciler's code will run, for the gate's warm start. Raises Invalid."""
    try:
        spec = parse_reconciler(raw, config)
    except SpecInvalid as error:
        raise Invalid(str(error)) from error
    return Terms(
        uid=spec.identity.uid,
        service_account=spec.service_account,
        limits=spec.limits,
        owns=tuple(str(kind) for kind in spec.owns),
    )


def seed_key(path: Path) -> bytes:
    """The host key of `random` and `uuid` in runs: kept beside the database, not in it, so that a copy of
    the database does not let anybody foretell them."""
    with contextlib.suppress(FileNotFoundError):
        key = path.read_bytes()
        if len(key) == SEED_KEY_BYTES:
            return key
    key = secrets.token_bytes(SEED_KEY_BYTES)
    write_private(path, key)
    return key
