"""`string`: its constants. Its Formatter and Template read attributes or names that a text gives."""

from __future__ import annotations

import string

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed

_CONSTANTS = "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits printable punctuation whitespace"


def capwords(s: str, sep: str | None = None) -> str:
    """Every word with a capital."""
    return string.capwords(exact.text(s), None if sep is None else exact.text(sep, 100))


SPECS = (fixed("string", {**{name: getattr(string, name) for name in _CONSTANTS.split()}, "capwords": capwords}),)
