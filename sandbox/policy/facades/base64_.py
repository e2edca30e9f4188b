"""`base64` of at most 1 MiB."""

from __future__ import annotations

import base64
from collections.abc import Callable

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed


def _encoder(real: Callable[[bytes], bytes]) -> Callable[[object], bytes]:
    def encode(s: object) -> bytes:
        return real(exact.data(s))

    return encode


def _raw(s: object) -> bytes:
    return exact.text(s, exact.MAX_DATA).encode("ascii") if type(s) is str else exact.data(s)


def _decoder(real: Callable[[bytes], bytes]) -> Callable[[object], bytes]:
    def decode(s: object) -> bytes:
        return real(_raw(s))

    return decode


def b64decode(s: object, *, validate: bool = False) -> bytes:
    """Standard alphabet."""
    return base64.b64decode(_raw(s), validate=bool(validate))


SPECS = (
    fixed(
        "base64",
        {
            "b64encode": _encoder(base64.b64encode),
            "b64decode": b64decode,
            "standard_b64encode": _encoder(base64.standard_b64encode),
            "standard_b64decode": _decoder(base64.standard_b64decode),
            "urlsafe_b64encode": _encoder(base64.urlsafe_b64encode),
            "urlsafe_b64decode": _decoder(base64.urlsafe_b64decode),
            "b32encode": _encoder(base64.b32encode),
            "b32decode": _decoder(base64.b32decode),
            "b16encode": _encoder(base64.b16encode),
            "b16decode": _decoder(base64.b16decode),
        },
    ),
)
