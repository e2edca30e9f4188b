"""`re` with bounded patterns and texts. A pattern that backtracks for ever is ended by the run's deadline."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sandbox.policy.attributes import register_api_type
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed
from sandbox.policy.words import words

MAX_PATTERN = 512
_FLAGS = {"A": 256, "ASCII": 256, "I": 2, "IGNORECASE": 2, "M": 8, "MULTILINE": 8, "S": 16, "DOTALL": 16}
_FLAGS |= {"X": 64, "VERBOSE": 64, "U": 32, "UNICODE": 32, "NOFLAG": 0}
_ALL_FLAGS = 256 | 2 | 8 | 16 | 64 | 32
Replacement = str | Callable[[re.Match[str]], object]


def _range(start: int, end: int) -> tuple[int, int]:
    return exact.whole(start, 0, exact.MAX_TEXT), exact.whole(end, 0, exact.MAX_TEXT)


def _answers(function: Callable[[re.Match[str]], object]) -> Callable[[re.Match[str]], str]:
    """The function with a bound on all that it answers; it is the author's to call anyhow, with a match or without."""
    room = exact.MAX_DATA

    def answer(match: re.Match[str]) -> str:
        nonlocal room
        said = function(match)
        # As in Python: None leaves the match out.
        text = "" if said is None else exact.text(said, exact.MAX_DATA)
        room -= len(text)
        if room < 0:
            raise GuardRefused(f"replacements of more than {exact.MAX_DATA} characters are not available")
        return text

    return answer


class Pattern:
    """A compiled pattern. Not the real one: its `split` would take a text of any length."""

    __slots__ = ("_real", "flags", "groups", "pattern")

    def __init__(self, pattern: str, flags: int) -> None:
        self._real = re.compile(exact.text(pattern, MAX_PATTERN), exact.whole(flags, 0, _ALL_FLAGS) & _ALL_FLAGS)
        self.pattern = pattern
        self.flags = self._real.flags
        self.groups = self._real.groups

    def __repr__(self) -> str:
        return f"re.compile({self.pattern!r})"

    def match(self, string: str, pos: int = 0, endpos: int = exact.MAX_TEXT) -> re.Match[str] | None:
        """At the beginning."""
        return self._real.match(exact.text(string), *_range(pos, endpos))

    def fullmatch(self, string: str, pos: int = 0, endpos: int = exact.MAX_TEXT) -> re.Match[str] | None:
        """The whole text."""
        return self._real.fullmatch(exact.text(string), *_range(pos, endpos))

    def search(self, string: str, pos: int = 0, endpos: int = exact.MAX_TEXT) -> re.Match[str] | None:
        """Anywhere."""
        return self._real.search(exact.text(string), *_range(pos, endpos))

    def findall(self, string: str, pos: int = 0, endpos: int = exact.MAX_TEXT) -> list[object]:
        """All matches as texts or tuples of texts."""
        return self._real.findall(exact.text(string), *_range(pos, endpos))

    def finditer(self, string: str, pos: int = 0, endpos: int = exact.MAX_TEXT) -> Iterator[re.Match[str]]:
        """All matches, one after the other."""
        return self._real.finditer(exact.text(string), *_range(pos, endpos))

    def split(self, string: str, maxsplit: int = 0) -> list[str | None]:
        """The text between the matches."""
        return list(self._real.split(exact.text(string), exact.whole(maxsplit, 0, exact.MAX_TEXT)))

    def sub(self, repl: Replacement, string: str, count: int = 0) -> str:
        """Replace matches by a template, or by what a function says to each."""
        return self.subn(repl, string, count)[0]

    def subn(self, repl: Replacement, string: str, count: int = 0) -> tuple[str, int]:
        """`sub`, and how many were replaced."""
        limit = exact.whole(count, 0, exact.MAX_TEXT)
        by: str | Callable[[re.Match[str]], str]
        by = exact.text(repl, MAX_PATTERN) if type(repl) is str or not callable(repl) else _answers(repl)
        return self._real.subn(by, exact.text(string), limit)


register_api_type(
    Pattern,
    frozenset(
        words(
            """
        match fullmatch search findall finditer split sub subn pattern flags groups
        """
        )
    ),
)


def _compiled(pattern: object, flags: int) -> Pattern:
    if type(pattern) is Pattern:
        return pattern
    return Pattern(exact.text(pattern, MAX_PATTERN), flags)


def compile(pattern: str, flags: int = 0) -> Pattern:
    """A pattern of at most 512 characters."""
    return _compiled(pattern, flags)


def match(pattern: str, string: str, flags: int = 0) -> re.Match[str] | None:
    """At the beginning."""
    return _compiled(pattern, flags).match(string)


def fullmatch(pattern: str, string: str, flags: int = 0) -> re.Match[str] | None:
    """The whole text."""
    return _compiled(pattern, flags).fullmatch(string)


def search(pattern: str, string: str, flags: int = 0) -> re.Match[str] | None:
    """Anywhere."""
    return _compiled(pattern, flags).search(string)


def findall(pattern: str, string: str, flags: int = 0) -> list[object]:
    """All matches as texts or tuples of texts."""
    return _compiled(pattern, flags).findall(string)


def finditer(pattern: str, string: str, flags: int = 0) -> Iterator[re.Match[str]]:
    """All matches, one after the other."""
    return _compiled(pattern, flags).finditer(string)


def split(pattern: str, string: str, maxsplit: int = 0, flags: int = 0) -> list[str | None]:
    """The text between the matches."""
    return _compiled(pattern, flags).split(string, maxsplit)


def sub(pattern: str, repl: Replacement, string: str, count: int = 0, flags: int = 0) -> str:
    """Replace matches by a template, or by what a function says to each."""
    return _compiled(pattern, flags).sub(repl, string, count)


def subn(pattern: str, repl: Replacement, string: str, count: int = 0, flags: int = 0) -> tuple[str, int]:
    """`sub`, and how many were replaced."""
    return _compiled(pattern, flags).subn(repl, string, count)


def escape(pattern: str) -> str:
    """The text with every special character escaped."""
    return re.escape(exact.text(pattern))


_FUNCTIONS = (compile, match, fullmatch, search, findall, finditer, split, sub, subn, escape)
SPECS = (
    fixed(
        "re",
        {
            **{f.__name__: f for f in _FUNCTIONS},
            **_FLAGS,
            "error": re.error,
            "PatternError": re.error,
            "Pattern": Pattern,
            "Match": re.Match,
        },
    ),
)
