"""Canaries: children that try what must fail, so that a cage that does not hold is seen before it is used."""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.confine import steps
from sandbox.confine.steps import Plan, Step, StepFailed

_HELD, _ESCAPED, _BROKEN = 0, 1, 2
_FIRST_STEP = 100  # the exit code that tells of a step is its place in the order beyond this


@dataclass(frozen=True, slots=True)
class Unheld:
    """What a canary showed to be missing: the layer, and how it was seen."""

    layer: str
    why: str


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


def run(probe: Probe, order: tuple[Step, ...], plan: Plan) -> Unheld | None:
    """Fork, take the steps in the child, let it try; None when it was held. OSError when nothing can be forked."""
    pid = os.fork()
    if pid == 0:
        try:
            steps.take(steps.prepare(order, plan))
            os._exit(probe.attempt())
        except StepFailed as failed:
            os._exit(_FIRST_STEP + [step.name for step in order].index(failed.step))
        except BaseException:
            os._exit(_BROKEN)
    _, status = os.waitpid(pid, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    if code is not None and _FIRST_STEP <= code < _FIRST_STEP + len(order):
        step = order[code - _FIRST_STEP]
        return Unheld(step.layer, f"the canary could not take the step {step.name}")
    ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    held = code == _HELD if probe.signal is None else ended == probe.signal
    return None if held else Unheld(probe.layer, f"the canary's {probe.name} was not stopped (wait status {status})")


def landlock_holds() -> bool:
    """Whether this process, under Landlock and not yet under seccomp, is refused a file."""
    try:
        os.close(os.open("/", os.O_RDONLY))
    except OSError as error:
        return error.errno == errno.EACCES
    return False
