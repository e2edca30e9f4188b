"""Canaries: children that try what must fail, so that a cage that does not hold is seen before it is used."""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

_HELD, _ESCAPED = 0, 1


@dataclass(frozen=True, slots=True)
class Probe:
    """One attempt. `signal` is what must end it; None where the call must be refused instead."""

    name: str
    layer: str
    attempt: Callable[[], int]
    signal: int | None


def _open() -> int:
    try:
        os.close(os.open("/", os.O_RDONLY))
    except OSError as error:
        return _HELD if error.errno == errno.EPERM else _ESCAPED
    return _ESCAPED


def _socket() -> int:
    socket.socket().close()
    return _ESCAPED


def _fork() -> int:
    if os.fork() == 0:
        os._exit(_ESCAPED)
    return _ESCAPED


WORKER = (
    Probe("openat", "seccomp", _open, None),
    Probe("socket", "seccomp", _socket, signal.SIGSYS),
    Probe("fork", "seccomp", _fork, signal.SIGSYS),
)


def run(probe: Probe, confine: Callable[[], None]) -> str | None:
    """Fork, confine the child, let it try; None when it was held, else what happened instead."""
    pid = os.fork()
    if pid == 0:
        try:
            confine()
            os._exit(probe.attempt())
        except BaseException:
            os._exit(_ESCAPED + 1)
    _, status = os.waitpid(pid, 0)
    if probe.signal is not None:
        held = os.WIFSIGNALED(status) and os.WTERMSIG(status) == probe.signal
    else:
        held = os.WIFEXITED(status) and os.WEXITSTATUS(status) == _HELD
    return None if held else f"the canary's {probe.name} was not stopped (wait status {status})"


def landlock_holds() -> bool:
    """Whether this process, under Landlock and not yet under seccomp, is refused a file."""
    try:
        os.close(os.open("/", os.O_RDONLY))
    except OSError as error:
        return error.errno == errno.EACCES
    return False
