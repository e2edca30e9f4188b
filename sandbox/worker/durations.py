"""Durations as authors write them: seconds, a text such as `30s`, `10m`, `1h30m`, or a timedelta."""

from __future__ import annotations

import re
from datetime import timedelta

_PART = re.compile(r"([0-9]{1,9})(s|m|h|d)")
_WHOLE = re.compile(r"(?:[0-9]{1,9}[smhd])+")
_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = 365 * 86400.0


def seconds(value: object) -> float:
    """`value` in seconds, from 1 second to a year; TypeError and ValueError are for the author."""
    result: float
    if type(value) is int or type(value) is float:
        result = value  # compared as it is: an integer may be beyond any float
    elif type(value) is timedelta:
        result = value.total_seconds()
    elif type(value) is str:
        if not _WHOLE.fullmatch(value):
            raise ValueError('a duration is a number of seconds, a timedelta, or a text such as "30s", "10m", "1h30m"')
        result = float(sum(int(number) * _UNIT[unit] for number, unit in _PART.findall(value)))
    else:
        raise TypeError('a duration is a number of seconds, a timedelta, or a text such as "30s", "10m", "1h30m"')
    if not 1.0 <= result <= _LONGEST:
        raise ValueError("a duration is at least 1 second and at most a year")
    return float(result)
