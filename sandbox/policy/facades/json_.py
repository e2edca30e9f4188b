"""`json` over plain data: no hooks, which would be called with objects that are not the author's."""

from __future__ import annotations

import json

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed


def loads(s: object) -> object:
    """Read at most 1 MiB of JSON."""
    if type(s) is bytes:
        return json.loads(exact.data(s))
    return json.loads(exact.text(s, exact.MAX_DATA))


def dumps(
    obj: object,
    *,
    indent: int | None = None,
    sort_keys: bool = False,
    separators: tuple[str, str] | None = None,
    ensure_ascii: bool = True,
) -> str:
    """Write plain data; anything else is a TypeError."""
    exact.json_shaped(obj)
    if indent is not None:
        exact.whole(indent, 0, 16)
    if separators is not None:
        item, key = separators
        separators = exact.text(item, 16), exact.text(key, 16)
    return json.dumps(
        obj, indent=indent, sort_keys=bool(sort_keys), separators=separators, ensure_ascii=bool(ensure_ascii)
    )


SPECS = (fixed("json", {"loads": loads, "dumps": dumps, "JSONDecodeError": json.JSONDecodeError}),)
