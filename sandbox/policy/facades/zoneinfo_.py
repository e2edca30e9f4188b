"""`zoneinfo`: the time zone database, read once while files can still be opened, and bounded.

A zone's data is kept as bytes and made into a zone when it is first asked for. Where the host has no
database there is UTC, and every other zone is not found.
"""

# ruff: noqa: PTH113, PTH118 - six hundred files are read whenever a zygote starts, and `pathlib` would double that
from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from io import BytesIO
from types import MappingProxyType, ModuleType

from sandbox.policy.attributes import register_api_type
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed


class _Configuration(ModuleType):
    """Stands for `sysconfig` while `zoneinfo` is loaded.

    The real one brings `threading` with it from Python 3.12 on, and that a hook on every fork; all that is asked of
    it is one path, and this is where it has it from.
    """

    @staticmethod
    def get_config_var(name: str) -> object:
        """What the interpreter was built with."""
        multiarch = getattr(sys.implementation, "_multiarch", "")
        built = import_module(f"_sysconfigdata_{sys.abiflags}_{sys.platform}_{multiarch}")
        return built.build_time_vars.get(name)


if "sysconfig" in sys.modules or "zoneinfo" in sys.modules:
    import zoneinfo
else:
    sys.modules["sysconfig"] = _Configuration("sysconfig")
    try:
        import zoneinfo
    finally:
        del sys.modules["sysconfig"]

MAX_ZONES = 1_000
MAX_ZONE_BYTES = 16 * 1024
MAX_KEY = 100
# The smallest file of its kind, for a host without a database: version 1, one offset of zero.
_UTC = b"TZif" + bytes(16) + b"".join(n.to_bytes(4, "big") for n in (0, 0, 0, 0, 1, 4)) + bytes(6) + b"UTC\0"

register_api_type(zoneinfo.ZoneInfo, ("key", "utcoffset", "dst", "tzname"))


def _roots() -> Iterator[str]:
    """Where the interpreter looks for the database, then where the `tzdata` package has it."""
    yield from zoneinfo.TZPATH
    for folder in sys.path:
        yield os.path.join(folder, "tzdata", "zoneinfo")


def _files(root: str, prefix: str = "") -> Iterator[str]:
    with os.scandir(os.path.join(root, prefix)) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in ("posix", "right", "__pycache__"):
                    yield from _files(root, f"{prefix}{entry.name}/")
            elif "." not in entry.name:
                yield prefix + entry.name


def _read(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(file, MAX_ZONE_BYTES + 1)
    finally:
        os.close(file)


@cache
def database() -> Mapping[str, bytes]:
    """The data of every zone. Called before the cage closes; what it leaves out cannot be had later."""
    found = {"UTC": _UTC}
    root = next((root for root in _roots() if os.path.isfile(os.path.join(root, "Etc", "UTC"))), None)
    for name in itertools.islice(() if root is None else _files(root), MAX_ZONES):
        data = _read(os.path.join(root or "", name))
        if data.startswith(b"TZif") and len(data) <= MAX_ZONE_BYTES:
            found[name] = data
    return MappingProxyType(found)


@cache
def _zone(key: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo.from_file(BytesIO(database()[key]), key=key)


def zone(key: str) -> zoneinfo.ZoneInfo:
    """The zone of that name; the same object for the same name."""
    if exact.text(key, MAX_KEY) not in database():
        raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}")
    return _zone(key)


def available_timezones() -> set[str]:
    """The names of all zones."""
    return set(database())


SPECS = (
    fixed(
        "zoneinfo",
        {
            "ZoneInfo": zone,
            "ZoneInfoNotFoundError": zoneinfo.ZoneInfoNotFoundError,
            "available_timezones": available_timezones,
        },
    ),
)
