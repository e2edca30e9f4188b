"""What a case may aim at: listeners, a folder, a file, a process and a piece of memory that are really there."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PRECIOUS = "precious"
_MEMORY = ctypes.create_string_buffer(b"a secret")

Spec = dict[str, object]


@contextlib.contextmanager
def targets() -> Iterator[Spec]:
    """Fresh ones, and gone at the end."""
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="escapes-")))
        (home / "file").write_text(PRECIOUS)
        (home / "spare").write_text("")
        (home / "folder").mkdir()
        home.chmod(0o755)
        name = f"chakrator-{os.getpid()}-{home.name}"
        sockets = {
            "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "unix": (socket.AF_UNIX, socket.SOCK_STREAM, str(home / "unix")),
            "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{name}"),
        }
        spec: Spec = {"abstract": name, "unix": str(home / "unix"), "folder": str(home / "folder")}
        for what, (family, kind, address) in sockets.items():
            one = stack.enter_context(socket.socket(family, kind))
            one.bind(address)
            if kind == socket.SOCK_STREAM:
                one.listen(64)
            if family == socket.AF_INET:
                spec[what] = one.getsockname()[1]
        command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        victim = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True))
        stack.callback(victim.kill)
        spec |= {"file": str(home / "file"), "spare": str(home / "spare"), "victim": victim.pid, "parent": os.getpid()}
        yield spec | {"address": ctypes.addressof(_MEMORY)}


def untouched(spec: Spec) -> bool:
    """File, folder and process are as they were."""
    os.kill(int(str(spec["victim"])), 0)
    file, folder = Path(str(spec["file"])), Path(str(spec["folder"]))
    return file.read_text() == PRECIOUS and not list(folder.iterdir()) and len(list(file.parent.iterdir())) == 4
