"""`math`; the functions that grow without bound have one."""

from __future__ import annotations

import math

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed
from sandbox.policy.words import words

_PLAIN = words(
    """
    acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees dist erf erfc exp expm1 fabs floor
    fmod frexp fsum gamma gcd hypot isclose isfinite isinf isnan isqrt lcm ldexp lgamma log log10 log1p log2
    modf nextafter pow prod radians remainder sin sinh sqrt tan tanh trunc ulp cbrt exp2
    """
)
_CONSTANTS = ["pi", "e", "tau", "inf", "nan"]


def factorial(n: int) -> int:
    """Up to 2,000."""
    return math.factorial(exact.whole(n, 0, 2_000))


def comb(n: int, k: int) -> int:
    """Up to 2,000."""
    return math.comb(exact.whole(n, 0, 2_000), exact.whole(k, 0, 2_000))


def perm(n: int, k: int | None = None) -> int:
    """Up to 2,000."""
    return math.perm(exact.whole(n, 0, 2_000), None if k is None else exact.whole(k, 0, 2_000))


SPECS = (
    fixed(
        "math",
        {
            **{name: getattr(math, name) for name in (*_PLAIN, *_CONSTANTS)},
            "factorial": factorial,
            "comb": comb,
            "perm": perm,
        },
    ),
)
