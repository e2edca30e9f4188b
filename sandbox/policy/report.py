"""Findings with exact ranges, collected while a source is judged.

`ast` counts UTF-8 bytes from 0, `SyntaxError` counts code points from 1, an editor counts UTF-16
units from 1. The conversion is done here and nowhere else. At most 50 findings are kept: a hostile
source must not make the report grow, and nobody reads the 51st.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

import msgspec

from sandbox.wire.messages import Finding

MAX_FINDINGS = 50
MAX_MESSAGE = 300
_NEWLINE = re.compile(r"\r\n|\r|\n")


def utf16_length(text: str) -> int:
    """How many UTF-16 units a text has."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


class Report:
    """Collects the findings of one source."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: list[str] | None = None
        self._found: set[Finding] = set()

    @property
    def _full(self) -> bool:
        """Asked before a range is worked out: 20,000 findings on one long line cost a line each otherwise."""
        return len(self._found) >= 4 * MAX_FINDINGS

    def _line(self, line: int) -> str:
        if self._lines is None:
            self._lines = _NEWLINE.split(self._source)
        return self._lines[line - 1] if 0 < line <= len(self._lines) else ""

    def _column_of_bytes(self, line: int, offset: int) -> int:
        prefix = self._line(line).encode("utf-8", "replace")[:offset]
        return utf16_length(prefix.decode("utf-8", "replace")) + 1

    def _column_of_bytes_from_1(self, line: int, offset: int) -> int:
        return self._column_of_bytes(line, max(offset - 1, 0))

    def _column_of_chars(self, line: int, offset: int) -> int:
        return utf16_length(self._line(line)[: max(offset - 1, 0)]) + 1

    def at_node(self, node: ast.AST, code: str, message: str, hint: str = "") -> None:
        """Record a finding on the range of a node; a node without one is found at the top."""
        if self._full:
            return
        line = getattr(node, "lineno", None)
        if line is None:
            self.at_top(code, message, hint)
            return
        end_line = getattr(node, "end_lineno", None) or line
        start = self._column_of_bytes(line, node.col_offset)  # type: ignore[attr-defined]
        end_offset = getattr(node, "end_col_offset", None)
        end = start if end_offset is None else self._column_of_bytes(end_line, end_offset)
        self.add(Finding(code, message, line, start, end_line, end, hint))

    def at_head(self, node: ast.stmt, code: str, message: str, hint: str = "") -> None:
        """Record a finding on the first line of a statement that may span the whole file."""
        if self._full:
            return
        line, start = node.lineno, self._column_of_bytes(node.lineno, node.col_offset)
        end = utf16_length(self._line(line).rstrip()) + 1
        self.add(Finding(code, message, line, start, line, max(end, start), hint))

    def at_syntax_error(self, error: SyntaxError, *, in_bytes: bool = False) -> None:
        """Record what the parser said (in code points) or the compiler (in bytes), on the range it named."""
        convert = self._column_of_bytes_from_1 if in_bytes else self._column_of_chars
        line = max(error.lineno or 1, 1)
        start = convert(line, error.offset or 1)
        end_line = max(error.end_lineno or line, line)
        end = convert(end_line, error.end_offset) if error.end_offset and error.end_offset > 0 else start
        if (end_line, end) <= (line, start):
            end_line, end = line, start + 1
        self.add(Finding("CHK100", f"syntax error: {str(error.msg)[:200]}", line, start, end_line, end))

    def at_chars(self, start: tuple[int, int], end: tuple[int, int], code: str, message: str) -> None:
        """Record a finding on a range in code points from 0, as the tokenizer counts."""
        if self._full:
            return
        columns = (self._column_of_chars(start[0], start[1] + 1), self._column_of_chars(end[0], end[1] + 1))
        self.add(Finding(code, message, start[0], columns[0], end[0], columns[1]))

    def at_top(self, code: str, message: str, hint: str = "") -> None:
        """Record a finding about the source as a whole."""
        self.add(Finding(code, message, 1, 1, 1, 1, hint))

    def add(self, finding: Finding) -> None:
        """Record a finding once; beyond a bound they are not kept, the source is refused anyhow."""
        if len(finding.message) > MAX_MESSAGE:
            # A message quotes a name, and a name may be as long as the source.
            finding = msgspec.structs.replace(finding, message=finding.message[: MAX_MESSAGE - 1] + "…")
        if not self._full:
            self._found.add(finding)

    @property
    def empty(self) -> bool:
        """Whether nothing was found."""
        return not self._found

    def findings(self) -> list[Finding]:
        """The findings in reading order, at most `MAX_FINDINGS`."""
        return in_order(self._found)


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """Sort findings as a reader meets them, and cut."""
    ordered = sorted(found, key=lambda f: (f.line, f.column, f.code, f.end_line, f.end_column, f.message))
    return ordered[:MAX_FINDINGS]
