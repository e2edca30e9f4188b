"""The packets between host and zygote, over a SEQPACKET socket: one packet, one message.

The zygote never sees a byte of an author or of a worker, so it is trusted as our own code is; the
strictness here catches mistakes, not enemies, and a mistake ends the zygote all the same. Descriptors
travel beside the packet (SCM_RIGHTS): the worker's socket with `Fork`, the worker's pidfd with `Forked`.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from sandbox.wire.frames import MALFORMED
from sandbox.wire.messages import Message

MAX_PACKET = 16 * 1024
_MSG_CTRUNC, _MSG_TRUNC = 0x08, 0x20  # of Linux; nothing here opens a socket, so none is imported


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

T = TypeVar("T")
_encoder = msgspec.json.Encoder()
_to_zygote: msgspec.json.Decoder[ToZygote] = msgspec.json.Decoder(ToZygote)
_from_zygote: msgspec.json.Decoder[FromZygote] = msgspec.json.Decoder(FromZygote)


class ControlError(Exception):
    """A packet that the other end cannot have meant: there is no next one."""


def encode(message: ToZygote | FromZygote) -> bytes:
    """The packet of `message`; ControlError when it does not fit."""
    packet = _encoder.encode(message)
    if len(packet) > MAX_PACKET:
        raise ControlError(f"a packet of {len(packet)} bytes, allowed are {MAX_PACKET}")
    return packet


def decode_to_zygote(packet: bytes, fds: int, flags: int) -> ToZygote:
    """What a host asks for; it came with so many descriptors, and recvmsg() said `flags`."""
    message = _decode(_to_zygote, packet, flags)
    _expect(int(isinstance(message, Fork)), fds, flags)
    return message


def decode_from_zygote(packet: bytes, fds: int, flags: int) -> FromZygote:
    """What a zygote reports. A `Forked` without its descriptor is one that the kernel had no room for here."""
    message = _decode(_from_zygote, packet, flags)
    no_room = isinstance(message, Forked) and not fds and flags & _MSG_CTRUNC
    if not no_room:
        _expect(int(isinstance(message, Forked)), fds, flags)
    return message


def _expect(number: int, fds: int, flags: int) -> None:
    if flags & _MSG_CTRUNC or fds != number:
        raise ControlError(
            f"{number} descriptors belong to this packet, not {fds}{' or more' if flags & _MSG_CTRUNC else ''}"
        )


def _decode(decoder: msgspec.json.Decoder[T], packet: bytes, flags: int) -> T:
    if flags & _MSG_TRUNC:
        raise ControlError(f"a packet of more than {MAX_PACKET} bytes")
    try:
        return decoder.decode(packet)
    except MALFORMED as error:
        raise ControlError(f"not a packet of this protocol: {type(error).__name__}") from None
