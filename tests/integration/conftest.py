"""The real control plane, once a session; a namespace a test."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from chakrator.up import assets as asset_finder
from chakrator.up import bootstrap, manifests
from chakrator.up.assets import Assets
from chakrator.up.controlplane import ControlPlane
from core.kube.client import KubeTransport
from core.kube.errors import check

BOOT_DEADLINE = 90.0
KUBECTL_DEADLINE = 60.0

Kubectl = Callable[..., "subprocess.CompletedProcess[str]"]


class SaToken(Protocol):
    """Makes a ServiceAccount where it is missing, and a token for it."""

    async def __call__(self, namespace: str, name: str) -> str: ...


class RunningControlPlane:
    """A control plane on a thread of its own: it is supervised between tests too, whose loops come and go."""

    def __init__(self, data: Path, assets: Assets) -> None:
        self.said: list[str] = []
        self._control_plane = ControlPlane(data, assets, fsync=False, say=self.said.append)
        self._failure: BaseException | None = None
        self._ready = threading.Event()
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=self._run, name="control plane", daemon=True)

    def start(self) -> ControlPlane:
        """Returns when our manifests are applied."""
        self._thread.start()
        ended = not self._ready.wait(BOOT_DEADLINE)
        if self._failure is not None or ended:
            self.stop()
            raise RuntimeError(f"no control plane: {self.said}") from self._failure
        return self._control_plane

    def stop(self) -> None:
        """Returns when every program of it is reaped."""
        self._stop()
        self._thread.join(BOOT_DEADLINE)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # handed to the thread that waits for it
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._stop = lambda: loop.is_closed() or loop.call_soon_threadsafe(stopped.set)
        async with self._control_plane as running:
            transport = await KubeTransport.from_kubeconfig(running.bootstrap_kubeconfig)
            try:
                await bootstrap.install(transport)
            finally:
                await transport.close()
            self._ready.set()
            await stopped.wait()


@pytest.fixture(scope="session")
def assets() -> Assets:
    """The binaries: named by the environment, cached, or built now."""
    return asyncio.run(asset_finder.find(environ=os.environ, say=print))


@pytest.fixture(scope="session")
def control_plane(assets: Assets, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A ready control plane with CRDs, RBAC (the overlay of `up` too) and admission; no sample, no fsync."""
    running = RunningControlPlane(tmp_path_factory.mktemp("control-plane"), assets)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A failed test that used the control plane shows the end of its logs."""
    report = yield
    running = getattr(item, "funcargs", {}).get("control_plane")
    if report.failed and isinstance(running, ControlPlane):
        report.sections.append(("control plane", running.tails()))
    return report


@pytest.fixture
async def kube(control_plane: ControlPlane) -> AsyncIterator[KubeTransport]:
    """The admin: bound to cluster-admin by RBAC."""
    transport = await KubeTransport.from_kubeconfig(control_plane.admin_kubeconfig)
    yield transport
    await transport.close()


@pytest.fixture
def kubectl(control_plane: ControlPlane) -> Kubectl:
    """`kubectl("get", "mr", input=…, token=…)` as the admin, or as the owner of `token`."""

    def run(*arguments: str, input: str | None = None, token: str | None = None) -> subprocess.CompletedProcess[str]:
        identity = (
            [f"--kubeconfig={control_plane.admin_kubeconfig}"]
            if token is None
            else [
                f"--server={control_plane.url}",
                f"--certificate-authority={control_plane.ca_file}",
                f"--token={token}",
                "--kubeconfig=/dev/null",
            ]
        )
        return subprocess.run(
            ["kubectl", *identity, *arguments],
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=KUBECTL_DEADLINE,
            env={"PATH": os.environ["PATH"], "HOME": str(control_plane.data)},
        )

    return run


@pytest.fixture
async def namespace(kube: KubeTransport) -> AsyncIterator[str]:
    """A fresh namespace; deleted afterwards, without waiting for it to be gone."""
    name = f"test-{secrets.token_hex(4)}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    check(await kube.request("POST", "/api/v1/namespaces", body=json.dumps(body).encode()))
    yield name
    check(await kube.request("DELETE", f"/api/v1/namespaces/{name}"))


@pytest.fixture
def sa_token(kube: KubeTransport) -> SaToken:
    """`await sa_token(namespace, name)`: the token of a ServiceAccount that is made where it is missing."""

    async def make(namespace: str, name: str) -> str:
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": namespace},
        }
        await manifests.create(kube, manifests.parse(account))
        return await bootstrap.service_account_token(kube, namespace, name)

    return make
