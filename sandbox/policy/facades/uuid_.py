"""`uuid`: random ones from the run's seed, named ones, and parsing. No host identifiers."""

from __future__ import annotations

import binascii
import builtins
import hashlib
import random
from collections.abc import Mapping
from functools import total_ordering

from sandbox.policy.attributes import register_api_type
from sandbox.policy.env import RunEnv
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import seeded

_NAMESPACES = {"NAMESPACE_DNS": 0x6BA7B810, "NAMESPACE_URL": 0x6BA7B811, "NAMESPACE_OID": 0x6BA7B812}
_NAMESPACES |= {"NAMESPACE_X500": 0x6BA7B814}
_NAMESPACE_TAIL = 0x9DAD11D180B400C04FD430C8


@total_ordering
class UUID:
    """128 bits with a canonical text."""

    __slots__ = ("bytes", "hex", "int", "urn", "version")

    def __init__(self, hex: str | None = None, *, bytes: bytes | None = None, int: int | None = None) -> None:
        if sum(given is not None for given in (hex, bytes, int)) != 1:
            raise TypeError("one of hex, bytes and int is needed")
        if int is not None:
            raw = exact.whole(int, 0, (1 << 128) - 1).to_bytes(16, "big")
        elif bytes is None:
            digits = exact.text(hex, 64).removeprefix("urn:uuid:").strip("{}").replace("-", "")
            if len(digits) != 32 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
                raise ValueError("badly formed hexadecimal UUID string")
            raw = binascii.unhexlify(digits)
        else:
            raw = exact.data(bytes, 16)
            if len(raw) != 16:
                raise ValueError("a UUID has 16 bytes")
        self.bytes = raw
        self.hex = raw.hex()
        self.int = builtins.int.from_bytes(raw, "big")
        self.urn = f"urn:uuid:{self}"
        self.version = raw[6] >> 4 if raw[8] >> 6 == 2 else None

    def __str__(self) -> str:
        text = self.hex
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def __repr__(self) -> str:
        return f"UUID('{self}')"

    def __eq__(self, other: object) -> bool:
        return self.int == other.int if type(other) is UUID else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.int < other.int if type(other) is UUID else NotImplemented

    def __hash__(self) -> int:
        return hash(self.bytes)


register_api_type(UUID, frozenset({"bytes", "hex", "int", "urn", "version"}))


def _versioned(raw: bytes, version: int) -> UUID:
    marked = bytearray(raw[:16])
    marked[6] = marked[6] & 0x0F | version << 4
    marked[8] = marked[8] & 0x3F | 0x80
    return UUID(bytes=bytes(marked))


def _named(namespace: UUID, name: str, algorithm: str, version: int) -> UUID:
    if type(namespace) is not UUID:
        raise TypeError("the namespace must be a UUID")
    digest = hashlib.new(algorithm, namespace.bytes + exact.text(name).encode(), usedforsecurity=False)
    return _versioned(digest.digest(), version)


def uuid3(namespace: UUID, name: str) -> UUID:
    """Named, by MD5."""
    return _named(namespace, name, "md5", 3)


def uuid5(namespace: UUID, name: str) -> UUID:
    """Named, by SHA-1."""
    return _named(namespace, name, "sha1", 5)


def _build(env: RunEnv) -> Mapping[str, object]:
    source = random.Random(b"uuid" + env.seed)  # noqa: S311 - replay is the purpose, not secrecy

    def uuid4() -> UUID:
        return _versioned(source.randbytes(16), 4)

    known = {
        name: UUID(bytes=((head << 96) | _NAMESPACE_TAIL).to_bytes(16, "big")) for name, head in _NAMESPACES.items()
    }
    return {"UUID": UUID, "uuid3": uuid3, "uuid4": uuid4, "uuid5": uuid5, **known}


SPECS = (seeded("uuid", frozenset({"UUID", "uuid3", "uuid4", "uuid5", *_NAMESPACES}), _build),)
