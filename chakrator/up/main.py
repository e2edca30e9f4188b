"""`chakrator up`: everything on this machine, in order, and all of it down again in the opposite order."""

from __future__ import annotations

import asyncio
import contextlib
import html
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

import aiohttp

from chakrator.server import PortTaken, bind
from chakrator.up import assets, bootstrap, controlplane, sample
from chakrator.up.controlplane import ControlPlane
from chakrator.up.errors import PortInUse, StartFailed, UpError
from chakrator.up.files import write_private
from core.errors import ChakratorError, UserError
from core.kube.client import KubeTransport

HOST = "127.0.0.1"
READY_DEADLINE = 60.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What the command line asks for. `environ` names the control plane's programs, if it does."""

    data: Path
    port: int = 3000
    open_browser: bool = True
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServeRequest:
    """What the product needs to run on a control plane. `kubeconfig` is the controller's own, without its token."""

    data: Path
    kubeconfig: Path
    token_file: Path
    listener: socket.socket
    url: str
    say: Say


class Served(Protocol):
    """The running product, as `up` sees it."""

    def sign_in_code(self) -> str:
        """A fresh single-use code that signs in as the admin."""


Serve = Callable[[ServeRequest], AbstractAsyncContextManager[Served]]


def say(text: str) -> None:
    """Progress and trouble, to stderr."""
    print(text, file=sys.stderr, flush=True)


class _Stop:
    """Turns signals into an end: cancelled while it starts, drained while it serves, cancelled when asked again."""

    def __init__(self, running: asyncio.Task[int]) -> None:
        self.asked = asyncio.Event()
        self.serving = False
        self.first: signal.Signals | None = None
        self._running = running

    def __call__(self, number: signal.Signals) -> None:
        self.first = self.first or number
        if self.serving and not self.asked.is_set():
            self.asked.set()
        else:
            self._running.cancel()


async def up(options: UpOptions, *, serve: Serve) -> int:
    """Runs until SIGINT or SIGTERM; the exit code. Call it in the main thread: when that ends, so do the programs.

    A first signal stops everything in order, a second one stops waiting for what is slow.
    """
    running = asyncio.create_task(_run(options, serve, lambda: stop), name="up")
    stop = _Stop(running)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        return await running
    except asyncio.CancelledError:
        if stop.first is not None:
            return 128 + stop.first
        me = asyncio.current_task()
        if me is not None and me.cancelling():
            raise
        # What is served cancels us when its controller dies, after it has logged why.
        say("chakrator up: the controller ended unexpectedly; the log above says why")
        return 1
    except ChakratorError as error:
        say(f"chakrator up: {error.message}")
        return exit_code(error)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def exit_code(error: ChakratorError) -> int:
    """2 for what the person who started us can change, 1 for the rest."""
    if isinstance(error, UpError):
        return error.exit_code
    return 2 if isinstance(error, UserError) else 1


async def _run(options: UpOptions, serve: Serve, stop: Callable[[], _Stop]) -> int:
    data = options.data.absolute()
    with contextlib.closing(_listen(data, options.port)) as listener:
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        found = await assets.find(environ=options.environ, say=say)
        async with ControlPlane(data, found, say=say) as control_plane, _installed(control_plane) as token:
            request = ServeRequest(data, token.kubeconfig, token.token_file, listener, url, say)
            say("starting controller and web")
            async with serve(request) as served:
                await _ready(url)
                if not control_plane.state.sampled:
                    await sample.install_code(url, control_plane.token())
                    control_plane.remember(sampled=True)
                with _announced(data, url, served, options.open_browser):
                    stop().serving = True
                    await stop().asked.wait()
                    say("stopping")
    return 0


def _listen(data: Path, port: int) -> socket.socket:
    try:
        return bind(HOST, port)
    except PortTaken:
        # Two at once on one folder usually meet here first, and the folder is the better thing to name.
        if controlplane.is_busy(data):
            raise controlplane.busy(data) from None
        raise PortInUse(f"port {port} is taken by another program; choose another one with --port") from None


@asynccontextmanager
async def _installed(control_plane: ControlPlane) -> AsyncIterator[bootstrap.ControllerToken]:
    """Our manifests applied, the sample's objects there, and the controller's token fresh while the block runs."""
    say("applying CRDs, RBAC and the admission policy")
    transport = await KubeTransport.from_kubeconfig(control_plane.bootstrap_kubeconfig)
    try:
        await bootstrap.install(transport)
        await bootstrap.allow_release(transport)
        if not control_plane.state.sampled:
            await sample.install_objects(transport)
        token = bootstrap.ControllerToken(
            transport, control_plane.data, server=control_plane.url, ca=control_plane.ca_file.read_bytes()
        )
        await token.renew()
        # Not in a task group: that would wrap whatever the block raises, and people are shown the error itself.
        fresh = asyncio.create_task(token.keep_fresh(say), name="controller token")
        try:
            yield token
        finally:
            fresh.cancel()
            await asyncio.wait({fresh})
    finally:
        await transport.close()


async def _ready(url: str) -> None:
    """Waits for /readyz. Raises StartFailed with what it says is missing."""
    missing = "nothing answered"
    try:
        async with asyncio.timeout(READY_DEADLINE), aiohttp.ClientSession() as http:
            while True:
                async with http.get(f"{url}/readyz") as response:
                    if response.status == HTTPStatus.OK:
                        return
                    missing = (await response.text())[:2000]
                await asyncio.sleep(0.05)
    except (TimeoutError, aiohttp.ClientError):
        raise StartFailed(f"not ready within {READY_DEADLINE:g} s: {missing}") from None


@contextlib.contextmanager
def _announced(data: Path, url: str, served: Served, open_browser: bool) -> Iterator[None]:
    """Tells people and scripts; DIR/url is there while we serve."""
    link = f"{url}/#code={served.sign_in_code()}"
    address, page = data / "url", data / "sign-in.html"
    write_private(address, url + "\n")
    say(f"kubeconfig: {data / 'kubeconfig'}")
    say(f"sign in (once, within 10 minutes): {link}")
    if open_browser:
        _open(page, f"{url}/#code={served.sign_in_code()}")
    print(f"ready {url}", flush=True)
    try:
        yield
    finally:
        address.unlink(missing_ok=True)
        page.unlink(missing_ok=True)


def _open(page: Path, link: str) -> None:
    """Opens the link by way of a private file: a browser's command line is everybody's to read."""
    target = html.escape(link, quote=True)
    write_private(
        page, f'<!doctype html><meta http-equiv="refresh" content="0;url={target}"><a href="{target}">Sign in</a>'
    )
    # On a thread of its own: a text browser would hold up everything until it is closed.
    threading.Thread(target=_try_browser, args=(page.as_uri(),), name="browser", daemon=True).start()


def _try_browser(address: str) -> None:
    with contextlib.suppress(webbrowser.Error, OSError):
        webbrowser.open(address)
