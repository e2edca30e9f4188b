"""Values as the tables keep them: times as text that sorts, JSON as text, cursors as opaque tokens."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from core.errors import Invalid

MAX_PAGE = 500


def stamp(moment: datetime) -> str:
    """RFC 3339, UTC, microseconds: `2026-01-02T03:04:05.000006Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment(text: str) -> datetime:
    """The time behind `stamp`, or any RFC 3339 time of a person's. Raises Invalid."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text[:40]!r} is not a time: write 2026-01-02T03:04:05Z") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def encodable(text: str) -> str:
    """The text with what UTF-8 cannot hold (lone surrogates) replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def cursor_for(position: int) -> str:
    """An opaque token for `everything before position`."""
    return base64.urlsafe_b64encode(f"before:{position}".encode()).decode().rstrip("=")


def position_of(cursor: str | None) -> int | None:
    """The position in a token. Raises Invalid for what `cursor_for` never gave."""
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    word, _, number = text.partition(":")
    if word != "before" or not number.isdecimal() or len(number) > 18:
        raise Invalid("the cursor is not one of ours")
    return int(number)


def page_size(limit: int) -> int:
    """What was asked for, within bounds."""
    return max(1, min(limit, MAX_PAGE))
