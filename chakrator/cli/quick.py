"""`check` and `dry-run` without the framework of the other commands: it loads longer than a hundred runs take.

Only what is plainly right is taken. A call for help, a typo, a value out of range, anything in doubt is left to
the framework, which says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chakrator.cli import offline
from chakrator.cli.output import Format


class _Doubt(Exception):
    """Not for us."""


def _path(text: str) -> Path:
    return Path(text)


def _seconds(text: str) -> float:
    lowest, highest = offline.TIMEOUTS
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) or not lowest <= float(text) <= highest:
        raise _Doubt
    return float(text)


def _mebibytes(text: str) -> int:
    lowest, highest = offline.MEMORIES
    if not re.fullmatch(r"[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
        raise _Doubt
    return int(text)


def _format(text: str) -> Format:
    if text not in tuple(Format):
        raise _Doubt
    return Format(text)


_Options = Mapping[str, tuple[str, Callable[[str], object]]]
_OUTPUT: _Options = {"-o": ("output", _format), "--output": ("output", _format)}
CHECK: _Options = {"--namespace": ("namespace", str), "--reconciler": ("reconciler", str), **_OUTPUT}
DRY_RUN: _Options = {
    "--object": ("objects", _path),
    "--state": ("state", _path),
    "--timeout": ("timeout", _seconds),
    "--memory": ("memory", _mebibytes),
    **_OUTPUT,
}


def take(arguments: Sequence[str]) -> Callable[[], None] | None:
    """The command that these arguments call for, ready to go; None: ask the framework."""
    try:
        if arguments[:1] == ["check"]:
            return partial(offline.check, **_read(arguments[1:], CHECK, ()))
        if arguments[:1] == ["dry-run"]:
            return partial(offline.dry_run, **_read(arguments[1:], DRY_RUN, ("objects",)))
    except _Doubt:
        return None
    return None


def _read(arguments: Sequence[str], options: _Options, many: Sequence[str]) -> dict[str, Any]:
    values: dict[str, object] = {}
    lists: dict[str, list[object]] = {name: [] for name in many}
    rest = iter(arguments)
    for argument in rest:
        name, convert = options.get(argument, ("", _path))
        text = next(rest, "") if name else argument
        if not text or text.startswith("-") or (not name and "file" in values):
            raise _Doubt
        if name in lists:
            lists[name].append(convert(text))
        elif name in values:
            raise _Doubt
        else:
            values[name or "file"] = convert(text)
    if "file" not in values or not all(lists.values()):
        raise _Doubt
    return values | lists
