"""The packets between host and zygote, over a SEQPACKET socket: one packet, one message.

The zygote never sees a byte of an author or of a worker, so it is trusted as our own code is; the
strictness here catches mistakes, not enemies. Descriptors travel beside the packet (SCM_RIGHTS):
the worker's socket with `Fork`, the worker's pidfd with `Forked`.
"""

from __future__ import annotations

import msgspec

from sandbox.wire.messages import Message

MAX_PACKET = 16 * 1024


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the zygote is told once, on its command line. `parent` is the pid it must be a child of."""

    parent: int
    uid: int
    allow_degraded: list[str] = []
    disable_policy: bool = False


class Fork(Message, frozen=True, tag="fork"):
    """Make worker `n`, caged, with this many bytes of address space."""

    n: int
    memory: int


class Reap(Message, frozen=True, tag="reap"):
    """Worker `n` is dead: collect it and say how it ended."""

    n: int


class Allow(Message, frozen=True, tag="allow"):
    """Move the soft CPU limit of worker `n` to so many seconds; there is no answer."""

    n: int
    cpu: int


class Up(Message, frozen=True, tag="up"):
    """The zygote is warm and caged, and its canaries died as they must. `layers`: name → state."""

    layers: dict[str, str]
    policy: str


class Broken(Message, frozen=True, tag="broken"):
    """The zygote cannot offer the whole cage, and has left."""

    layer: str
    why: str


class Forked(Message, frozen=True, tag="forked"):
    """Worker `n` runs as `pid`; its pidfd is beside."""

    n: int
    pid: int


class NotForked(Message, frozen=True, tag="not-forked"):
    """Worker `n` could not be made."""

    n: int
    why: str


class Reaped(Message, frozen=True, tag="reaped"):
    """Worker `n` ended: a wait status as of waitpid, CPU seconds, peak resident bytes."""

    n: int
    status: int
    cpu: float
    peak: int


ToZygote = Fork | Reap | Allow
FromZygote = Up | Broken | Forked | NotForked | Reaped
