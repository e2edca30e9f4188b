"""Times, cursors and page sizes as the store writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from core.store.text import MAX_PAGE, cursor_for, encodable, moment, page_size, position_of, stamp


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_times_survive_and_sort(one: datetime, other: datetime) -> None:
    """What is read is what was written, and text order is time order."""
    assert moment(stamp(one)) == one
    assert (stamp(one) < stamp(other)) == (one < other)


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    """So that text order holds for every writer."""
    local = datetime(2026, 1, 2, 3, 4, 5, 6, timezone(timedelta(hours=2)))
    assert stamp(local) == "2026-01-02T01:04:05.000006Z"


def test_what_is_no_time_is_invalid() -> None:
    """A person's filter may hold anything."""
    with pytest.raises(Invalid, match="is not a time"):
        moment("yesterday")


@given(st.integers(0, 10**18 - 1))
def test_cursors_survive(position: int) -> None:
    """Whatever the position, within what a rowid can be."""
    assert position_of(cursor_for(position)) == position


@given(st.one_of(st.text(), st.binary().map(lambda data: data.decode("latin-1"))))
def test_foreign_cursors_are_invalid(text: str) -> None:
    """Never a crash, and never a position that we did not give."""
    try:
        position = position_of(text)
    except Invalid:
        return
    assert position is not None
    assert 0 <= position < 10**18


@pytest.mark.parametrize("text", ["", "x", "YmVmb3JlOi0x", "YmVmb3JlOjk5OTk5OTk5OTk5OTk5OTk5OTk5", "é"])
def test_malformed_cursors_are_invalid(text: str) -> None:
    """Empty, short, negative, too large, not ASCII."""
    with pytest.raises(Invalid, match="cursor"):
        position_of(text)


def test_pages_are_bounded() -> None:
    """At least one, at most five hundred."""
    assert [page_size(n) for n in (-1, 0, 7, 10**9)] == [1, 1, 7, MAX_PAGE]


def test_lone_surrogates_do_not_reach_the_disk() -> None:
    """UTF-8 cannot hold them."""
    assert encodable("a\ud800b") == "a?b"
