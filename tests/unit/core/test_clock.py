"""Times as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.clock import rfc3339, rfc3339_ms

NINE = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("moment", "seconds", "milliseconds"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 6789, tzinfo=UTC), "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.006Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 999999, tzinfo=NINE), "2026-01-01T18:04:05Z", "2026-01-01T18:04:05.999Z"),
    ],
)
def test_times_are_utc_and_of_one_length(moment: datetime, seconds: str, milliseconds: str) -> None:
    """So that they sort as text; what is beyond is cut off, never rounded into the future."""
    assert (rfc3339(moment), rfc3339_ms(moment)) == (seconds, milliseconds)
