"""Resource limits as tables; the numbers are argued beside them.

A limit is only ever lowered: where the inherited hard limit is smaller already, it stays.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass

MEBIBYTE = 1024 * 1024
STACK = 8 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class Limit:
    """One row: soft and hard are the same, nothing in the cage may raise anything."""

    name: str
    resource: int
    value: int


def worker(memory: int) -> tuple[Limit, ...]:
    """Of a worker with this much address space."""
    return (
        Limit("as", resource.RLIMIT_AS, memory),
        Limit("data", resource.RLIMIT_DATA, memory),
        Limit("stack", resource.RLIMIT_STACK, STACK),
        Limit("nofile", resource.RLIMIT_NOFILE, 4),  # 3 is the socket; nothing can be opened beside it
        Limit("nproc", resource.RLIMIT_NPROC, 0),  # holds for every uid but 0, so the uid is changed first
        Limit("fsize", resource.RLIMIT_FSIZE, 0),
        Limit("core", resource.RLIMIT_CORE, 0),
        Limit("memlock", resource.RLIMIT_MEMLOCK, 0),
        Limit("msgqueue", resource.RLIMIT_MSGQUEUE, 0),
        Limit("sigpending", resource.RLIMIT_SIGPENDING, 16),
        Limit("nice", resource.RLIMIT_NICE, 0),
        Limit("rtprio", resource.RLIMIT_RTPRIO, 0),
    )


def zygote() -> tuple[Limit, ...]:
    """Of the zygote: its children cannot have more than this, so address space allows the largest worker."""
    return (
        Limit("as", resource.RLIMIT_AS, 4096 * MEBIBYTE),
        Limit("stack", resource.RLIMIT_STACK, STACK),
        Limit("nofile", resource.RLIMIT_NOFILE, 64),
        Limit("fsize", resource.RLIMIT_FSIZE, 0),
        Limit("core", resource.RLIMIT_CORE, 0),
        Limit("memlock", resource.RLIMIT_MEMLOCK, 0),
        Limit("msgqueue", resource.RLIMIT_MSGQUEUE, 0),
        Limit("nice", resource.RLIMIT_NICE, 0),
        Limit("rtprio", resource.RLIMIT_RTPRIO, 0),
    )


def tool(memory: int, cpu: int) -> tuple[Limit, ...]:
    """Of a linter or type checker: files of its own cache, threads of its own, a bounded rest."""
    return (
        Limit("as", resource.RLIMIT_AS, memory),
        Limit("stack", resource.RLIMIT_STACK, STACK),
        Limit("cpu", resource.RLIMIT_CPU, cpu),
        Limit("nofile", resource.RLIMIT_NOFILE, 256),
        Limit("fsize", resource.RLIMIT_FSIZE, 64 * MEBIBYTE),
        Limit("core", resource.RLIMIT_CORE, 0),
        Limit("memlock", resource.RLIMIT_MEMLOCK, 0),
        Limit("msgqueue", resource.RLIMIT_MSGQUEUE, 0),
        Limit("nice", resource.RLIMIT_NICE, 0),
        Limit("rtprio", resource.RLIMIT_RTPRIO, 0),
    )


def lowered(limit: Limit) -> tuple[int, tuple[int, int]]:
    """The arguments of setrlimit for this row, in a process with the limits of this one."""
    _, hard = resource.getrlimit(limit.resource)
    value = limit.value if hard == resource.RLIM_INFINITY else min(limit.value, hard)
    return limit.resource, (value, value)
