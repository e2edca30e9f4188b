"""`up` starts everything, keeps its state, and leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.controlplane


def descendants(pid: int) -> set[int]:
    """Every process below `pid`, by the kernel's own list."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid:
            found |= {int(entry.name)} | descendants(int(entry.name))
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that still run (a zombie does not)."""
    running = set()
    for pid in pids:
        try:
            if (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                running.add(pid)
        except OSError:
            continue
    return running


def test_state_survives_a_restart_and_nothing_survives_a_stop(another: Any, eventually: Any) -> None:
    """The sample converges by itself; after SIGTERM all processes are gone; after a new start all is as it was."""
    another.start()
    eventually(lambda: another.get("configmap", "hello", "-n", "default"))
    uid = another.get("configmap", "hello", "-n", "default")["metadata"]["uid"]
    children = descendants(another.process.pid)
    assert len(children) >= 4
    assert another.stop() == 0
    assert not alive(children)
    before = another.url
    another.start()
    assert another.url == before
    kept = another.get("configmap", "hello", "-n", "default")
    assert kept["metadata"]["uid"] == uid
    with another.api() as api:
        route = "/namespaces/default/reconcilers/greeter"
        assert len(api.get(f"{route}/revisions").json()["items"]) == 1


def test_kill_9_of_up_leaves_no_orphan(another: Any, eventually: Any) -> None:
    """SIGKILL gives no chance to clean up, and yet nothing lives on; the next start is a normal one."""
    another.start()
    children = descendants(another.process.pid)
    another.stop(signal.SIGKILL)
    eventually(lambda: not alive(children), deadline=10)
    another.start()
    assert another.get("rec", "greeter", "-n", "default") is not None


def test_a_second_up_on_the_same_folder_says_so(product: Any) -> None:
    """Two on one folder would be two writers: the second exits with 2 and one clear line."""
    command = (str(Path(sys.executable).parent / "chakrator"), "up", "--data", str(product.data), "--no-open")
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 2
    assert "another `chakrator up` is running" in second.stderr
    assert "Traceback" not in second.stderr


def test_files_with_secrets_are_ours_alone(product: Any) -> None:
    """Tokens and kubeconfigs have mode 0600."""
    paths = [product.data / "token", product.data / "kubeconfig"]
    paths += [product.data / "tokens" / who for who in ("viewer", "author", "operator")]
    assert {oct(path.stat().st_mode & 0o777) for path in paths} == {"0o600"}


def test_kill_9_of_the_api_server_worker_and_zygote(another: Any, eventually: Any) -> None:
    """Each is replaced, and an object that is applied afterwards converges."""
    another.start()
    eventually(lambda: another.get("configmap", "hello", "-n", "default"))
    for number, name in enumerate(("worker", "zygote", "kube-apiserver")):
        victims = find(another.process.pid, name)
        assert victims, f"no process looks like the {name}"
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        message = f"after {name}"
        manifest = {
            "apiVersion": "example.com/v1",
            "kind": "MyResource",
            "metadata": {"name": f"tea-{number}", "namespace": "default"},
            "spec": {"message": message, "replicas": 1},
        }
        eventually(lambda m=manifest: applied(another, m), deadline=60)
        eventually(
            lambda n=number, m=message: (
                (another.get("configmap", f"tea-{n}", "-n", "default") or {"data": {}})["data"].get("message") == m
            ),
            deadline=60,
        )


def applied(product: Any, manifest: dict[str, Any]) -> bool:
    """True once `kubectl apply` is taken; an API server that is just starting refuses."""
    try:
        product.apply(manifest)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        time.sleep(0.2)
        return False
    return True


def find(pid: int, name: str) -> set[int]:
    """The process of `name` below `pid`: the zygote is a Python of our own, workers are its children."""
    own = descendants(pid)
    commands = {p: (Path("/proc") / str(p) / "cmdline").read_bytes() for p in alive(own)}
    if name == "kube-apiserver":
        return {p for p, command in commands.items() if b"kube-apiserver" in command.split(b"\0")[0]}
    zygotes = {p for p, command in commands.items() if b"-I\0-S\0-E" in command and parent(p) not in commands}
    if name == "zygote":
        return zygotes
    return {p for p in commands if parent(p) in zygotes}


def parent(pid: int) -> int:
    """The parent's pid, 0 when it is gone."""
    try:
        return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
