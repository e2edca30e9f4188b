"""Columns, in one place: mypy counts UTF-8 bytes from 0, ruff code points from 1, the editor UTF-16 units from 1.

A position that points past its line is pulled back to the line's end: tools disagree about form feeds and the like,
and a marker outside the text is shown nowhere.
"""

from __future__ import annotations

import re

from core.domain.revision import Position

_LINE_END = re.compile(r"\r\n|\r|\n")


class Columns:
    """Converts positions in one source."""

    def __init__(self, source: str) -> None:
        self._lines = _LINE_END.split(source)

    def from_code_points(self, line: int, column: int) -> Position:
        """From a 1-based line and a 1-based column in code points."""
        line, text = self._line(line)
        return Position(line, _utf16(text[: max(0, column - 1)]) + 1)

    def from_utf8(self, line: int, offset: int) -> Position:
        """From a 1-based line and a 0-based offset in UTF-8 bytes; one inside a character is pulled to its start."""
        line, text = self._line(line)
        head = text.encode("utf-8", "surrogatepass")[: max(0, offset)].decode("utf-8", "ignore")
        return Position(line, _utf16(head) + 1)

    def whole_line(self, line: int) -> tuple[Position, Position]:
        """Start and end of a line."""
        line, text = self._line(line)
        return Position(line, 1), Position(line, _utf16(text) + 1)

    def _line(self, line: int) -> tuple[int, str]:
        line = min(max(1, line), len(self._lines))
        return line, self._lines[line - 1]


def _utf16(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)
