"""`base64` of at most 1 MiB."""

from __future__ import annotations

import base64
from collections.abc import Callable

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed


def b64encode(s: object, altchars: object = None) -> bytes:
    """Standard alphabet, or with two other characters."""
    return base64.b64encode(exact.data(s), None if altchars is None else exact.data(altchars, 2))


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


def b64decode(s: object, altchars: object = None, validate: bool = False) -> bytes:
    """Standard alphabet, or with two other characters."""
    return base64.b64decode(_raw(s), None if altchars is None else exact.data(altchars, 2), validate=bool(validate))


SPECS = (
    fixed(
        "base64",
        {
            "b64encode": b64encode,
            "b64decode": b64decode,
            "standard_b64encode": _encoder(base64.standard_b64encode),
            "standard_b64decode": _decoder(base64.standard_b64decode),
            "urlsafe_b64encode": _encoder(base64.urlsafe_b64encode),
            "urlsafe_b64decode": _decoder(base64.urlsafe_b64decode),
            "b32encode": _encoder(base64.b32encode),
            "b32decode": _decoder(base64.b32decode),
            "b32hexencode": _encoder(base64.b32hexencode),
            "b32hexdecode": _decoder(base64.b32hexdecode),
            "b85encode": _encoder(base64.b85encode),
            "b85decode": _decoder(base64.b85decode),
            "encodebytes": _encoder(base64.encodebytes),
            "decodebytes": _decoder(base64.decodebytes),
            "b16encode": _encoder(base64.b16encode),
            "b16decode": _decoder(base64.b16decode),
        },
    ),
)
