"""What the commands print: one clear error, tables for people, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NoReturn


class Format(StrEnum):
    """`-o`: what a command prints."""

    TEXT = "text"
    JSON = "json"


def fail(message: str, code: int = 1) -> NoReturn:
    """One line on stderr, then exit."""
    print(f"chakrator: {printable(message)}", file=sys.stderr)
    raise SystemExit(code)


def read_source(file: Path) -> str:
    """The text of FILE, or exit 2 with what is wrong with it."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}", 2)
    except UnicodeDecodeError as error:
        fail(f"{file} is not UTF-8: byte {error.start} is wrong", 2)


def printable(text: str) -> str:
    """Untrusted text for a terminal: control characters are shown, never obeyed."""
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def hanging(text: str) -> str:
    """Untrusted text under a line of ours: no line of it can be taken for one of ours."""
    return printable(text).replace("\n", "\n    ")


def print_json(value: object) -> None:
    """One line of JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")) + "\n")


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as kubectl prints them: as wide as needed, two spaces between, no frame."""
    cells = [[printable(str("" if cell is None else cell)).replace("\n", " ") for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(headings), *cells]) for i in range(len(headings))]
    for line in [list(headings), *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_finding(path: str, finding: Mapping[str, object]) -> None:
    """`file:line:column severity code message [tool] see doc`, as compilers do, so that editors can jump there."""
    start = finding["start"]
    assert isinstance(start, Mapping)
    hint = f" ({finding['hint']})" if finding.get("hint") else ""
    doc = f" see docs/reference/{finding['doc']}" if finding.get("doc") else ""
    print(
        hanging(
            f"{path}:{start['line']}:{start['column']} {finding['severity']} {finding['code']} "
            f"{finding['message']}{hint} [{finding['tool']}]{doc}"
        )
    )
