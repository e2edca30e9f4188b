"""The real control plane on loopback: etcd, kube-apiserver and kube-controller-manager over one data folder.

    DIR/lock                       held while an `up` runs
    DIR/kubeconfig, token, tokens/ for people
    DIR/control-plane/state.json   format, ports
    DIR/control-plane/{pki,etcd,logs}

Every connection is TLS with a certificate of the folder's own CA, etcd's included: whoever may talk to etcd
is above every right, so another local user must not be able to.
"""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from filelock import FileLock, Timeout

from chakrator.up import kubeconfig, pki, ports, programs, tokens
from chakrator.up.assets import Assets
from chakrator.up.errors import DataFolderBusy, DataFolderUnusable, StartFailed
from chakrator.up.files import private_folder, sweep
from chakrator.up.processes import Child, Program, Restarts
from chakrator.up.state import State
from chakrator.up.state import load as load_state
from chakrator.up.state import save as save_state
from core.clock import Clock, SystemClock

START_DEADLINE = 60.0
PROBE_TIMEOUT = 2.0
PORT_PATIENCE = 3.0  # the processes of a killed `up` need a moment to go
PORT_ATTEMPTS = 3
PORT_TAKEN = "address already in use"

Say = Callable[[str], None]


class ControlPlane:
    """`async with ControlPlane(...) as cp`: ready on entry, all of it stopped on exit, whatever happened in between.

    Enter it in the thread that lives longest: when that thread ends, the kernel kills the programs.
    `fsync=False` is for tests alone: a machine that loses power then loses data.
    """

    def __init__(
        self,
        data: Path,
        assets: Assets,
        *,
        fsync: bool = True,
        say: Say = lambda _: None,
        clock: Clock | None = None,
        restarts: Restarts | None = None,
    ) -> None:
        self.data = data.absolute()
        self._assets = assets
        self._fsync = fsync
        self._say = say
        self._clock = clock or SystemClock()
        self._restarts = restarts
        self._stack = AsyncExitStack()
        self._state = State()
        self._children: dict[str, Child] = {}

    @property
    def internal(self) -> Path:
        """The part of the data folder that is nobody's but ours."""
        return self.data / "control-plane"

    @property
    def logs(self) -> Path:
        """One log a program."""
        return self.internal / "logs"

    @property
    def url(self) -> str:
        """The API server."""
        return f"https://{programs.HOST}:{self._state.api_port}"

    @property
    def ca_file(self) -> Path:
        """What verifies the API server."""
        return self.internal / "pki" / "ca.crt"

    @property
    def admin_kubeconfig(self) -> Path:
        """For people: the user chakrator-admin by token."""
        return self.data / "kubeconfig"

    @property
    def bootstrap_kubeconfig(self) -> Path:
        """For our own manifests alone: system:masters by client certificate."""
        return self.internal / "bootstrap.kubeconfig"

    @property
    def state(self) -> State:
        """What the folder remembers."""
        return self._state

    @property
    def children(self) -> dict[str, Child]:
        """The running programs by name."""
        return self._children

    def token(self, who: str = tokens.ADMIN) -> str:
        """The bearer token of `admin`, `viewer`, `author` or `operator`."""
        return tokens.path(self.data, who).read_text(encoding="ascii").strip()

    def remember(self, **changes: bool) -> None:
        """Changes the folder's state durably."""
        self._keep(replace(self._state, **changes))

    def tails(self) -> str:
        """The end of every log, for a failure's message."""
        return "\n".join(f"--- {name}\n{child.tail()}" for name, child in self._children.items())

    async def __aenter__(self) -> Self:
        try:
            await self._boot()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        # Without the exception: a task group would wrap it, and the caller's own error must stay as it is.
        await self._stack.aclose()

    async def _boot(self) -> None:
        self._prepare()
        keys = pki.ensure(self.internal / "pki", self._clock.now())
        tokens.ensure(self.data, self.internal / "tokens.csv")
        # Entered before the programs start, so that it ends after they have been stopped.
        tasks = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._stack.push_async_callback(self._stop_children)
        await self._settle_ports()
        async with _client(keys) as client:
            await self._start_with_ports(keys, client)
            self._write_kubeconfigs(keys)
            if not self._state.booted:
                self.remember(booted=True)
            # It has no port of its own; the account it makes in `default` is the sign that it works.
            sign = f"{self.url}/api/v1/namespaces/default/serviceaccounts/default"
            await self._launch(programs.controller_manager(self._setup(keys)), client, sign)
        for child in self._children.values():
            child.supervise(tasks)

    def _prepare(self) -> None:
        try:
            self.data = private_folder(self.data)
            private_folder(self.internal)
            private_folder(self.logs)
        except OSError as error:
            raise DataFolderUnusable(f"cannot write to the data folder {self.data}: {error.strerror}") from error
        try:
            self._stack.enter_context(_lock(self.data))
        except Timeout:
            raise busy(self.data) from None
        for folder in (self.data, self.data / "tokens", self.internal):
            sweep(folder)
        self._state = load_state(self.internal / "state.json")

    def _keep(self, new: State) -> None:
        self._state = new
        save_state(self.internal / "state.json", new)

    async def _settle_ports(self) -> None:
        """Keeps the folder's ports when they are free, or get free in a moment; else chooses others."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PORT_PATIENCE
        kept = [port for port in (self._state.etcd_port, self._state.api_port) if port]
        while len(kept) == 2 and loop.time() < until:
            if all(ports.is_free(port) for port in kept):
                return
            await asyncio.sleep(0.1)
        if kept:
            self._say("a port of this data folder is taken by somebody else; choosing other ones")
        self._choose_ports()

    def _choose_ports(self) -> None:
        etcd = ports.choose()
        self._keep(replace(self._state, etcd_port=etcd, api_port=ports.choose(taken=(etcd,))))

    async def _start_with_ports(self, keys: pki.Pki, client: aiohttp.ClientSession) -> None:
        for attempt in range(1, PORT_ATTEMPTS + 1):
            try:
                await self._start_etcd(keys, client)
                await self._launch(programs.api_server(self._setup(keys)), client, f"{self.url}/readyz")
                return
            except StartFailed as error:
                await self._stop_children()
                if PORT_TAKEN not in error.message or attempt == PORT_ATTEMPTS:
                    raise
                self._choose_ports()

    async def _start_etcd(self, keys: pki.Pki, client: aiohttp.ClientSession) -> None:
        setup = self._setup(keys)
        try:
            await self._launch(programs.etcd(setup), client, f"{setup.etcd_url}/health")
        except StartFailed as error:
            if self._state.booted or PORT_TAKEN in error.message:
                raise
            # The API server never answered on this data: it is the rest of an interrupted first start.
            self._say("the first start of this data folder was interrupted; starting it afresh")
            await self._stop_children()
            shutil.rmtree(setup.etcd_data, ignore_errors=True)
            await self._launch(programs.etcd(setup), client, f"{setup.etcd_url}/health")

    async def _launch(self, program: Program, client: aiohttp.ClientSession, sign: str) -> None:
        """Starts a program and waits until the address `sign` answers 200."""

        async def answers() -> bool:
            try:
                async with client.get(sign) as response:
                    return response.status == HTTPStatus.OK
            except (aiohttp.ClientError, TimeoutError):
                return False

        self._say(f"starting {program.name}")
        child = Child(program, say=self._say, restarts=self._restarts)
        self._children[program.name] = child
        await child.start()
        await child.until(answers, deadline=START_DEADLINE)

    async def _stop_children(self) -> None:
        """In the order opposite to their start: the API server still has etcd while it ends."""
        while self._children:
            _, child = self._children.popitem()
            await child.stop()

    def _setup(self, keys: pki.Pki) -> programs.Setup:
        return programs.Setup(
            assets=self._assets,
            keys=keys,
            folder=self.internal,
            logs=self.logs,
            etcd_port=self._state.etcd_port,
            api_port=self._state.api_port,
            fsync=self._fsync,
        )

    def _write_kubeconfigs(self, keys: pki.Pki) -> None:
        ca = keys.ca.certificate.read_bytes()
        manager = self._setup(keys).manager_kubeconfig
        for path, user in (
            (self.admin_kubeconfig, kubeconfig.token_user(self.token())),
            (self.bootstrap_kubeconfig, kubeconfig.certificate_user(keys.bootstrap.certificate, keys.bootstrap.key)),
            (manager, kubeconfig.certificate_user(keys.controller_manager.certificate, keys.controller_manager.key)),
        ):
            kubeconfig.write(path, server=self.url, ca=ca, user=user)


def _lock(data: Path) -> FileLock:
    return FileLock(data / "lock", timeout=0, mode=0o600)


def busy(data: Path) -> DataFolderBusy:
    """What is said to the second on one folder."""
    return DataFolderBusy(f"another `chakrator up` is running on {data}")


def is_busy(data: Path) -> bool:
    """Whether somebody holds the folder now."""
    if not (data / "lock").exists():
        return False
    try:
        with _lock(data):
            return False
    except Timeout:
        return True


def _client(keys: pki.Pki) -> aiohttp.ClientSession:
    """Verifies the server, and is known to the API server and to etcd; for our own readiness questions."""
    context = ssl.create_default_context(cafile=str(keys.ca.certificate))
    context.load_cert_chain(keys.bootstrap.certificate, keys.bootstrap.key)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, force_close=True),
        timeout=aiohttp.ClientTimeout(total=PROBE_TIMEOUT),
    )
