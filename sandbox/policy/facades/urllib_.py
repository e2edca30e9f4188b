"""`urllib.parse` of plain strings."""

from __future__ import annotations

import urllib.parse as real
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.policy.attributes import register_api_type
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import Facade, fixed

_PARTS = ("scheme", "netloc", "path", "query", "fragment", "username", "password", "hostname", "port")
_PLAIN = (str, int, float, bool)


class Url:
    """The parts of a URL, read once."""

    __slots__ = (*_PARTS, "_text", "_tuple", "params")

    def __init__(self, url: str, *, params: bool = False) -> None:
        parts = real.urlparse(exact.text(url)) if params else real.urlsplit(exact.text(url))
        for name in _PARTS:
            setattr(self, name, getattr(parts, name))
        self.params = getattr(parts, "params", "")
        self._tuple = tuple(parts)
        self._text = parts.geturl()

    def geturl(self) -> str:
        """As text."""
        return self._text

    def __getitem__(self, index: int) -> object:
        return self._tuple[index]

    def __len__(self) -> int:
        return len(self._tuple)

    def __repr__(self) -> str:
        return f"Url({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return self._tuple == (other._tuple if type(other) is Url else other)

    def __hash__(self) -> int:
        return hash(self._tuple)


register_api_type(Url, frozenset({*_PARTS, "params", "geturl"}))


def _quotable(value: object) -> str | bytes:
    return exact.data(value) if type(value) is bytes else exact.text(value)


def quote(string: object, safe: str = "/") -> str:
    """Percent-encoded."""
    return real.quote(_quotable(string), exact.text(safe, 100))


def quote_plus(string: object, safe: str = "") -> str:
    """Percent-encoded, a space as +."""
    return real.quote_plus(_quotable(string), exact.text(safe, 100))


def quote_from_bytes(bs: bytes, safe: str = "/") -> str:
    """Percent-encoded."""
    return real.quote_from_bytes(exact.data(bs), exact.text(safe, 100))


def unquote(string: str) -> str:
    """Percent-decoded."""
    return real.unquote(exact.text(string))


def unquote_plus(string: str) -> str:
    """Percent-decoded, + as a space."""
    return real.unquote_plus(exact.text(string))


def unquote_to_bytes(string: object) -> bytes:
    """Percent-decoded."""
    return real.unquote_to_bytes(_quotable(string))


def urlencode(query: Mapping[str, object] | Sequence[tuple[str, object]], doseq: bool = False) -> str:
    """Pairs of plain values as a query; with `doseq` a value may be a list of them."""
    pairs: list[Any] = []
    given: Iterable[Any] = query.items() if type(query) is dict else query
    for pair in given:
        if len(pair) != 2:
            raise TypeError("a query is made of pairs")
        key, value = pair
        several = value if doseq and type(value) in (list, tuple) else (value,)
        pairs.extend((key, one) for one in exact.of_types(several, (*_PLAIN, type(None))))
        exact.of_types((key,), _PLAIN)
    return real.urlencode(pairs)


def parse_qs(qs: str, keep_blank_values: bool = False, strict_parsing: bool = False) -> dict[str, list[str]]:
    """A query as a dict of lists."""
    return real.parse_qs(exact.text(qs), bool(keep_blank_values), bool(strict_parsing), max_num_fields=1000)


def parse_qsl(qs: str, keep_blank_values: bool = False, strict_parsing: bool = False) -> list[tuple[str, str]]:
    """A query as pairs."""
    return real.parse_qsl(exact.text(qs), bool(keep_blank_values), bool(strict_parsing), max_num_fields=1000)


def urljoin(base: str, url: str) -> str:
    """A URL relative to another."""
    return real.urljoin(exact.text(base), exact.text(url))


def urlsplit(url: str) -> Url:
    """The five parts of a URL, and those of its host."""
    return Url(url)


def urlparse(url: str) -> Url:
    """The six parts of a URL, and those of its host."""
    return Url(url, params=True)


def _parts(components: object, count: int) -> list[str]:
    given = components._tuple if type(components) is Url else components
    parts = [exact.text(part) for part in given]  # type: ignore[attr-defined]
    if len(parts) != count:
        raise ValueError(f"{count} parts are needed here")
    return parts


def urlunsplit(components: object) -> str:
    """Five parts as a URL."""
    return real.urlunsplit(_parts(components, 5))


def urlunparse(components: object) -> str:
    """Six parts as a URL."""
    return real.urlunparse(_parts(components, 6))


def urldefrag(url: str) -> tuple[str, str]:
    """A URL without its fragment, and the fragment."""
    found, fragment = real.urldefrag(exact.text(url))
    return found, fragment


_FUNCTIONS = (quote, quote_plus, quote_from_bytes, unquote, unquote_plus, unquote_to_bytes, urlencode, parse_qs)
_MORE = (parse_qsl, urljoin, urlsplit, urlparse, urlunsplit, urlunparse, urldefrag)
_TABLE: Mapping[str, object] = {f.__name__: f for f in (*_FUNCTIONS, *_MORE)}
SPECS = (fixed("urllib.parse", _TABLE), fixed("urllib", {"parse": Facade("urllib.parse", _TABLE)}))
