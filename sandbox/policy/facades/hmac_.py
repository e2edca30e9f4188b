"""`hmac` of at most 1 MiB, over the algorithms of `hashlib`, and `binascii`'s few plain functions."""

from __future__ import annotations

import binascii
import hmac
from types import BuiltinFunctionType

from sandbox.policy.attributes import register_api_type
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed
from sandbox.policy.facades.hashlib_ import ALGORITHMS, algorithm_of


def _algorithm(digestmod: object) -> str:
    name = algorithm_of(digestmod)
    if name is None:
        raise GuardRefused(f"digestmod is one of {', '.join(ALGORITHMS)}, or such a function of hashlib")
    return name


class Code:
    """A keyed hash in the making."""

    __slots__ = ("_real", "digest_size", "name")

    def __init__(self, key: bytes, msg: bytes, name: str) -> None:
        self._real = hmac.new(exact.data(key), exact.data(msg), name)
        self.name = f"hmac-{name}"
        self.digest_size = self._real.digest_size

    def update(self, msg: bytes) -> None:
        """Add data."""
        self._real.update(exact.data(msg))

    def digest(self) -> bytes:
        """As bytes."""
        return self._real.digest()

    def hexdigest(self) -> str:
        """As text."""
        return self._real.hexdigest()


register_api_type(Code, ("update", "digest", "hexdigest", "name", "digest_size"))


def new(key: bytes, msg: bytes | None = None, digestmod: object = "") -> Code:
    """A keyed hash."""
    return Code(key, b"" if msg is None else msg, _algorithm(digestmod))


def digest(key: bytes, msg: bytes, digest: object) -> bytes:
    """A keyed hash at once."""
    return Code(key, msg, _algorithm(digest)).digest()


def compare_digest(a: object, b: object) -> bool:
    """Whether two texts or two bytes are the same, in a time that does not tell where they differ."""
    if type(a) is str and type(b) is str:
        return hmac.compare_digest(exact.text(a), exact.text(b))
    return hmac.compare_digest(exact.data(a), exact.data(b))


def _on_bytes(real: BuiltinFunctionType) -> object:
    def call(data: object) -> object:
        return real(exact.text(data, exact.MAX_DATA) if type(data) is str else exact.data(data))

    return call


def hexlify(data: bytes) -> bytes:
    """Bytes as hexadecimal digits."""
    return binascii.hexlify(exact.data(data))


def crc32(data: bytes, value: int = 0) -> int:
    """A checksum."""
    return binascii.crc32(exact.data(data), exact.whole(value, 0, (1 << 32) - 1))


_UNHEX = _on_bytes(binascii.unhexlify)  # type: ignore[arg-type]
SPECS = (
    fixed("hmac", {"new": new, "digest": digest, "compare_digest": compare_digest}),
    fixed(
        "binascii",
        {
            "Error": binascii.Error,
            "hexlify": hexlify,
            "b2a_hex": hexlify,
            "unhexlify": _UNHEX,
            "a2b_hex": _UNHEX,
            "crc32": crc32,
        },
    ),
)
