"""What ruff and mypy are asked, and what their answers mean. The processes themselves are the cage's affair."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace

import msgspec
from ruff import find_ruff_bin

from core.domain.revision import Diagnostic, Position, Severity
from webui.validation.columns import Columns

FILE = "reconciler.py"
MAX_FINDINGS = 200  # of one tool; more are one line that says so
MAX_MESSAGE = 500

# Errors are what cannot run as it stands; all else of ruff is advice, stored with the revision.
RUFF_RULES = ("E4", "E7", "E9", "F", "W", "B", "C4", "PIE", "PLE25", "RET", "RUF", "SIM", "UP")
RUFF_IGNORED = ("RUF001", "RUF002", "RUF003", "RUF100")
RUFF_ERRORS = re.compile(r"invalid-syntax|E9\d\d|F50[1-9]|F52[1-5]|F6[2-3]\d|F70\d|F722|F82[1-3]|F831|PLE25\d\d")

# What strict mode says of code that is right but says too little of its types: advice, too. A function without
# any annotation is checked as far as it can be, and not remarked upon; one with some should have all.
MYPY_ADVICE = frozenset(
    {"no-untyped-def", "no-untyped-call", "type-arg", "no-any-return", "var-annotated", "untyped-decorator"}
)

MYPY_CONFIG = """\
[mypy]
strict = True
disallow_untyped_defs = False
disallow_untyped_calls = False
python_version = 3.11
warn_unreachable = True
no_site_packages = True
show_column_numbers = True
show_error_end = True
show_error_codes = True
native_parser = False
follow_imports = normal
cache_dir = .cache
incremental = True
"""


class Unreadable(Exception):
    """A tool's output is not what it gives when all is well: it has failed, and its silence means nothing."""


class _Spot(msgspec.Struct):
    row: int
    column: int


class _Ruff(msgspec.Struct):
    message: str
    location: _Spot
    end_location: _Spot
    code: str | None = None


class _Mypy(msgspec.Struct):
    line: int
    column: int
    message: str
    end_line: int | None = None
    end_column: int | None = None
    code: str | None = None
    severity: str = "error"
    hint: str | None = None


_ruff_decoder = msgspec.json.Decoder(list[_Ruff])
_mypy_decoder = msgspec.json.Decoder(_Mypy)


def ruff_argv() -> tuple[str, ...]:
    """No configuration, no cache, no comments that silence; the source comes on stdin."""
    return (
        find_ruff_bin(),
        "check",
        "--isolated",
        "--no-cache",
        "--ignore-noqa",
        "--no-fix",
        "--target-version=py311",
        "--line-length=120",
        f"--select={','.join(RUFF_RULES)}",
        f"--ignore={','.join(RUFF_IGNORED)}",
        "--output-format=json",
        f"--stdin-filename={FILE}",
        "-",
    )


def mypy_argv() -> tuple[str, ...]:
    """Reads its configuration and the source from the private folder it is started in, and nothing else."""
    return (
        sys.executable,
        "-I",
        "-m",
        "mypy",
        "--config-file=mypy.ini",
        "--output=json",
        "--no-native-parser",
        "--no-error-summary",
        FILE,
    )


def read_ruff(code: int, output: bytes, columns: Columns) -> list[Diagnostic]:
    """Findings of ruff. Raises Unreadable when it did not end as it should."""
    if code not in {0, 1}:
        raise Unreadable(f"ruff ended with status {code}")
    try:
        rows = _ruff_decoder.decode(output)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable("ruff did not answer with a list of findings") from error
    if code == 1 and not rows:
        raise Unreadable("ruff ended with status 1 and said nothing")
    found = [_from_ruff(row, columns) for row in rows[:MAX_FINDINGS]]
    return found + _more("ruff", len(rows), columns)


def _from_ruff(row: _Ruff, columns: Columns) -> Diagnostic:
    code = row.code or "invalid-syntax"
    start = columns.from_code_points(row.location.row, row.location.column)
    end = columns.from_code_points(row.end_location.row, row.end_location.column)
    return Diagnostic(
        tool="ruff",
        code=code,
        severity=Severity.ERROR if RUFF_ERRORS.fullmatch(code) else Severity.WARNING,
        message=row.message[:MAX_MESSAGE],
        start=start,
        end=_after(start, end),
    )


def read_mypy(code: int, output: bytes, columns: Columns) -> list[Diagnostic]:
    """Findings of mypy; its notes are the hints of the finding before. Raises Unreadable when it did not end well."""
    if code not in {0, 1, 2}:
        raise Unreadable(f"mypy ended with status {code}")
    rows = _mypy_rows(output)
    errors = sum(row.severity == "error" for row in rows)
    if (code == 0) != (errors == 0):
        raise Unreadable(f"mypy ended with status {code} and {errors} findings")
    found: list[Diagnostic] = []
    for row in rows[:MAX_FINDINGS]:
        if row.severity == "error":
            found.append(_from_mypy(row, columns))
        elif found:
            hint = "\n".join(part for part in (found[-1].hint, row.message[:MAX_MESSAGE]) if part)
            found[-1] = replace(found[-1], hint=hint[:MAX_MESSAGE])
    return found + _more("mypy", len(rows), columns)


def _mypy_rows(output: bytes) -> Sequence[_Mypy]:
    try:
        return [_mypy_decoder.decode(line) for line in output.splitlines() if line.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable("mypy did not answer with findings") from error


def _from_mypy(row: _Mypy, columns: Columns) -> Diagnostic:
    start = columns.from_utf8(row.line, row.column)
    end = columns.from_utf8(row.end_line or row.line, row.column if row.end_column is None else row.end_column)
    return Diagnostic(
        tool="mypy",
        code=row.code or "misc",
        severity=Severity.WARNING if row.code in MYPY_ADVICE else Severity.ERROR,
        message=row.message[:MAX_MESSAGE],
        start=start,
        end=_after(start, end),
        hint=(row.hint or "")[:MAX_MESSAGE],
    )


def _after(start: Position, end: Position) -> Position:
    """An end that leaves something to see: tools give empty ranges, an editor shows none."""
    return end if (end.line, end.column) > (start.line, start.column) else Position(start.line, start.column + 1)


def _more(tool: str, count: int, columns: Columns) -> list[Diagnostic]:
    if count <= MAX_FINDINGS:
        return []
    start, end = columns.whole_line(1)
    text = f"{count - MAX_FINDINGS} further findings are not shown"
    return [Diagnostic(tool=tool, code="more", severity=Severity.WARNING, message=text, start=start, end=end)]
