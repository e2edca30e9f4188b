"""Columns of three tools become those of the editor."""

from __future__ import annotations

import pytest

from core.domain.revision import Position
from webui.validation.columns import Columns

LINE = 's = "😀é"; x'


@pytest.mark.parametrize(
    ("column", "wanted"),
    [(1, 1), (5, 5), (6, 6), (7, 8), (8, 9), (9, 10), (11, 12), (99, 13), (0, 1), (-5, 1)],
    ids=str,
)
def test_code_points_become_utf16_units(column: int, wanted: int) -> None:
    """An emoji is one code point and two units; a column past the line is its end."""
    assert Columns(LINE).from_code_points(1, column) == Position(1, wanted)


@pytest.mark.parametrize(
    ("offset", "wanted"),
    [(0, 1), (5, 6), (9, 8), (11, 9), (12, 10), (14, 12), (999, 13), (-1, 1)],
    ids=str,
)
def test_utf8_bytes_become_utf16_units(offset: int, wanted: int) -> None:
    """An emoji is four bytes and two units, é two bytes and one."""
    assert Columns(LINE).from_utf8(1, offset) == Position(1, wanted)


@pytest.mark.parametrize("offset", [6, 7, 8])
def test_an_offset_inside_a_character_is_pulled_to_its_start(offset: int) -> None:
    """No marker begins in half a character."""
    assert Columns(LINE).from_utf8(1, offset) == Position(1, 6)


@pytest.mark.parametrize(("line", "wanted"), [(0, 1), (-3, 1), (2, 2), (7, 2)])
def test_a_line_outside_is_pulled_inside(line: int, wanted: int) -> None:
    """Tools point past the last line at the end of a file."""
    assert Columns("a\nb").from_code_points(line, 1).line == wanted


def test_every_line_end_counts_once() -> None:
    """CRLF, CR and LF end a line; form feed and the Unicode separators do not."""
    columns = Columns("a\r\nb\rc\nd\x0ce\u2028f")
    assert columns.whole_line(4) == (Position(4, 1), Position(4, 6))
