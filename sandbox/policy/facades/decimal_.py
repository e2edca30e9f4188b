"""`decimal` without contexts: the precision that one run sets would be the next one's."""

from __future__ import annotations

import decimal

from sandbox.policy.facades.base import fixed
from sandbox.policy.words import words

_ROUNDINGS = words(
    """
    ROUND_CEILING ROUND_DOWN ROUND_FLOOR ROUND_HALF_DOWN ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP ROUND_05UP
    """
)
_ERRORS = words(
    """
    DecimalException InvalidOperation DivisionByZero Overflow Underflow Inexact Rounded Clamped Subnormal FloatOperation
    """
)

SPECS = (
    fixed(
        "decimal",
        {
            "Decimal": decimal.Decimal,
            **{name: getattr(decimal, name) for name in (*_ROUNDINGS, *_ERRORS)},
        },
    ),
)
