"""`str.encode` and `bytes.decode` with three encodings; the real ones import a module by a given name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sandbox.policy.errors import GuardRefused

_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "ascii": "ascii", "us-ascii": "ascii", "latin-1": "latin-1"}
_ERRORS = frozenset({"strict", "ignore", "replace", "backslashreplace"})


def _chosen(encoding: object, errors: object) -> tuple[str, str]:
    known = _ENCODINGS.get(encoding.lower()) if type(encoding) is str else None
    if known is None or type(errors) is not str or errors not in _ERRORS:
        raise GuardRefused("available encodings are utf-8, ascii and latin-1, errors strict, ignore and replace")
    return known, errors


def encode(text: str, encoding: str = "utf-8", errors: str = "strict") -> bytes:
    """`str.encode`; the method of texts that are members of an enumeration too."""
    return str.encode(text, *_chosen(encoding, errors))


def _encode(text: object) -> Callable[..., bytes]:
    def bound(encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return encode(text, encoding, errors)  # type: ignore[arg-type]

    return bound


def _decode(data: object) -> Callable[..., str]:
    def decode(encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes.decode(data, *_chosen(encoding, errors))  # type: ignore[arg-type]

    return decode


# Names that the table leaves out on an exact type, and what is handed out in their place.
REPLACED: Mapping[tuple[type, str], Callable[[object], object]] = MappingProxyType(
    {(str, "encode"): _encode, (bytes, "decode"): _decode}
)
