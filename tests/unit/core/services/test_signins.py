"""Refused sign-ins are counted, not written one by one."""

from __future__ import annotations

from core.services.signins import MAX_SOURCES, OTHERS, SigninFolder


def test_the_first_is_written_and_the_others_counted() -> None:
    """Per source."""
    folder = SigninFolder()
    assert [folder.first(source) for source in ("a", "a", "b", "a")] == [True, False, True, False]
    assert folder.drain() == [("a", 2)]


def test_a_new_window_starts_over() -> None:
    """After `drain` the first one is written again."""
    folder = SigninFolder()
    folder.first("a")
    folder.drain()
    assert folder.first("a")
    assert folder.drain() == []


def test_sources_are_bounded() -> None:
    """Somebody with many addresses is counted under one name."""
    folder = SigninFolder()
    written = sum(folder.first(f"s{number}") for number in range(MAX_SOURCES + 40))
    assert written == MAX_SOURCES
    assert folder.drain() == [(OTHERS, 40)]
