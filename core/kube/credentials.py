"""Tokens that change while we run: read again when their file changes, asked again of their plugin."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from core.errors import Invalid

REREAD_AFTER = 60.0  # a projected volume swaps a symlink: its mtime need not tell
PLUGIN_TIMEOUT = 10.0


class TokenSource(Protocol):
    """Where our own bearer token comes from."""

    async def authorization(self, *, force: bool = False) -> str:
        """The value of the header, scheme included; `force` after a 401. Raises only when there never was one."""


class TokenFile:
    """A file that holds a token; the last good content stays while the file cannot be read."""

    def __init__(self, path: Path, *, monotonic: Callable[[], float]) -> None:
        self._path = path
        self._monotonic = monotonic
        self._token = ""
        self._stamp: tuple[int, int] | None = None
        self._read_at = 0.0

    async def authorization(self, *, force: bool = False) -> str:
        """`Bearer …`. Raises Invalid when the file never held a token."""
        with contextlib.suppress(OSError):
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino)
            now = self._monotonic()
            if force or stamp != self._stamp or now - self._read_at >= REREAD_AFTER:
                self._token = self._path.read_text(encoding="ascii", errors="replace").strip() or self._token
                self._stamp, self._read_at = stamp, now
        if not self._token:
            raise Invalid(f"the token file {self._path} is missing or empty")
        return f"Bearer {self._token}"


class Plugin(Protocol):
    """A kubeconfig's exec plugin, as the loader runs it."""

    async def renew(self, *, force: bool) -> None:
        """Runs it when its token is over, has no end, or with `force`; a failure keeps the token."""

    @property
    def token(self) -> str:
        """The value of the header, scheme included."""


class PluginToken:
    """The token of an exec plugin: one run at a time, not more than one a minute unless the token was refused."""

    def __init__(self, plugin: Plugin, *, monotonic: Callable[[], float]) -> None:
        self._plugin = plugin
        self._monotonic = monotonic
        self._asked_at = monotonic()
        self._lock = asyncio.Lock()

    async def authorization(self, *, force: bool = False) -> str:
        """The plugin's newest token; one that hangs or fails leaves the old one."""
        if not force and self._monotonic() - self._asked_at < REREAD_AFTER:
            return self._plugin.token
        before = self._plugin.token
        async with self._lock:
            waited_for_another = self._plugin.token != before
            if not waited_for_another:
                self._asked_at = self._monotonic()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PLUGIN_TIMEOUT):
                        await self._plugin.renew(force=force)
        return self._plugin.token
