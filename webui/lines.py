"""Waiting in line by key: who comes with the same key is served after those before, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from webui.errors import Problem


class LineFull(Problem):
    """503: so many wait already that one more would wait too long."""

    def __init__(self) -> None:
        super().__init__(503, "unavailable", "too many requests at once", headers={"Retry-After": "1"})


@dataclass(slots=True)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Lines:
    """A line for each key, there as long as somebody stands in it.

    `length`: how many may stand in one, the one that is served among them; `lines`: how many lines there may be.
    """

    def __init__(self, *, length: int = 10_000, lines: int = 10_000) -> None:
        self._length = length
        self._most = lines
        self._lines: dict[Hashable, _Line] = {}

    def __len__(self) -> int:
        return len(self._lines)

    @asynccontextmanager
    async def turn(self, key: Hashable) -> AsyncIterator[None]:
        """Waits for its turn, and lets the next one go at the end of the block. Raises LineFull at once."""
        line = self._lines.get(key)
        if line is None:
            if len(self._lines) >= self._most:
                raise LineFull
            line = self._lines[key] = _Line()
        elif line.users >= self._length:
            raise LineFull
        line.users += 1
        try:
            async with line.lock:
                yield
        finally:
            line.users -= 1
            if not line.users:
                del self._lines[key]
