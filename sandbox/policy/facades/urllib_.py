"""`urllib.parse` of plain strings."""

from __future__ import annotations

import urllib.parse as real
from collections.abc import Mapping, Sequence

from sandbox.policy.attributes import register_api_type
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import Facade, fixed

_PARTS = ("scheme", "netloc", "path", "query", "fragment", "username", "password", "hostname", "port")


class Url:
    """The parts of a URL, read once."""

    __slots__ = (*_PARTS, "_text")

    def __init__(self, url: str) -> None:
        parts = real.urlsplit(exact.text(url))
        for name in _PARTS:
            setattr(self, name, getattr(parts, name))
        self._text = parts.geturl()

    def geturl(self) -> str:
        """As text."""
        return self._text

    def __repr__(self) -> str:
        return f"Url({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if type(other) is Url else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)


register_api_type(Url, frozenset({*_PARTS, "geturl"}))


def quote(string: str, safe: str = "/") -> str:
    """Percent-encoded."""
    return real.quote(exact.text(string), exact.text(safe, 100))


def quote_plus(string: str, safe: str = "") -> str:
    """Percent-encoded, a space as +."""
    return real.quote_plus(exact.text(string), exact.text(safe, 100))


def unquote(string: str) -> str:
    """Percent-decoded."""
    return real.unquote(exact.text(string))


def unquote_plus(string: str) -> str:
    """Percent-decoded, + as a space."""
    return real.unquote_plus(exact.text(string))


def urlencode(query: Mapping[str, object] | Sequence[tuple[str, object]]) -> str:
    """Pairs of plain values as a query."""
    pairs: list[tuple[str, object]] = [tuple(pair) for pair in (query.items() if type(query) is dict else query)]
    for pair in pairs:
        if len(exact.of_types(pair, (str, int, float, bool))) != 2:
            raise TypeError("a query is made of pairs")
    return real.urlencode(pairs)


def parse_qs(qs: str) -> dict[str, list[str]]:
    """A query as a dict of lists."""
    return real.parse_qs(exact.text(qs), max_num_fields=1000)


def parse_qsl(qs: str) -> list[tuple[str, str]]:
    """A query as pairs."""
    return real.parse_qsl(exact.text(qs), max_num_fields=1000)


def urljoin(base: str, url: str) -> str:
    """A URL relative to another."""
    return real.urljoin(exact.text(base), exact.text(url))


_TABLE: Mapping[str, object] = {
    **{f.__name__: f for f in (quote, quote_plus, unquote, unquote_plus, urlencode, parse_qs, parse_qsl, urljoin)},
    "urlparse": Url,
    "urlsplit": Url,
}
SPECS = (fixed("urllib.parse", _TABLE), fixed("urllib", {"parse": Facade("urllib.parse", _TABLE)}))
