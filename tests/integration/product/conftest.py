"""The whole product as a person starts it: `chakrator up` in a process of its own, reached from outside only."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

BIN = Path(sys.executable).parent
BOOT = 120.0


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Product:
    """One `up` on one data folder. `under`: a command that starts it, as nice(1) does; `env`: more of that."""

    data: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    under: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the page and the API are."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Product:
        """Boot and wait for the ready line."""
        with (self.data.parent / f"{self.data.name}.stderr").open("a") as errors:
            self.process = subprocess.Popen(
                (
                    *self.under,
                    str(BIN / "chakrator"),
                    "up",
                    "--data",
                    str(self.data),
                    "--port",
                    str(self.port),
                    "--no-open",
                ),
                env={**os.environ, **self.env},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.strip() == f"ready {self.url}", f"{line!r}\n{self.stderr()[-4000:]}"
        return self

    def stderr(self) -> str:
        """What `up` told people so far."""
        return (self.data.parent / f"{self.data.name}.stderr").read_text()

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """End it and wait."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signum)
        code = self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def kubectl(self, *arguments: str, text: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """kubectl as the admin of this product."""
        return subprocess.run(
            ("kubectl", *arguments),
            input=text,
            env={**os.environ, "KUBECONFIG": str(self.data / "kubeconfig")},
            capture_output=True,
            text=True,
            check=check,
            timeout=60,
        )

    def get(self, *arguments: str) -> dict[str, Any] | None:
        """`kubectl get … -o json`, None when there is none."""
        done = self.kubectl("get", *arguments, "-o", "json", check=False)
        if done.returncode and "NotFound" in done.stderr:
            return None
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def apply(self, manifest: dict[str, Any]) -> None:
        """`kubectl apply`."""
        self.kubectl("apply", "-f", "-", text=json.dumps(manifest))

    def api(self, who: str = "admin") -> httpx.Client:
        """The HTTP interface as the admin, or as viewer, author or operator."""
        path = self.data / "token" if who == "admin" else self.data / "tokens" / who
        headers = {"Authorization": f"Bearer {path.read_text().strip()}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60, trust_env=False)

    def cli(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The `chakrator` command."""
        return subprocess.run(
            (str(BIN / "chakrator"), *arguments), capture_output=True, text=True, check=check, timeout=120
        )


Eventually = Callable[..., Any]


@pytest.fixture
def eventually() -> Eventually:
    """`eventually(probe, deadline=30)`: the first true answer of `probe`; fails with its last one at the deadline."""

    def wait(probe: Callable[[], Any], *, deadline: float = 30.0) -> Any:
        until = time.monotonic() + deadline
        while True:
            answer = probe()
            if answer:
                return answer
            assert time.monotonic() < until, f"not within {deadline:.0f} s; last answer: {answer!r}"
            time.sleep(0.05)

    return wait


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Product]:
    """A product of this test's own, not started yet: for what breaks it."""
    own = Product(tmp_path / "data")
    yield own
    if own.process is not None:
        own.stop()


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One running product for all tests that do not break it."""
    running = Product(tmp_path_factory.mktemp("product") / "data").start()
    yield running
    running.stop()
