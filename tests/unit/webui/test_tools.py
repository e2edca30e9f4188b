"""What ruff and mypy print is read strictly: an answer that is not one is a failure, never a pass."""

from __future__ import annotations

import json

import pytest

from core.domain.revision import Position, Severity
from webui.validation.columns import Columns
from webui.validation.tools import MAX_FINDINGS, Unreadable, mypy_argv, read_mypy, read_ruff, ruff_argv

SOURCE = 's = "😀é"; x\nsecond\n'


def ruff_row(code: str | None, row: int = 1, column: int = 11, end: int = 12) -> dict[str, object]:
    return {
        "cell": None,
        "code": code,
        "message": "m",
        "location": {"row": row, "column": column},
        "end_location": {"row": row, "column": end},
        "filename": "/x/reconciler.py",
        "fix": None,
        "noqa_row": None,
        "url": None,
    }


def mypy_row(**over: object) -> bytes:
    row = {
        "file": "reconciler.py",
        "line": 1,
        "column": 14,
        "end_line": 1,
        "end_column": 15,
        "message": "m",
        "hint": None,
        "code": "name-defined",
        "severity": "error",
    }
    return json.dumps({**row, **over}).encode() + b"\n"


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        ("F821", Severity.ERROR),
        ("F823", Severity.ERROR),
        (None, Severity.ERROR),
        ("invalid-syntax", Severity.ERROR),
        ("E999", Severity.ERROR),
        ("F401", Severity.WARNING),
        ("E702", Severity.WARNING),
        ("SIM108", Severity.WARNING),
        ("UP007", Severity.WARNING),
    ],
)
def test_ruff_is_an_error_only_for_what_cannot_run(code: str | None, severity: Severity) -> None:
    """Style is advice; a name that is not there, and syntax, are not."""
    found = read_ruff(1, json.dumps([ruff_row(code)]).encode(), Columns(SOURCE))
    assert [(one.tool, one.severity, one.code) for one in found] == [("ruff", severity, code or "invalid-syntax")]
    assert (found[0].start, found[0].end) == (Position(1, 12), Position(1, 13))


def test_ruff_without_findings() -> None:
    """An empty list and status 0 is a pass."""
    assert read_ruff(0, b"[]", Columns(SOURCE)) == []


@pytest.mark.parametrize(
    ("code", "output"), [(0, b""), (2, b"[]"), (1, b"[]"), (-9, b"[]"), (0, b"{}"), (0, b"\xff"), (101, b"panicked")]
)
def test_ruff_that_failed_is_unreadable(code: int, output: bytes) -> None:
    """A crash, nothing at all, or something else: none of them is a pass."""
    with pytest.raises(Unreadable):
        read_ruff(code, output, Columns(SOURCE))


def test_mypy_counts_bytes_from_zero() -> None:
    """Columns come in UTF-8 bytes, and leave in UTF-16 units."""
    found = read_mypy(1, mypy_row(), Columns(SOURCE))
    assert [(one.start, one.end, one.code) for one in found] == [(Position(1, 12), Position(1, 13), "name-defined")]


def test_mypy_notes_are_hints() -> None:
    """A note belongs to the error before it."""
    found = read_mypy(1, mypy_row() + mypy_row(severity="note", message="because"), Columns(SOURCE))
    assert [(one.message, one.hint) for one in found] == [("m", "because")]


def test_an_empty_range_becomes_visible() -> None:
    """A marker of no width is shown nowhere."""
    found = read_mypy(1, mypy_row(end_column=14), Columns(SOURCE))
    assert found[0].end.column == found[0].start.column + 1


@pytest.mark.parametrize(
    ("code", "output"),
    [
        (1, b""),
        (0, mypy_row()),
        (2, b"reconciler.py: error: INTERNAL ERROR"),
        (-11, b""),
        (3, b""),
        (1, b"\xff\xfe\n"),
        (1, mypy_row(severity="note")),
    ],
)
def test_mypy_that_failed_is_unreadable(code: int, output: bytes) -> None:
    """Status and findings must agree."""
    with pytest.raises(Unreadable):
        read_mypy(code, output, Columns(SOURCE))


def test_the_number_of_findings_is_bounded() -> None:
    """What is left out is said."""
    found = read_mypy(1, mypy_row() * (MAX_FINDINGS + 7), Columns(SOURCE))
    assert len(found) == MAX_FINDINGS + 1
    assert "7 further" in found[-1].message


def test_no_tool_takes_configuration_from_where_it_runs() -> None:
    """A file beside the source must not run plugins or switch rules off."""
    assert {"--isolated", "--ignore-noqa", "--no-cache"} <= set(ruff_argv())
    assert "--config-file=mypy.ini" in mypy_argv()
    assert "-I" in mypy_argv()
