"""The worker's end of the socket, where a frame fails before it begins or not at all."""

from __future__ import annotations

from contextlib import suppress

import pytest

from sandbox.wire import frames, limits
from sandbox.wire.conversation import State
from sandbox.wire.frames import FrameError, TooDeep
from sandbox.wire.messages import Call, Log
from sandbox.worker import channel
from sandbox.worker.alarm import Alarm
from sandbox.worker.channel import Channel


class Left(BaseException):
    """The process would have ended."""


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> bytearray:
    """What was written."""
    written = bytearray()

    def write(_fd: int, data: bytes) -> int:
        written.extend(data[:7])
        return len(data[:7])

    def leave(code: int) -> None:
        raise Left(code)

    monkeypatch.setattr(channel.os, "write", write)
    monkeypatch.setattr(channel.os, "_exit", leave)
    return written


def running(alarm: Alarm) -> Channel:
    found = Channel(alarm)
    found._talk.state = State.RUNNING
    return found


def bodies(out: bytearray) -> list[bytes]:
    return list(frames.FrameReader(limits.MAX_FRAME_FROM_WORKER).feed(bytes(out)))


def test_a_frame_at_the_end_of_the_stack_is_whole_or_was_never_begun(out: bytearray) -> None:
    """RecursionError leaves the conversation where it was, and the alarm free."""
    alarm = Alarm()
    end = running(alarm)
    sent = 0

    def dive() -> None:
        nonlocal sent
        with suppress(RecursionError):
            dive()
        with suppress(RecursionError):
            end.send(Log("r", []))
            sent += 1

    dive()
    assert len(bodies(out)) == sent > 100
    assert alarm._held == 0


@pytest.mark.parametrize("state", [State.ASKING, State.LOADED])
def test_a_frame_that_nests_too_deeply(out: bytearray, monkeypatch: pytest.MonkeyPatch, state: State) -> None:
    """A reply is taken, and its caller is told; of anything else nobody could be told whose it is."""
    body = b'{"t":"reply","call":1,"value":' + b"[" * 5000 + b"]" * 5000 + b"}"
    monkeypatch.setattr(channel.os, "read", lambda _fd, _size: len(body).to_bytes(4, "big") + body)
    end = Channel(Alarm())
    end._talk.state = state
    with pytest.raises(TooDeep if state is State.ASKING else Left):
        end.receive()
    assert end._talk.state is (State.RUNNING if state is State.ASKING else state)


def test_a_frame_that_is_not_due_leaves_the_alarm_free(out: bytearray) -> None:
    """A deadline that waits for a frame which never came would be no deadline."""
    alarm = Alarm()
    end = running(alarm)
    end.send(Call("r", 1, "get", "v1/ConfigMap", "x", "", {}))
    with pytest.raises(FrameError):
        end.send(Log("r", []))
    assert alarm._held == 0
    assert len(bodies(out)) == 1


def test_a_frame_that_cannot_be_encoded_was_never_begun(out: bytearray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of memory before the first byte: the author may catch it and go on."""

    def full(*_args: object) -> bytes:
        raise MemoryError

    end = running(Alarm())
    monkeypatch.setattr(channel.frames, "pack", full)
    with pytest.raises(MemoryError):
        end.send(Call("r", 1, "get", "v1/ConfigMap", "x", "", {}))
    assert end._talk.state is State.RUNNING
    assert not out


@pytest.mark.parametrize("name", ["read", "write"])
def test_memory_that_ends_within_a_frame_ends_the_process(
    out: bytearray, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """An author who catches it would go on in the middle of a frame."""

    def full(*_args: object) -> int:
        raise MemoryError

    monkeypatch.setattr(channel.os, name, full)
    end = running(Alarm())
    with pytest.raises(Left, match=str(channel.OUT_OF_MEMORY)):
        end.send(Log("r", [])) if name == "write" else end.receive()
    assert not out
