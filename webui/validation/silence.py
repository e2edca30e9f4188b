"""Finds what would silence a checker: every finding counts, or none does.

`# type: ignore`, `# mypy:`, `# noqa`, `# ruff:` and the like are comments; `no_type_check` and `TYPE_CHECKING` names.
The source is only cut into tokens, and only when a search finds a suspect at all.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

from core.domain.revision import Diagnostic, Position, Severity
from webui.validation.columns import Columns

_COMMENT = re.compile(
    r"#[^\n\r]{0,200}?\b(type:[ \t]*ignore|mypy:|noqa|ruff:|pyright:|pylint:|flake8:|isort:|fmt:)", re.I
)
_NAME = re.compile(r"\b(no_type_check(?:_decorator)?|TYPE_CHECKING)\b")


def silencers(source: str, columns: Columns) -> list[Diagnostic]:
    """A finding for each; none for a source that holds them only inside strings."""
    if not _COMMENT.search(source) and not _NAME.search(source):
        return []
    return list(_found(source, columns))


def _found(source: str, columns: Columns) -> Iterator[Diagnostic]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            text = ""
            if token.type == tokenize.COMMENT and (match := _COMMENT.search(token.string)):
                text = f"a comment that silences a checker ({match.group(1)}) is not accepted"
            elif token.type == tokenize.NAME and _NAME.fullmatch(token.string):
                text = f"{token.string} silences the type checker and is not accepted"
            if text:
                start = columns.from_code_points(token.start[0], token.start[1] + 1)
                end = columns.from_code_points(token.end[0], token.end[1] + 1)
                yield _finding(text, start, end)
    except (tokenize.TokenError, SyntaxError):
        # Unfinished text: the tools report the syntax error, and the rest of it cannot silence them.
        return


def _finding(text: str, start: Position, end: Position) -> Diagnostic:
    return Diagnostic(
        tool="gate",
        code="silenced",
        severity=Severity.ERROR,
        message=text,
        start=start,
        end=end,
        hint="change the code that is complained about",
    )
