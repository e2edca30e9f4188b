"""How `chakrator up` ends when it cannot start, or is told to stop while it does: one line, and nothing left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chakrator.up import main
from chakrator.up.assets import OURS, Assets
from chakrator.up.errors import StartFailed

pytestmark = pytest.mark.controlplane
DEADLINE = 60.0


def start(data: Path, port: int, assets: Path) -> subprocess.Popen[str]:
    """The command as a person gives it."""
    return subprocess.Popen(
        [sys.executable, "-m", "chakrator", "up", "--data", str(data), "--port", str(port), "--no-open"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, OURS: str(assets)},
    )


def running_on(data: Path) -> list[str]:
    """Command lines of processes that name the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                arguments = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if str(data) in arguments:
                found.append(arguments.replace("\0", " "))
    return found


def test_a_taken_port_is_one_line(assets: Assets, tmp_path: Path) -> None:
    """Told before anything is started: exit 2, and the folder is not even made."""
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]
        with start(tmp_path / "data", port, assets.folder) as up:
            _, errors = up.communicate(timeout=DEADLINE)
    assert up.returncode == 2
    assert errors.splitlines() == [
        f"chakrator up: port {port} is taken by another program; choose another one with --port"
    ]
    assert not (tmp_path / "data").exists()


def test_programs_that_are_not_there_are_one_line(tmp_path: Path) -> None:
    """A variable that points nowhere: exit 2, and it is named."""
    with start(tmp_path / "data", 0, tmp_path / "nowhere") as up:
        _, errors = up.communicate(timeout=DEADLINE)
    assert up.returncode == 2
    assert OURS in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_starts_stops_what_it_started(assets: Assets, tmp_path: Path, number: signal.Signals) -> None:
    """In the middle of the boot: the exit code says which signal, no process lives on, no traceback is shown."""
    data = tmp_path / "data"
    with start(data, 0, assets.folder) as up:
        assert up.stderr is not None
        line = ""
        while "starting kube-apiserver" not in line:
            line = up.stderr.readline()
            assert line, "ended before the API server was started"
        up.send_signal(number)
        output, errors = up.communicate(timeout=DEADLINE)
    assert up.returncode == 128 + number
    assert output == ""
    assert "Traceback" not in errors
    assert running_on(data) == []


async def test_what_cannot_be_served_is_told_as_it_is(
    assets: Assets, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The product does not come up: its own sentence, exit 1, no ready line, and the control plane is down again."""

    @asynccontextmanager
    async def serve(request: main.ServeRequest) -> AsyncIterator[main.Served]:
        assert request.kubeconfig.is_file()
        raise StartFailed("the cage lacks seccomp")
        yield

    options = main.UpOptions(tmp_path, port=0, open_browser=False, environ={OURS: str(assets.folder)})
    assert await main.up(options, serve=serve) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.splitlines()[-1] == "chakrator up: the cage lacks seccomp"
    assert running_on(tmp_path) == []
