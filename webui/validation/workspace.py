"""The folder mypy works in: private to one check, copied from a warm template.

The template holds the stubs, the configuration and mypy's cache of the standard library; it is made once for each
combination of those, by mypy itself. A check gets its own copy (2 MB, a few ms): what hostile code makes of its copy is
thrown away with it, and nobody's names leak into anybody's suggestions.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.metadata
import re
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from webui.validation.tools import FILE, MYPY_CONFIG

STUBS = Path(__file__).parent / "stubs"
MAX_KINDS = 100
STALE_AFTER = 3600.0

# What author code may import: cached beforehand, so that its first use is not the slow one.
WARM_UP = """\
import base64, binascii, bisect, calendar, collections, copy, dataclasses, datetime, decimal, enum, fractions
import functools, hashlib, heapq, hmac, itertools, json, math, operator, random, re, statistics, string, textwrap
import time, types, typing, unicodedata, uuid, zoneinfo
from chakrator import Context, Fail, Retry
from chakrator.kinds import Thing


def reconcile(obj: Thing, ctx: Context) -> None:
    ctx.log.info("warm")
"""

_IMPORT = re.compile(r"^[ \t]*from[ \t]+chakrator\.kinds[ \t]+import[ \t]+(\([^()]*\)|[^\n#;(]*)", re.MULTILINE)
_IMPORTED = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)(?:[ \t\n]+as[ \t\n]+[A-Za-z_][A-Za-z0-9_]*)?$")


def kinds_stub(source: str) -> str:
    """`chakrator.kinds` for one source: an open dict for each kind that it imports."""
    names: set[str] = set()
    for match in _IMPORT.finditer(source):
        listed = re.sub(r"#[^\n]*", "", match.group(1)).strip("()")
        for part in listed.split(","):
            found = _IMPORTED.fullmatch(part.strip())
            if found:
                names.add(found.group(1))
    lines = [f"{name} = dict[str, Any]" for name in sorted(names)[:MAX_KINDS] if name != "Any"]
    return "\n".join(["from typing import Any", "", *lines, ""])


class Workspaces:
    """Makes the template when it is missing, and a private folder for each check."""

    def __init__(self, root: Path, *, warm: Callable[[Path], Awaitable[None]]) -> None:
        self._root = root
        self._warm = warm
        self._lock = asyncio.Lock()
        self._template: Path | None = None

    @asynccontextmanager
    async def private(self, source: str) -> AsyncIterator[Path]:
        """A folder with the source in it, gone afterwards."""
        template = await self.template()
        folder = await asyncio.to_thread(self._copy, template, source)
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[Path]:
        """An empty folder, gone afterwards: no configuration file is found there."""
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="check-", dir=self._root))
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def template(self) -> Path:
        """The warm template; made on first use, one at a time, visible only when it is whole."""
        if self._template is not None:
            return self._template
        async with self._lock:
            if self._template is None:
                wanted = self._root / f"types-{self._key()}"
                if not await asyncio.to_thread(wanted.is_dir):
                    await self._build(wanted)
                self._template = wanted
            return self._template

    async def _build(self, wanted: Path) -> None:
        fresh = await asyncio.to_thread(self._lay_out)
        try:
            await self._warm(fresh)
            await asyncio.to_thread(_publish, fresh, wanted)
        finally:
            await asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True)

    def _lay_out(self) -> Path:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()
        fresh = Path(tempfile.mkdtemp(prefix="new-", dir=self._root))
        shutil.copytree(STUBS / "chakrator", fresh / "chakrator")
        (fresh / "mypy.ini").write_text(MYPY_CONFIG)
        _write(fresh, WARM_UP)
        return fresh

    def _copy(self, template: Path, source: str) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="check-", dir=self._root))
        shutil.copytree(template, folder, dirs_exist_ok=True)
        _write(folder, source)
        return folder

    def _sweep(self) -> None:
        """What a killed process left behind."""
        limit = time.time() - STALE_AFTER
        for prefix in ("check-", "new-"):
            for folder in self._root.glob(f"{prefix}*"):
                if folder.stat().st_mtime < limit:
                    shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def _key() -> str:
        """Whatever changes what mypy would cache."""
        parts = [MYPY_CONFIG, WARM_UP, sys.version, importlib.metadata.version("mypy")]
        parts += [path.read_text() for path in sorted((STUBS / "chakrator").glob("*.pyi"))]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _write(folder: Path, source: str) -> None:
    (folder / "chakrator" / "kinds.pyi").write_text(kinds_stub(source), encoding="utf-8")
    (folder / FILE).write_text(source, encoding="utf-8", newline="")


def _publish(fresh: Path, wanted: Path) -> None:
    try:
        fresh.rename(wanted)
    except OSError:
        # Another process was quicker; its template is as good.
        if not wanted.is_dir():
            raise
