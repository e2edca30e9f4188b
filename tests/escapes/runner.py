"""Runs hostile cases without a cage, each in a forked child; prints what became of each as JSON.

    python -I runner.py plain|policy SPEC FILE...

`plain` is the positive control: no policy, the interpreter's own builtins. `policy` is the language
policy alone, with no cage around it. The secret comes in the environment variable CANARY.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sandbox.wire.messages import Reply
from sandbox.worker import api
from sandbox.worker.logs import RunLog

SECRET = os.environ.get("CANARY", "")
MUCH, LITTLE = 10**12, 2000
SECONDS = 5
NOW = datetime(2020, 1, 1, tzinfo=UTC)
_NEW_MOUNTS, _RECURSIVE_PRIVATE = 0x20000, 0x44000


class Deadline(BaseException):
    """Stands for the run's deadline, which no author may swallow."""


class Ctx(api.Context):
    """The worker's own context, with a private secret, and a deadline to call."""

    __slots__ = ("_Ctx__hidden", "_secret")

    def __init__(self, secret: str) -> None:
        log = api.Log(RunLog(100, lambda _lines: None))
        intents = api.Intents(100, lambda call: Reply(call.n), "0123")
        super().__init__(api.RunInfo("0123", 1, 1, ""), NOW, log, intents, ("v1/ConfigMap",))
        self._secret = secret
        self.__hidden = secret

    def deadline(self) -> None:
        """The run's time is over."""
        raise Deadline


class Plain:
    """A context without any check: what a control is given."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._Ctx__hidden = secret
        self.status: dict[str, object] = {}
        self.run = api.RunInfo("0123", 1, 1, "")

    def get(self, kind: str) -> None:
        """Nothing."""

    def deadline(self) -> None:
        """The run's time is over."""
        raise Deadline

    def _any(self, *values: object, **named: object) -> None:
        """Takes whatever there is, and tells it."""
        os.write(3, repr((values, named)).encode())

    apply = delete = condition = event = requeue = list = _any
    log = type("Log", (), {"info": _any})()


def prepare() -> None:
    """Make the policy ready for `Ctx`; once in a process."""
    from sandbox.policy.runtime import prewarm, register_api_type

    for kind, names in api.PUBLIC.items():
        register_api_type(kind, names)
    register_api_type(Ctx, api.PUBLIC[api.Context] | {"deadline"})
    prewarm()


def _namespace(policy: bool, source: str, printed: list[str]) -> dict[str, object]:
    if not policy:
        space: dict[str, object] = {"__name__": "hostile"}
        exec(compile(source, "<hostile>", "exec", dont_inherit=True), space)
        return space
    from sandbox.policy.compiler import compile_source
    from sandbox.policy.facades.base import Facade
    from sandbox.policy.runtime import RunEnv, fresh_globals

    members = {"Context": api.Context, "Fail": api.Fail, "Retry": api.Retry}
    env = RunEnv(write=printed.append, now=NOW, seed=b"escapes", modules={"chakrator": Facade("chakrator", members)})
    space = fresh_globals(env)
    exec(compile_source(source).code, space)
    return space


def attempt(source: str, policy: bool, secret: str, spec: Mapping[str, object]) -> tuple[str, str]:
    """The verdict on one case, and a word on how it came about."""
    printed: list[str] = []
    try:
        reconcile = _namespace(policy, source, printed)["reconcile"]
        obj = {"reached": secret, "metadata": {"name": "a"}, "spec": spec}
        result = reconcile(obj, Ctx(secret) if policy else Plain(secret))  # type: ignore[operator]
        verdict, text = "harmless", repr(result)
    except BaseException as error:
        kind = type(error).__name__
        verdict = {"GuardRefused": "guarded", "Deadline": "stopped", "PolicyRejected": "rejected"}.get(kind, "failed")
        try:
            text = "".join(traceback.format_exception_only(error))
        except BaseException:
            text = kind
        if kind == "PolicyRejected":
            text = " ".join(sorted({finding.code for finding in error.findings}))  # type: ignore[attr-defined]
    if secret in text + "".join(printed):
        return "escaped", ""
    return verdict, text[:500]


def _in_child(path: str, policy: bool, spec: Mapping[str, object]) -> tuple[str, str]:
    """Run one case; what it says on descriptor 3, where a worker has its host, is heard too."""
    read, write = os.pipe()
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        os.setsid()
        out = os.dup(write)  # before descriptor 3 is taken
        os.dup2(there.fileno(), 3)
        here.close()
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if policy:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        answer = attempt(Path(path).read_text("utf-8"), policy, SECRET, spec)
        os.write(out, json.dumps(answer).encode())
        os._exit(0)
    os.close(write)
    there.close()
    said, text = _heard(here, read)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read)
    here.close()
    if SECRET.encode() in said:
        return "escaped", ""
    if not text:
        return "died", ""
    verdict, detail = json.loads(text)
    return verdict, detail


def _heard(here: socket.socket, answer: int) -> tuple[bytes, bytes]:
    """Everything that a child says in both ways, until it is gone or too late."""
    said = text = b""
    heard: list[socket.socket | int] = [here, answer]
    end = time.monotonic() + SECONDS
    while (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select(heard, [], [], left)
        said_now = b""
        if here in ready:
            said_now = here.recv(65536)
            said += said_now
        if answer in ready:
            text = os.read(answer, 65536)
            if text:
                break
            heard = [here]  # it became another program, which may still speak
        if here in ready and not said_now and answer not in heard:
            break
    here.setblocking(False)
    with contextlib.suppress(OSError):
        while data := here.recv(65536):
            said += data
    return said, text


def _mounts_of_its_own() -> None:
    """What a case mounts must not outlive it on the machine of whoever runs the tests."""
    libc = ctypes.CDLL(None)
    if libc.unshare(_NEW_MOUNTS) == 0:
        libc.mount(None, b"/", None, _RECURSIVE_PRIVATE, None)


def main(mode: str, targets: str, *paths: str) -> None:
    """Run all, one after the other."""
    policy = mode == "policy"
    spec = {**json.loads(targets), "much": MUCH if policy else LITTLE}
    for fd in (3, 4, 5):  # so that none of ours is number 3
        with contextlib.suppress(OSError):
            os.fstat(fd)
            continue
        os.open("/dev/null", os.O_RDWR)
    if policy:
        prepare()
    else:
        _mounts_of_its_own()
    sys.stdout.write(json.dumps({path: _in_child(path, policy, spec) for path in paths}))


if __name__ == "__main__":
    main(*sys.argv[1:])
