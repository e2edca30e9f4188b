"""The control plane boots, remembers, comes back, and refuses what it cannot do well."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from chakrator.up import bootstrap, state
from chakrator.up.assets import Assets
from chakrator.up.controlplane import ControlPlane
from chakrator.up.errors import DataFolderBusy, StartFailed
from core.kube.client import KubeTransport
from core.kube.errors import KubeError, check

pytestmark = pytest.mark.controlplane
DEADLINE = 60.0


@asynccontextmanager
async def admin(control_plane: ControlPlane) -> AsyncIterator[KubeTransport]:
    """The admin's transport to a control plane of the test's own."""
    transport = await KubeTransport.from_kubeconfig(control_plane.admin_kubeconfig)
    try:
        yield transport
    finally:
        await transport.close()


async def install(control_plane: ControlPlane) -> None:
    """Our manifests."""
    transport = await KubeTransport.from_kubeconfig(control_plane.bootstrap_kubeconfig)
    try:
        await bootstrap.install(transport)
    finally:
        await transport.close()


async def eventually(probe: Callable[[], Awaitable[bool]]) -> None:
    """Until it is so, and no longer than the deadline; an API server that is away is no answer."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                if await probe():
                    return
            except KubeError:
                pass
            await asyncio.sleep(0.05)


def config_map(name: str) -> bytes:
    """A ConfigMap in `default`."""
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}).encode()


async def test_state_ports_and_tokens_survive_a_restart(assets: Assets, tmp_path: Path) -> None:
    """A second start on the folder has the same address, the same people and the same objects."""
    async with ControlPlane(tmp_path, assets, fsync=False) as first:
        await install(first)
        url, token = first.url, first.token()
        async with admin(first) as transport:
            check(await transport.request("POST", "/api/v1/namespaces/default/configmaps", body=config_map("kept")))
    assert first.children == {}
    async with ControlPlane(tmp_path, assets, fsync=False) as second:
        assert (second.url, second.token()) == (url, token)
        async with admin(second) as transport:
            check(await transport.request("GET", "/api/v1/namespaces/default/configmaps/kept"))


@pytest.mark.parametrize("name", ["etcd", "kube-apiserver", "kube-controller-manager"])
async def test_a_killed_program_comes_back(assets: Assets, tmp_path: Path, name: str) -> None:
    """kill -9 of any of the three: the same address answers again, and writes and controllers work."""
    said: list[str] = []
    async with ControlPlane(tmp_path, assets, fsync=False, say=said.append) as running:
        await install(running)
        victim = running.children[name].pid
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        async with admin(running) as transport:

            async def back() -> bool:
                return running.children[name].restarted == 1 and running.children[name].pid not in (None, victim)

            async def controllers_work() -> bool:
                body = json.dumps({"metadata": {"name": "after"}}).encode()
                await transport.request("POST", "/api/v1/namespaces", body=body)
                account = "/api/v1/namespaces/after/serviceaccounts/default"
                return (await transport.request("GET", account, timeout=2)).status == 200

            await eventually(back)
            await eventually(controllers_work)
    assert any(f"{name} ended (signal SIGKILL)" in line for line in said)


async def test_the_second_on_a_folder_is_refused(control_plane: ControlPlane, assets: Assets) -> None:
    """One clear line and exit code 2, and the first is not disturbed."""
    with pytest.raises(DataFolderBusy, match="another `chakrator up` is running") as refused:
        await ControlPlane(control_plane.data, assets).__aenter__()
    assert refused.value.exit_code == 2
    assert "\n" not in refused.value.message
    async with admin(control_plane) as transport:
        check(await transport.request("GET", "/api/v1/namespaces/default"))


async def test_an_interrupted_start_stops_what_it_started_and_heals(assets: Assets, tmp_path: Path) -> None:
    """Cancelled while the API server starts: no program lives on, and the next start is a normal one."""
    seen: list[int] = []
    half = ControlPlane(tmp_path, assets, fsync=False)
    starting = asyncio.create_task(half.__aenter__())

    async def api_server_started() -> bool:
        seen[:] = [child.pid for child in half.children.values() if child.pid is not None]
        return "kube-apiserver" in half.children and len(seen) == 2

    await eventually(api_server_started)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert half.children == {}
    for pid in seen:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    async with ControlPlane(tmp_path, assets, fsync=False) as whole:
        await install(whole)


async def test_the_rest_of_an_interrupted_first_start_is_thrown_away(assets: Assets, tmp_path: Path) -> None:
    """A write-ahead log cut short before anybody could use it: started afresh, aloud."""
    wal = tmp_path / "control-plane" / "etcd" / "member" / "wal"
    wal.mkdir(parents=True)
    (wal / f"{0:016x}-{0:016x}.wal").write_bytes(b"cut short")
    said: list[str] = []
    async with ControlPlane(tmp_path, assets, fsync=False, say=said.append) as healed:
        await install(healed)
    assert any("interrupted" in line for line in said)


async def test_somebodys_data_is_never_thrown_away(assets: Assets, tmp_path: Path) -> None:
    """The same damage in a folder that has been in use is an error with the log's end; nothing is removed."""
    wal = tmp_path / "control-plane" / "etcd" / "member" / "wal"
    wal.mkdir(parents=True)
    (wal / f"{0:016x}-{0:016x}.wal").write_bytes(b"cut short")
    snapshot = wal.parent / "snap" / "somebodys.snap"
    snapshot.parent.mkdir()
    snapshot.write_bytes(b"work")
    state.save(tmp_path / "control-plane" / "state.json", state.State(booted=True))
    with pytest.raises(StartFailed, match="etcd ended at start"):
        await ControlPlane(tmp_path, assets, fsync=False).__aenter__()
    assert snapshot.read_bytes() == b"work"


async def test_a_taken_port_is_chosen_anew(assets: Assets, tmp_path: Path) -> None:
    """Somebody else sits on the folder's API port: another one is chosen, and the kubeconfig says so."""
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        taken = squatter.getsockname()[1]
        (tmp_path / "control-plane").mkdir()
        state.save(tmp_path / "control-plane" / "state.json", state.State(etcd_port=20_000, api_port=taken))
        async with ControlPlane(tmp_path, assets, fsync=False) as running:
            assert running.url != f"https://127.0.0.1:{taken}"
            assert running.url in running.admin_kubeconfig.read_text()


async def test_nobody_gets_in_without_a_credential(control_plane: ControlPlane) -> None:
    """No anonymous answer, from the API server or from etcd, and no connection that does not verify."""
    trusting = ssl.create_default_context(cafile=str(control_plane.ca_file))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as http:
        async with http.get(f"{control_plane.url}/api") as answer:
            assert answer.status == 401
        with pytest.raises(aiohttp.ClientError):
            await http.get(f"https://127.0.0.1:{control_plane.state.etcd_port}/version")
    async with aiohttp.ClientSession() as stranger:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await stranger.get(f"{control_plane.url}/api")


async def test_the_admin_is_no_master(control_plane: ControlPlane) -> None:
    """Bound by RBAC: what RBAC refuses, it refuses to the admin as well."""
    async with admin(control_plane) as transport:
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        answer = check(
            await transport.request(
                "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body=json.dumps(review).encode()
            )
        )
    user = answer.object()["status"]["userInfo"]  # type: ignore[index]
    assert user["username"] == "chakrator-admin"
    assert user["groups"] == ["system:authenticated"]


def test_what_is_secret_is_ours_alone(control_plane: ControlPlane) -> None:
    """No file of the folder that holds a key or a token can be read by another user."""
    open_files = [
        path
        for pattern in (
            "token",
            "tokens/*",
            "kubeconfig",
            "control-plane/pki/*",
            "control-plane/*.kubeconfig",
            "control-plane/*.csv",
        )
        for path in control_plane.data.glob(pattern)
        if stat.S_IMODE(path.stat().st_mode) != 0o600
    ]
    assert open_files == []
    assert stat.S_IMODE(control_plane.internal.stat().st_mode) == 0o700


async def test_the_controllers_token_is_renewed(control_plane: ControlPlane, tmp_path: Path) -> None:
    """The kubeconfig of the controller signs in as its ServiceAccount, and a renewed token replaces the file."""
    transport = await KubeTransport.from_kubeconfig(control_plane.bootstrap_kubeconfig)
    try:
        token = bootstrap.ControllerToken(
            transport, tmp_path, server=control_plane.url, ca=control_plane.ca_file.read_bytes()
        )
        await token.renew()
        first = token.token_file.read_text()
        controller = await KubeTransport.from_kubeconfig(token.kubeconfig, token_file=token.token_file)
        try:
            check(await controller.request("GET", "/apis/chakrator.example.com/v1alpha1/reconcilers"))
            refused = await controller.request("GET", "/api/v1/configmaps")
            assert refused.status == 403
            assert b"system:serviceaccount:chakrator-system:chakrator-controller" in refused.body
        finally:
            await controller.close()
        await token.renew()
        assert token.token_file.read_text() != first
    finally:
        await transport.close()


async def test_installing_again_changes_nothing(control_plane: ControlPlane, kube: KubeTransport) -> None:
    """Every start applies our manifests: an object that is as it should be keeps its resourceVersion."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/reconcilers.chakrator.example.com"

    async def version() -> object:
        return check(await kube.request("GET", path)).object()["metadata"]["resourceVersion"]  # type: ignore[index]

    before = await version()
    await install(control_plane)
    assert await version() == before
