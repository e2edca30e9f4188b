"""The peers' own environment in the user's cache: made on demand from the locked list, never the product's."""

from __future__ import annotations

import hashlib
import json
import select
import subprocess
import sys
import venv
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import platformdirs

LOCK = Path(__file__).parents[1] / "requirements" / "peers.txt"
DRIVER = Path(__file__).parent / "peer_driver.py"
INSTALL = 300.0
ANSWER = 60.0


class PeersUnavailable(Exception):
    """In one line: why there is nothing to compare with."""


def interpreter() -> Path:
    """The one that has the peers; installed when this lock was not seen before."""
    digest = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = platformdirs.user_cache_path("chakrator") / "bench-peers" / digest
    python, done = folder / "bin" / "python", folder / "complete"
    if done.exists():
        return python
    sys.stderr.write("installing the peers, once\n")
    try:
        venv.create(folder, clear=True, with_pip=True)
        command = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        wanted = ("--only-binary=:all:", "--require-hashes", "-r", str(LOCK))
        subprocess.run((*command, *wanted), check=True, capture_output=True, text=True, timeout=INSTALL)
    except subprocess.TimeoutExpired as error:
        raise PeersUnavailable(f"the install took over {INSTALL:.0f} s") from error
    except subprocess.CalledProcessError as error:
        said = str(error.stderr or error).strip().splitlines()
        raise PeersUnavailable(said[-1] if said else "pip failed") from error
    except OSError as error:
        raise PeersUnavailable(str(error)) from error
    done.touch()
    return python


class Driver:
    """The process that has the peers: an order, an answer."""

    def __init__(self, python: Path) -> None:
        self._process = subprocess.Popen(
            (str(python), str(DRIVER)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Driver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, **order: object) -> dict[str, Any]:
        """PeersUnavailable when the peer cannot do it, or not in time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
        except OSError as error:
            raise PeersUnavailable("it ended") from error
        if not select.select([self._process.stdout], [], [], ANSWER)[0]:
            self._process.kill()
            raise PeersUnavailable(f"no answer in {ANSWER:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise PeersUnavailable("it ended")
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise PeersUnavailable(str(found["error"]).splitlines()[0])
        return found
