"""Landlock without the filter: the second lock, by itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.escapes.targets import targets

ALONE = """
import json, os, socket, sys
sys.path[:0] = json.loads(sys.argv[1])
from sandbox.confine import landlock, seccomp, steps, system
kernel = system.System()
version = landlock.abi(kernel)
ruleset = landlock.create(kernel, version)
plan = steps.Plan(kernel, os.getppid(), 65533, ruleset, (), seccomp.Program.of(seccomp.WORKER))
spec = json.loads(sys.argv[2])
tcp, abstract = socket.socket(), socket.socket(socket.AF_UNIX)
steps.enter((steps.NO_NEW_PRIVILEGES, steps.LANDLOCK), plan)

def attempt(call):
    try:
        call()
    except OSError as error:
        return error.errno
    return 0

print(json.dumps({
    "open": attempt(lambda: os.open("/etc/passwd", os.O_RDONLY)),
    "list": attempt(lambda: os.listdir(spec["folder"])),
    "write": attempt(lambda: os.open(spec["folder"] + "/left", os.O_WRONLY | os.O_CREAT)),
    "unlink": attempt(lambda: os.unlink(spec["file"])),
    "exec": attempt(lambda: os.execv("/bin/true", ["/bin/true"])),
    "tcp": attempt(lambda: tcp.connect(("127.0.0.1", spec["tcp"]))) if version >= 4 else 13,
    "abstract": attempt(lambda: abstract.connect("\\0" + spec["abstract"])) if version >= 6 else 1,
    "kill": attempt(lambda: os.kill(spec["victim"], 15)) if version >= 6 else 1,
}))
"""
REFUSED = dict.fromkeys(("open", "list", "write", "unlink", "exec", "tcp"), 13) | {"abstract": 1, "kill": 1}


def test_landlock_alone_is_a_second_lock() -> None:
    """Without the filter: files, programs, TCP, abstract sockets and signals are refused still."""
    import msgspec

    places = [str(Path(__file__).parents[2]), str(Path(msgspec.__file__).parent.parent)]
    with targets() as spec:
        command = [sys.executable, "-c", ALONE, json.dumps(places), json.dumps(spec)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == REFUSED
