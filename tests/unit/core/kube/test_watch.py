"""The watch step on transcripts."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kube.watch import (
    INITIAL_EVENTS_END,
    LISTING,
    Delete,
    Ended,
    Garbled,
    Progress,
    Put,
    State,
    Unreadable,
    resumed,
    step,
)


def line(kind: str, name: str = "a", rv: object = "5", **metadata: object) -> bytes:
    """One line of a watch."""
    meta = {"name": name, "namespace": "ns", "uid": f"uid-{name}", "resourceVersion": rv, **metadata}
    return msgspec.json.encode({"type": kind, "object": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}})


def bookmark(rv: str, *, end: bool = False) -> bytes:
    """A bookmark as the API server writes it: nothing but a resourceVersion."""
    annotations = {INITIAL_EVENTS_END: "true"} if end else {}
    meta = {"resourceVersion": rv, "annotations": annotations}
    return msgspec.json.encode({"type": "BOOKMARK", "object": {"kind": "ConfigMap", "metadata": meta}})


def test_a_list_may_be_resumed_only_at_its_end() -> None:
    """Objects of the list come in any order: until its end bookmark there is no place to resume from."""
    state, delta = step(LISTING, line("ADDED", "b", "90"))
    assert isinstance(delta, Put)
    assert (state, delta.rv) == (LISTING, 90)
    state, delta = step(state, line("ADDED", "a", "7"))
    assert state == LISTING
    state, delta = step(state, bookmark("95"))
    assert (state, delta) == (LISTING, Progress(95, listed=False))
    assert step(state, bookmark("100", end=True)) == (resumed(100), Progress(100, listed=True))


def test_live_changes_move_the_place() -> None:
    """Every change and bookmark of a live watch moves the place to resume from."""
    state, delta = step(resumed(100), line("MODIFIED", "a", "101"))
    assert state == resumed(101)
    assert isinstance(delta, Put)
    assert msgspec.json.decode(delta.raw)["metadata"]["name"] == "a"
    state, delta = step(state, line("DELETED", "a", "102"))
    assert state == resumed(102)
    assert isinstance(delta, Delete)
    assert step(state, bookmark("500")) == (resumed(500), Progress(500, listed=False))


def test_an_end_bookmark_in_a_live_watch_ends_nothing() -> None:
    """Only a list can be completed: else a stray annotation would delete what is cached."""
    assert step(resumed(4), bookmark("9", end=True)) == (resumed(9), Progress(9, listed=False))


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"not json",
        b'{"type":"ADDED"}',
        b'{"type":"ADDED","object":',
        b'{"type":"ADDED","object":{}}',
        b'{"type":"ADDED","object":[]}',
        b'{"type":"EXPLODED","object":{}}',
        b'{"type":"BOOKMARK","object":{"metadata":{}}}',
        b'{"type":"ADDED","object":{"metadata":{"name":"a","uid":"\xff","resourceVersion":"7"}}}',
        line("ADDED", rv="601$6"),
        line("ADDED", rv="-6"),
        line("ADDED", rv=7),
        line("ADDED", rv="٧"),
        line("ADDED", rv="9" * 20),
        line("ADDED", rv="101", uid=""),
        line("ADDED", rv="101", name=""),
        line("MODIFIED", rv="99"),
        bookmark("99"),
    ],
)
def test_damage_changes_nothing(damaged: bytes) -> None:
    """A line that cannot be trusted leaves the place to resume from as it was, and raises nothing."""
    state, delta = step(resumed(100), damaged)
    assert state == resumed(100)
    assert isinstance(delta, Garbled)


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(noise: bytes) -> None:
    """Whatever comes, the step gives an answer."""
    state, _ = step(State(listing=False, rv=3), noise)
    assert state == resumed(3)


@given(st.integers(0, 300), st.integers(0, 255))
def test_a_flipped_byte_never_moves_the_place_back(at: int, value: int) -> None:
    """One damaged byte may hide in valid JSON, but never makes a resume start before what is cached."""
    whole = line("MODIFIED", "a", "101", labels={"x": "y"})
    damaged = bytearray(whole)
    damaged[at % len(whole)] = value
    state, _ = step(resumed(100), bytes(damaged))
    assert state.rv is not None
    assert state.rv >= 100


def test_expired_comes_inside_success() -> None:
    """A 410 is an ERROR inside HTTP 200; its code is kept for the one who relists."""
    status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
    state, delta = step(resumed(8), msgspec.json.encode({"type": "ERROR", "object": status}))
    assert state == resumed(8)
    assert isinstance(delta, Ended)
    assert (delta.failure.status, delta.failure.reason) == (410, "Expired")


def deep(levels: int, rv: str = "101", kind: str = "ADDED") -> bytes:
    """A line about an object that is nested so deeply, with brackets in its texts."""
    whole = line(kind, "a", rv, labels={"x": '}]"\\'})
    return whole[:-2] + b',"spec":' + b'{"a":[' * levels + b'"]}\\""' + b"]}" * levels + b"}}"


def test_an_object_too_deep_to_decode_is_told_and_passed() -> None:
    """The watch goes on behind it: its head and resourceVersion are known, whatever its depth."""
    state, delta = step(resumed(100), deep(5000))
    assert state == resumed(101)
    assert isinstance(delta, Unreadable)
    assert (delta.head.metadata.name, delta.rv) == ("a", 101)
    assert delta.head.metadata.labels == {"x": '}]"\\'}
    assert step(LISTING, deep(5000))[0] == LISTING
    assert isinstance(step(resumed(100), deep(5000, kind="DELETED"))[1], Delete)
    assert isinstance(step(resumed(100), deep(20))[1], Put)


def test_a_damaged_line_stays_damaged_at_any_depth() -> None:
    """Half a line, and one that goes back, are not to be trusted however deep they are."""
    for damaged in (deep(5000)[:-9000], deep(5000, rv="99"), deep(5000, rv="1$")):
        state, delta = step(resumed(100), damaged)
        assert state == resumed(100)
        assert isinstance(delta, Garbled)
