"""`bisect` on plain lists."""

from __future__ import annotations

import bisect
from collections.abc import Callable

from sandbox.policy.facades.base import fixed

_NAMES = ("bisect", "bisect_left", "bisect_right", "insort", "insort_left", "insort_right")


def _on_lists(real: Callable[..., object]) -> Callable[..., object]:
    def call(
        a: list[object], x: object, lo: int = 0, hi: int | None = None, *, key: Callable[..., object] | None = None
    ) -> object:
        if type(a) is not list:
            raise TypeError("a list is needed here")
        return real(a, x, lo, len(a) if hi is None else hi, key=key)

    return call


SPECS = (fixed("bisect", {name: _on_lists(getattr(bisect, name)) for name in _NAMES}),)
