"""Checks of arguments by exact type: a subclass could be one thing when checked and another when used."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.policy.errors import GuardRefused

MAX_DATA = 1024 * 1024
MAX_TEXT = 64 * 1024
MAX_NODES = 200_000
MAX_DEPTH = 60


def text(value: object, limit: int = MAX_TEXT) -> str:
    """A plain string of at most `limit` characters."""
    if type(value) is not str:
        raise TypeError(f"expected a string, not {type(value).__name__}")
    if len(value) > limit:
        raise GuardRefused(f"a text of more than {limit} characters is not available here")
    return value


def data(value: object, limit: int = MAX_DATA) -> bytes:
    """Plain bytes of at most `limit`."""
    if type(value) is not bytes:
        raise TypeError(f"expected bytes, not {type(value).__name__}; a string has .encode()")
    if len(value) > limit:
        raise GuardRefused(f"more than {limit} bytes are not available here")
    return value


def whole(value: object, lowest: int, highest: int) -> int:
    """A plain integer within bounds."""
    if type(value) is not int:
        raise TypeError(f"expected an integer, not {type(value).__name__}")
    if not lowest <= value <= highest:
        raise GuardRefused(f"a number from {lowest} to {highest} is needed here")
    return value


def of_types(values: Iterable[object], kinds: tuple[type, ...]) -> list[object]:
    """A list of values whose exact types are among `kinds`."""
    found = list(values)
    for value in found:
        if type(value) not in kinds:
            raise TypeError(f"an object of type {type(value).__name__} is not available here")
    return found


_LEAVES = frozenset({str, int, float, bool, type(None)})


def json_shaped(value: object) -> None:
    """Refuse what is not made of plain dicts with plain string keys, lists, tuples and scalars."""
    nodes = 0
    stack = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        nodes += 1
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise GuardRefused("the value is too large or nests too deeply")
        kind = type(item)
        if kind in _LEAVES:
            continue
        if kind is dict:
            for key in item:  # type: ignore[attr-defined]
                if type(key) is not str:
                    raise TypeError(f"a key must be a string, not {type(key).__name__}")
            stack.extend((child, depth + 1) for child in item.values())  # type: ignore[attr-defined]
        elif kind is list or kind is tuple:
            stack.extend((child, depth + 1) for child in item)  # type: ignore[attr-defined]
        else:
            raise TypeError(f"an object of type {kind.__name__} is not JSON")
