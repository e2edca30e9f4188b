"""The worker's end of its one socket: blocking frames in both directions, by read and write on fd 3."""

from __future__ import annotations

import os
from collections import deque

from sandbox.wire import frames, limits
from sandbox.wire.conversation import Conversation, State
from sandbox.wire.frames import FrameError, TooDeep
from sandbox.wire.messages import FromWorker, Reply, ToWorker
from sandbox.worker.alarm import Alarm
from sandbox.worker.headroom import probe
from sandbox.worker.wakeful import Wakeful

FD = 3
OUT_OF_MEMORY = 73  # the host reads it as such; a worker that lies about it lies about its own run
CONFUSED = 71  # the host said something that makes no sense here
LEFT = 0  # the host closed the socket: nothing to do, nothing to say
_CHUNK = 64 * 1024


class Channel:
    """Sends and receives whole frames."""

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm
        self._reader = frames.FrameReader(limits.MAX_FRAME_TO_WORKER)
        self._bodies: deque[bytes] = deque()
        self._wakeful = Wakeful(FD, _CHUNK)
        self._talk = Conversation(State.FRESH)  # the zygote said that it is ready

    def send(self, message: FromWorker, *, at_the_bottom: bool = False) -> None:
        """Write one frame whole; a soft timeout waits until it is out.

        `at_the_bottom`: of the stack, with no author's frame below, so there is room for certain.
        """
        if not at_the_bottom:
            probe()
        # Whatever may fail, fails before a change.
        data = memoryview(frames.pack(message, limits.MAX_FRAME_FROM_WORKER))
        self._alarm.hold()
        try:
            self._talk.worker(message)
            written = 0
            while written < len(data):
                written += os.write(FD, data[written:])
        except OSError:
            os._exit(LEFT)
        except MemoryError:  # whoever catches this would go on with half a frame said
            os._exit(OUT_OF_MEMORY)
        finally:
            self._alarm.release()

    def receive(self) -> ToWorker:
        """The next frame; leaves the process when the host is gone, or says what is not due.

        TooDeep when it is a reply that nests deeper than there are frames left; it is taken all the same.
        """
        try:
            while not self._bodies:
                data = self._read()
                if not data:
                    os._exit(LEFT)
                self._bodies.extend(self._reader.feed(data))
            message = frames.decode_to_worker(self._bodies.popleft())
            self._talk.host(message)
        except OSError:
            os._exit(LEFT)
        except MemoryError:  # what was read of the frame is lost, and with it the place in the stream
            os._exit(OUT_OF_MEMORY)
        except TooDeep:
            if self._talk.state is not State.ASKING:
                os._exit(CONFUSED)
            # The frame is off the stream. Its nesting is not ours to bound, and the author's frames are below.
            self._talk.host(Reply(0))
            raise
        except (FrameError, RecursionError):
            os._exit(CONFUSED)
        return message

    def _read(self) -> bytes | memoryview:
        """Awake between runs alone: in a run it would use up the author's CPU time."""
        if self._talk.state is State.LOADED and not self._reader.buffered:
            return self._wakeful.read()
        return os.read(FD, _CHUNK)
