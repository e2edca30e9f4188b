"""The run's log: `print` and `ctx.log` in, capped lines out, flushed early only when a run takes long."""

from __future__ import annotations

import time
from collections.abc import Callable

from sandbox.wire import limits
from sandbox.wire.messages import LogLine
from sandbox.worker.headroom import DEPTH, probe
from sandbox.worker.values import LimitReached, cut, encode

_FLUSH_AFTER = 0.25
_MAX_FIELDS = 32
_FIELD_NAME = 64
CUT = "… the rest of the log was cut"


class RunLog:
    """Lines of one run, at most `lines` of them and 16 KB in all; what does not fit is counted."""

    def __init__(self, lines: int, flush: Callable[[list[LogLine]], None]) -> None:
        self._left = min(lines, limits.MAX_LOG_LINES - 1)
        self._bytes = limits.MAX_LOG_BYTES
        self._flush = flush
        self._frames = limits.MAX_LOG_FRAMES
        self._flushed = time.monotonic()
        self._partial = ""
        self._lines: list[LogLine] = []
        self._open = True
        self._cut = False
        self.dropped = 0

    def print(self, text: str) -> None:
        """The sink of `print`: whole lines become entries, the rest waits for its newline."""
        if not self._open:
            return
        try:
            probe(DEPTH + 4)  # once begun, no line of it is lost in `add`
            *whole, partial = (self._partial + text).split("\n", limits.MAX_LOG_LINES)
        except (RecursionError, MemoryError):
            self._drop(1)
            raise
        self._partial = partial
        for line in whole:
            self.add("info", line, {})
        if len(self._partial) > limits.MAX_TEXT:
            self._end_partial()

    def say(self, level: str, message: str) -> None:
        """The sink of `logging`."""
        self.add(level, message, {})

    def add(self, level: str, message: str, fields: dict[str, str]) -> None:
        """One entry, or one more dropped."""
        if not self._open:
            return
        try:
            probe()
            line = LogLine(level=level, message=cut(message), fields=fields)
        except (RecursionError, MemoryError):
            self._drop(1)
            raise
        size = len(line.message) + sum(len(name) + len(value) for name, value in fields.items())
        if self._left <= 0 or size > self._bytes:
            if not self._cut:
                self._cut = True
                self._lines.append(LogLine(level="warning", message=CUT))
            self._drop(1)
            return
        self._left -= 1
        self._bytes -= size
        self._lines.append(line)
        now = time.monotonic()
        if now - self._flushed > _FLUSH_AFTER and self._frames > 0:
            self._flushed = now
            self._frames -= 1
            lines = self._take()
            try:
                self._flush(lines)
            except Exception:  # none of it was said; a deadline, which is no Exception, comes after the frame
                self._drop(len(lines))
                raise

    def close(self) -> list[LogLine]:
        """The lines not flushed yet; nothing is taken after this."""
        self._end_partial()
        self._open = False
        return self._take()

    def _drop(self, lines: int) -> None:
        self.dropped = min(self.dropped + lines, limits.MAX_COUNT)

    def _end_partial(self) -> None:
        partial, self._partial = self._partial, ""
        if partial:
            self.add("info", partial, {})

    def _take(self) -> list[LogLine]:
        lines, self._lines = self._lines, []
        return lines


def fields_of(values: dict[str, object]) -> dict[str, str]:
    """Log fields as texts: a text as it is, JSON values as JSON, of anything else only the type."""
    fields: dict[str, str] = {}
    for name, value in list(values.items())[:_MAX_FIELDS]:
        if type(value) is str:
            text = value
        else:
            try:
                text = encode(value, "a log field").decode()
            except (TypeError, ValueError, LimitReached):  # too large for a log is no reason to end the run
                text = f"<{type(value).__name__}>"
        fields[cut(name, _FIELD_NAME)] = cut(text)
    return fields
