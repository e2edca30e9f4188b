"""`textwrap` of at most 64 KiB."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed


def dedent(text: str) -> str:
    """Without the common margin."""
    return textwrap.dedent(exact.text(text))


def indent(text: str, prefix: str, predicate: Callable[[str], object] | None = None) -> str:
    """With a prefix before each line that is not blank, or that the predicate chooses."""
    chosen = None if predicate is None else lambda line: bool(predicate(line))
    return textwrap.indent(exact.text(text), exact.text(prefix, 100), chosen)


_FLAGS = {"break_long_words", "break_on_hyphens", "drop_whitespace", "expand_tabs", "fix_sentence_endings"}
_FLAGS |= {"replace_whitespace"}


def wrap(
    text: str, width: int = 70, *, initial_indent: str = "", subsequent_indent: str = "", **flags: bool
) -> list[str]:
    """Lines of at most that width."""
    unknown = set(flags) - _FLAGS
    if unknown:
        raise TypeError(f"wrap has no option {sorted(unknown)[0][:100]!r}")
    options: Any = {name: bool(value) for name, value in flags.items()}
    return textwrap.wrap(
        exact.text(text),
        exact.whole(width, 1, 10_000),
        initial_indent=exact.text(initial_indent, 100),
        subsequent_indent=exact.text(subsequent_indent, 100),
        **options,
    )


def fill(text: str, width: int = 70, *, initial_indent: str = "", subsequent_indent: str = "", **flags: bool) -> str:
    """`wrap`, joined."""
    return "\n".join(wrap(text, width, initial_indent=initial_indent, subsequent_indent=subsequent_indent, **flags))


def shorten(text: str, width: int, *, placeholder: str = " [...]") -> str:
    """Cut at a word."""
    return textwrap.shorten(
        exact.text(text), exact.whole(width, 1, exact.MAX_TEXT), placeholder=exact.text(placeholder, 100)
    )


SPECS = (fixed("textwrap", {f.__name__: f for f in (dedent, indent, wrap, fill, shorten)}),)
