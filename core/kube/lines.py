"""Splits a byte stream into lines without a small limit.

A ConfigMap with 1 MB of `<` is a line of 6,000,401 bytes (`<` is escaped as six characters), and
aiohttp's own reader gives up at twice its buffer: one such object would blind a watch for ever.
"""

from __future__ import annotations

from core.kube.errors import LineTooLong

LINE_CAP = 32 * 1024 * 1024


class LineSplitter:
    """Keeps the unfinished line as a list of chunks, so that a long one costs linear time."""

    def __init__(self, cap: int = LINE_CAP) -> None:
        self._cap = cap
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def pending(self) -> int:
        """Bytes of a line that has no end yet; a stream that ends with some lost that line."""
        return self._size

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes, without their ends and without empty ones. Raises LineTooLong."""
        head, newline, rest = chunk.partition(b"\n")
        if not newline:
            self._keep(chunk)
            return []
        self._keep(head)
        lines = [b"".join(self._parts)]
        *middle, tail = rest.split(b"\n")
        self._refuse_over_cap(max(map(len, middle), default=0))
        lines += middle
        self._parts, self._size = [], 0
        self._keep(tail)
        return [line for line in lines if line]

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        self._refuse_over_cap(self._size)
        if part:
            self._parts.append(part)

    def _refuse_over_cap(self, size: int) -> None:
        if size > self._cap:
            raise LineTooLong(f"a line of the watch is over {self._cap} bytes")
