"""`textwrap` of at most 64 KiB."""

from __future__ import annotations

import textwrap

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed


def dedent(text: str) -> str:
    """Without the common margin."""
    return textwrap.dedent(exact.text(text))


def indent(text: str, prefix: str) -> str:
    """With a prefix before each line that is not blank."""
    return textwrap.indent(exact.text(text), exact.text(prefix, 100))


def wrap(text: str, width: int = 70, *, initial_indent: str = "", subsequent_indent: str = "") -> list[str]:
    """Lines of at most that width."""
    return textwrap.wrap(
        exact.text(text),
        exact.whole(width, 1, 10_000),
        initial_indent=exact.text(initial_indent, 100),
        subsequent_indent=exact.text(subsequent_indent, 100),
    )


def fill(text: str, width: int = 70, *, initial_indent: str = "", subsequent_indent: str = "") -> str:
    """`wrap`, joined."""
    return "\n".join(wrap(text, width, initial_indent=initial_indent, subsequent_indent=subsequent_indent))


def shorten(text: str, width: int, *, placeholder: str = " [...]") -> str:
    """Cut at a word."""
    return textwrap.shorten(
        exact.text(text), exact.whole(width, 1, exact.MAX_TEXT), placeholder=exact.text(placeholder, 100)
    )


SPECS = (fixed("textwrap", {f.__name__: f for f in (dedent, indent, wrap, fill, shorten)}),)
