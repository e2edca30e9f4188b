"""`string`: its constants, and a Template of plain names. Its Formatter reads attributes that a text names."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping

from sandbox.policy.attributes import register_api_type
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed

_CONSTANTS = "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits printable punctuation whitespace"


def capwords(s: str, sep: str | None = None) -> str:
    """Every word with a capital."""
    return string.capwords(exact.text(s), None if sep is None else exact.text(sep, 100))


_PLACE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<named>[_a-z][_a-z0-9]*)|{(?P<braced>[_a-z][_a-z0-9]*)}|(?P<wrong>))", re.I | re.A
)


class Template:
    """`$name` and `${name}`, filled in from a dict."""

    __slots__ = ("template",)

    def __init__(self, template: str) -> None:
        self.template = exact.text(template)

    def _filled(self, mapping: object, named: Mapping[str, object], missing: Callable[[re.Match[str]], str]) -> str:
        if type(mapping) is not dict:
            raise TypeError("a template is filled in from a dict")
        values: Mapping[str, object] = {**mapping, **named}

        def fill(match: re.Match[str]) -> str:
            if match["escaped"]:
                return "$"
            name = match["named"] or match["braced"]
            return str(values[name]) if name in values else missing(match)

        return exact.text(_PLACE.sub(fill, self.template), exact.MAX_DATA)

    def substitute(self, mapping: object = None, /, **kws: object) -> str:
        """Every name must be there."""

        def missing(match: re.Match[str]) -> str:
            if match["wrong"] is not None:
                raise ValueError("Invalid placeholder in string")
            raise KeyError(match["named"] or match["braced"])

        return self._filled({} if mapping is None else mapping, kws, missing)

    def safe_substitute(self, mapping: object = None, /, **kws: object) -> str:
        """What is missing stays as it is."""
        return self._filled({} if mapping is None else mapping, kws, lambda match: match[0])


register_api_type(Template, ("template", "substitute", "safe_substitute"))

_TEXTS = {name: getattr(string, name) for name in _CONSTANTS.split()}
SPECS = (fixed("string", {**_TEXTS, "capwords": capwords, "Template": Template}),)
