"""`copy` of plain data; the real one calls `__reduce_ex__` and has a table that anybody may change."""

from __future__ import annotations

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed


def _deep(value: object) -> object:
    if type(value) is dict:
        return {key: _deep(item) for key, item in value.items()}
    if type(value) is list:
        return [_deep(item) for item in value]
    if type(value) is tuple:
        return tuple(_deep(item) for item in value)
    return value


def deepcopy(x: object) -> object:
    """A deep copy of JSON-shaped data."""
    exact.json_shaped(x)
    return _deep(x)


def copy(x: object) -> object:
    """A shallow copy of a plain dict, list or set."""
    if type(x) is dict or type(x) is list or type(x) is set:
        return x.copy()
    exact.json_shaped(x)
    return x


SPECS = (fixed("copy", {"copy": copy, "deepcopy": deepcopy}),)
