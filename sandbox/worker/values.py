"""From an author's values to JSON bytes: exact builtin types within a budget, and only then an encoder in C.

The check walks level by level: a value that contains itself, or shares its parts until it is huge,
meets the budget before anything is copied. Exact types run no author code, so what was checked is
what is encoded.
"""

from __future__ import annotations

import math
from collections import OrderedDict, defaultdict

import msgspec

from sandbox.wire import limits

_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1
_DICTS = frozenset({dict, defaultdict, OrderedDict})  # exact types, whose iteration runs no author code
_LISTS = frozenset({list, tuple})
_encoder = msgspec.json.Encoder()


class LimitReached(BaseException):
    """A limit of the run; not an Exception, so that no author's `except` can go on after it."""


def encode(value: object, what: str) -> bytes:
    """`value` as JSON. TypeError and ValueError are the author's mistake, LimitReached is the budget."""
    _check(value, what)
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        raise ValueError(f"{what}: a text holds half of a surrogate pair") from None


def _check(root: object, what: str) -> None:
    level: list[object] = [[root]]
    nodes = 0
    size = 0
    for _ in range(limits.MAX_DEPTH):
        deeper: list[object] = []
        for container in level:
            if isinstance(container, dict):
                for key in container:
                    if type(key) is not str:
                        raise TypeError(f"{what}: a key is {_article(key)}; keys are texts")
                    size += len(key)
                members = container.values()
            else:
                members = container  # type: ignore[assignment]  # a list or tuple, see below
            nodes += len(members)
            if nodes > limits.MAX_NODES:
                raise LimitReached(f"{what}: more than {limits.MAX_NODES} values")
            for member in members:
                kind = type(member)
                if kind is str:
                    size += len(member)
                elif kind in _LISTS or kind in _DICTS:
                    deeper.append(member)
                elif kind is not bool and member is not None:
                    _check_number(member, what)
        if size > limits.MAX_FRAME_FROM_WORKER:
            raise LimitReached(f"{what}: larger than {limits.MAX_FRAME_FROM_WORKER} bytes")
        if not deeper:
            return
        level = deeper
    raise ValueError(f"{what}: nests deeper than {limits.MAX_DEPTH} levels, or contains itself")


def _check_number(value: object, what: str) -> None:
    kind = type(value)
    if kind is int:
        if not _MIN_INT <= value <= _MAX_INT:  # type: ignore[operator]
            raise ValueError(f"{what}: an integer is beyond 64 bits")
    elif kind is float:
        if not math.isfinite(value):  # type: ignore[arg-type]
            raise ValueError(f"{what}: {value} is not a JSON number")
    else:
        raise TypeError(f"{what}: {_article(value)} is not a JSON value")


def _article(value: object) -> str:
    name = type(value).__name__[:64]
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"


def cut(text: str, length: int = limits.MAX_TEXT) -> str:
    """`text` as it may travel: at most `length` characters, and no half of a surrogate pair."""
    if type(text) is not str:
        text = str.__str__(text)  # a subclass answers for its length and its letters by itself
    if len(text) > length:
        text = text[: length - 1] + "…"
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
