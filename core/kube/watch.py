"""One line of a watch at a time, without I/O: what it says, and from where the watch could be resumed.

A watch begins by listing (WatchList: the server sends what there is, then a bookmark that ends it) or
resumes at a resourceVersion. The caller puts a change into its cache before it keeps the state that
`step` gave for it: so a resume never skips something that was not stored.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from core.kube.errors import Failure, parse_status
from core.kube.objects import Damaged, Head, TooDeep, parse_head, parse_object, parse_rv, shallow

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True)
class State:
    """`listing` until the end bookmark; `rv` is where to resume, None before there is such a place."""

    listing: bool
    rv: int | None


LISTING = State(listing=True, rv=None)


def resumed(rv: int) -> State:
    """The state of a watch that is opened at a resourceVersion."""
    return State(listing=False, rv=rv)


@dataclass(frozen=True, slots=True)
class Put:
    """The object is so now; whether that is new is for the cache to say."""

    head: Head
    rv: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The object is now one that is nested too deeply to be decoded; the watch itself is sound."""

    head: Head
    rv: int


@dataclass(frozen=True, slots=True)
class Delete:
    """The object is gone; `raw` is its last state, `rv` that of the deletion."""

    head: Head
    rv: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """A bookmark: everything up to `rv` was sent. With `listed`, the initial list is complete."""

    rv: int
    listed: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The server ended the watch with a Status (410 `Expired` comes so, inside HTTP 200)."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Garbled:
    """The line cannot be trusted: drop the connection and resume from the state before it."""

    why: str


Delta = Put | Unreadable | Delete | Progress | Ended | Garbled


class _Line(msgspec.Struct):
    type: str
    object: msgspec.Raw


_decoder = msgspec.json.Decoder(_Line)


def step(state: State, line: bytes) -> tuple[State, Delta]:
    """The state after this line, and what it says. Never raises for what the line holds."""
    try:
        return _read(state, line)
    except (RecursionError, TooDeep):
        # One such object must not stop the watch of all others: what stands above its depths tells enough.
        after, delta = _read(state, shallow(line))
    return after, Unreadable(delta.head, delta.rv) if isinstance(delta, Put) else delta


def _read(state: State, line: bytes) -> tuple[State, Delta]:
    """Raises RecursionError and TooDeep."""
    try:
        watch_event = _decoder.decode(line)
        if watch_event.type == "BOOKMARK":
            return _bookmark(state, watch_event.object)
        if watch_event.type in ("ADDED", "MODIFIED", "DELETED"):
            return _change(state, watch_event.type, watch_event.object)
        if watch_event.type == "ERROR":
            return state, Ended(parse_status(bytes(watch_event.object)))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return state, Garbled("a line is not a WatchEvent")
    except TooDeep:
        raise
    except Damaged as damage:
        return state, Garbled(str(damage))
    return state, Garbled(f"a WatchEvent of type {watch_event.type[:40]!r}")


def _bookmark(state: State, raw: msgspec.Raw) -> tuple[State, Delta]:
    metadata = parse_head(raw).metadata
    rv = parse_rv(metadata.resource_version)
    if state.listing:
        listed = (metadata.annotations or {}).get(INITIAL_EVENTS_END) == "true"
        return (resumed(rv) if listed else state), Progress(rv, listed=listed)
    _not_back(state, rv)
    return resumed(rv), Progress(rv, listed=False)


def _change(state: State, kind: str, raw: msgspec.Raw) -> tuple[State, Delta]:
    head, rv = parse_object(raw)
    delta = (Delete if kind == "DELETED" else Put)(head, rv, bytes(raw))
    if state.listing:
        return state, delta  # the list comes in any order: only its end is a place to resume from
    _not_back(state, rv)
    return resumed(rv), delta


def _not_back(state: State, rv: int) -> None:
    """A live watch is ordered by resourceVersion; one that goes back is damaged, or another server's."""
    if state.rv is not None and rv < state.rv:
        raise Damaged(f"the watch went back from resourceVersion {state.rv} to {rv}")
