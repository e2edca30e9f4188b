"""`hashlib`: digests of plain bytes; the key derivations burn time by design and are left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from sandbox.policy.attributes import register_api_type
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed
from sandbox.policy.words import words

ALGORITHMS = words(
    """
    md5 sha1 sha224 sha256 sha384 sha512 blake2b blake2s sha3_224 sha3_256 sha3_384 sha3_512
    """
)


_Hash = Any  # the real ones have no type in common


class Digest:
    """A hash in the making."""

    __slots__ = ("_real", "block_size", "digest_size", "name")

    def __init__(self, name: str, data: bytes, size: int | None = None) -> None:
        if size is None:
            self._real: _Hash = hashlib.new(name, exact.data(data), usedforsecurity=False)
        else:
            make = hashlib.blake2b if name == "blake2b" else hashlib.blake2s
            self._real = make(exact.data(data), digest_size=exact.whole(size, 1, make.MAX_DIGEST_SIZE))
        self.name = name
        self.digest_size = self._real.digest_size
        self.block_size = self._real.block_size

    def update(self, data: bytes) -> None:
        """Add data."""
        self._real.update(exact.data(data))

    def digest(self) -> bytes:
        """As bytes."""
        return bytes(self._real.digest())

    def hexdigest(self) -> str:
        """As text."""
        return str(self._real.hexdigest())

    def copy(self) -> Digest:
        """What goes on by itself from here."""
        other = Digest(self.name, b"", self.digest_size if self.name.startswith("blake2") else None)
        other._real = self._real.copy()
        return other


register_api_type(Digest, frozenset({"update", "digest", "hexdigest", "copy", "name", "digest_size", "block_size"}))


def new(name: str, data: bytes = b"", *, usedforsecurity: bool = True) -> Digest:
    """By the name of the algorithm."""
    if type(name) is not str or name.lower() not in ALGORITHMS:
        raise GuardRefused(f"available are {', '.join(ALGORITHMS)}")
    return Digest(name.lower(), data)


def _maker(name: str) -> Callable[..., Digest]:
    def make(data: bytes = b"", *, usedforsecurity: bool = True) -> Digest:
        return Digest(name, data)

    def sized(data: bytes = b"", *, digest_size: int | None = None, usedforsecurity: bool = True) -> Digest:
        return Digest(name, data, digest_size)

    return sized if name.startswith("blake2") else make


_MAKERS = {name: _maker(name) for name in ALGORITHMS}


def algorithm_of(chosen: object) -> str | None:
    """The name of an algorithm, given by its name or by the function of this module."""
    if type(chosen) is str:
        return chosen if chosen in ALGORITHMS else None
    return next((name for name, make in _MAKERS.items() if make is chosen), None)


SPECS = (fixed("hashlib", {"new": new, "algorithms_available": frozenset(ALGORITHMS), **_MAKERS}),)
