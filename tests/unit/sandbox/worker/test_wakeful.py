"""A wait that is awake where the last one was short. The socket is real, the clock is the test's."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from sandbox.wire.limits import AWAKE
from sandbox.worker import wakeful
from sandbox.worker.wakeful import Wakeful

SIZE = 1024 * 1024


@dataclass
class Scene:
    """A reader, the other end of its socket, a clock; what it did, and what happens when it gives way."""

    reader: Wakeful
    theirs: socket.socket
    now: float = 100.0
    did: list[str] = field(default_factory=list)
    on_sleep: Callable[[], None] = lambda: None
    on_yield: Callable[[], None] = lambda: None

    def hears(self, text: bytes, after: float) -> None:
        """It sleeps for so long, and then reads this."""
        self.on_sleep = lambda: self.pass_by(after, text)
        assert bytes(self.reader.read()) == text

    def pass_by(self, seconds: float, text: bytes = b"") -> None:
        """So much time goes by, and then something is said."""
        self.now += seconds
        if text:
            self.theirs.send(text)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Nothing was said yet, and nothing passes by itself."""
    ours, theirs = socket.socketpair()
    found = Scene(Wakeful(ours.fileno(), SIZE), theirs)
    read, look = os.read, os.preadv

    def reads(fd: int, size: int) -> bytes:
        found.did.append("sleeps")
        found.on_sleep()
        return read(fd, size)

    def looks(fd: int, buffers: list[bytearray], offset: int, flags: int) -> int:
        found.did.append("looks")
        return look(fd, buffers, offset, flags)

    def gives_way() -> None:
        found.on_yield()

    monkeypatch.setattr(wakeful.os, "read", reads)
    monkeypatch.setattr(wakeful.os, "preadv", looks)
    monkeypatch.setattr(wakeful.os, "sched_yield", gives_way)
    monkeypatch.setattr(wakeful.time, "monotonic", lambda: found.now)
    yield found
    ours.close()
    theirs.close()


def test_a_first_wait_and_one_after_a_long_one_sleep(scene: Scene) -> None:
    """Who is not asked again at once costs nothing."""
    scene.hears(b"one", after=AWAKE * 1.5)
    scene.hears(b"two", after=60.0)
    scene.hears(b"three", after=AWAKE / 2)
    assert scene.did == ["sleeps"] * 3


def test_a_wait_after_a_short_one_is_awake(scene: Scene) -> None:
    """As often as it takes, and as long as they come at once."""
    scene.hears(b"one", after=AWAKE / 2)
    for text in (b"two", b"three"):
        scene.did.clear()
        turns = iter((b"", b"", text))
        scene.on_yield = lambda turns=turns: scene.pass_by(1e-6, next(turns))
        assert bytes(scene.reader.read()) == text
        assert scene.did == ["looks"] * 4


def test_a_wait_that_becomes_long_falls_asleep(scene: Scene) -> None:
    """After AWAKE at most; and then the next wait sleeps from its start."""
    scene.hears(b"one", after=AWAKE / 2)
    scene.did.clear()
    scene.on_yield = lambda: scene.pass_by(AWAKE / 7.5)
    scene.hears(b"two", after=1.0)
    assert scene.did == ["looks"] * 8 + ["sleeps"]
    scene.did.clear()
    scene.hears(b"three", after=1.0)
    assert scene.did == ["sleeps"]


def test_who_wants_the_processor_has_it(scene: Scene) -> None:
    """One look, and a yield that came back late: somebody else was there, and a sleeper is in nobody's way."""
    scene.hears(b"one", after=AWAKE / 2)
    scene.did.clear()
    scene.on_yield = lambda: scene.pass_by(wakeful.TAKEN * 1.5)
    scene.hears(b"two", after=1.0)
    assert scene.did == ["looks", "sleeps"]


def test_the_end_is_told_while_awake(scene: Scene) -> None:
    """Empty, as `os.read` says it."""
    scene.hears(b"one", after=AWAKE / 2)
    scene.theirs.close()
    assert bytes(scene.reader.read()) == b""


def test_more_than_one_look_takes(scene: Scene) -> None:
    """What is left stays in the socket, in its order."""
    scene.hears(b"one", after=AWAKE / 2)
    text = bytes(range(256)) * 100
    scene.theirs.send(text)
    first = bytes(scene.reader.read())
    assert 0 < len(first) < len(text)
    assert first + bytes(scene.reader.read()) == text


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM])
def test_a_kernel_that_cannot_look_is_asked_once(scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """It sleeps from then on, as if nothing were."""

    def refuses(*_arguments: object) -> int:
        scene.did.append("refused")
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(wakeful.os, "preadv", refuses)
    for text in (b"one", b"two", b"three"):
        scene.hears(text, after=AWAKE / 2)
    assert scene.did == ["sleeps", "refused", "sleeps", "sleeps"]


def test_a_library_that_cannot_look_is_not_asked(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """No flag, no look."""
    monkeypatch.setattr(wakeful, "_NOT_NOW", 0)
    scene.reader = Wakeful(scene.reader._fd, SIZE)
    for text in (b"one", b"two"):
        scene.hears(text, after=AWAKE / 2)
    assert scene.did == ["sleeps", "sleeps"]
