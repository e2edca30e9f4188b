"""`datetime`: the real, immutable classes; only the clock is the run's own, so that a run can be replayed."""

from __future__ import annotations

import _strptime  # type: ignore[import-not-found]  # noqa: F401 - C code looks for it in sys.modules when a text is parsed
import datetime as dt
import time  # noqa: F401 - and for this one, when a date is formatted
from collections.abc import Callable, Mapping

from sandbox.policy.env import RunEnv
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed

MAX_FORMAT = 200


def strptime(date_string: str, format: str) -> dt.datetime:
    """The time that a text tells; the process keeps formats, so no object of an author's may be one."""
    text, form = exact.text(date_string, MAX_FORMAT), exact.text(format, MAX_FORMAT)
    return dt.datetime.strptime(text, form)  # noqa: DTZ007 - the zone is what the format says


def _from_text(real: Callable[[str], object]) -> Callable[[str], object]:
    def fromisoformat(text: str, /) -> object:
        return real(exact.text(text, MAX_FORMAT))

    return fromisoformat


def overrides(env: RunEnv) -> Mapping[object, Mapping[str, object]]:
    """What the classes answer in this run for the names that read a clock."""

    def now(tz: dt.tzinfo | None = None) -> dt.datetime:
        if tz is None:
            return env.now.astimezone(dt.UTC).replace(tzinfo=None)
        return env.now.astimezone(tz)

    def utcnow() -> dt.datetime:
        return env.now.astimezone(dt.UTC).replace(tzinfo=None)

    def today() -> dt.date:
        return env.now.astimezone(dt.UTC).date()

    def utcfromtimestamp(timestamp: float) -> dt.datetime:
        return dt.datetime.fromtimestamp(timestamp, dt.UTC).replace(tzinfo=None)

    clock = {"now": now, "utcnow": utcnow, "today": utcnow, "utcfromtimestamp": utcfromtimestamp}
    datetimes = {**clock, "strptime": strptime, "fromisoformat": _from_text(dt.datetime.fromisoformat)}
    dates = {"today": today, "fromisoformat": _from_text(dt.date.fromisoformat)}
    return {
        dt.datetime: datetimes,
        dt.date: dates,
        dt.time: {"fromisoformat": _from_text(dt.time.fromisoformat)},
    }


SPECS = (
    fixed(
        "datetime",
        {
            "date": dt.date,
            "datetime": dt.datetime,
            "time": dt.time,
            "timedelta": dt.timedelta,
            "timezone": dt.timezone,
            "tzinfo": dt.tzinfo,
            "UTC": dt.UTC,
            "MINYEAR": dt.MINYEAR,
            "MAXYEAR": dt.MAXYEAR,
        },
    ),
)
