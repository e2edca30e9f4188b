"""`hashlib`: digests of plain bytes; the key derivations burn time by design and are left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sandbox.policy.attributes import register_api_type
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed

_ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256", "sha3_512")


class Digest:
    """A hash in the making."""

    __slots__ = ("_real", "digest_size", "name")

    def __init__(self, name: str, data: bytes) -> None:
        self._real = hashlib.new(name, exact.data(data), usedforsecurity=False)
        self.name = name
        self.digest_size = self._real.digest_size

    def update(self, data: bytes) -> None:
        """Add data."""
        self._real.update(exact.data(data))

    def digest(self) -> bytes:
        """As bytes."""
        return self._real.digest()

    def hexdigest(self) -> str:
        """As text."""
        return self._real.hexdigest()


register_api_type(Digest, frozenset({"update", "digest", "hexdigest", "name", "digest_size"}))


def new(name: str, data: bytes = b"") -> Digest:
    """By the name of the algorithm."""
    if type(name) is not str or name not in _ALGORITHMS:
        raise GuardRefused(f"available are {', '.join(_ALGORITHMS)}")
    return Digest(name, data)


def _maker(name: str) -> Callable[..., Digest]:
    def make(data: bytes = b"", *, usedforsecurity: bool = True) -> Digest:
        return Digest(name, data)

    return make


SPECS = (fixed("hashlib", {"new": new, **{name: _maker(name) for name in _ALGORITHMS}}),)
