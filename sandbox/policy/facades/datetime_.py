"""`datetime`: the real, immutable classes; only the clock is the run's own, so that a run can be replayed."""

from __future__ import annotations

import _strptime  # noqa: F401 - C code looks for it in sys.modules when a text is parsed
import datetime as real
import time  # noqa: F401 - and for this one, when a date is formatted
from collections.abc import Mapping

from sandbox.policy.env import RunEnv
from sandbox.policy.facades.base import fixed


def overrides(env: RunEnv) -> Mapping[object, Mapping[str, object]]:
    """What the classes answer in this run for the names that read a clock."""

    def now(tz: real.tzinfo | None = None) -> real.datetime:
        if tz is None:
            return env.now.astimezone(real.UTC).replace(tzinfo=None)
        return env.now.astimezone(tz)

    def utcnow() -> real.datetime:
        return env.now.astimezone(real.UTC).replace(tzinfo=None)

    def today() -> real.date:
        return env.now.astimezone(real.UTC).date()

    return {real.datetime: {"now": now, "utcnow": utcnow, "today": utcnow}, real.date: {"today": today}}


SPECS = (
    fixed(
        "datetime",
        {
            "date": real.date,
            "datetime": real.datetime,
            "time": real.time,
            "timedelta": real.timedelta,
            "timezone": real.timezone,
            "UTC": real.UTC,
            "MINYEAR": real.MINYEAR,
            "MAXYEAR": real.MAXYEAR,
        },
    ),
)
