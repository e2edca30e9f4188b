"""The worker's end of its one socket: blocking frames in both directions, by read and write on fd 3."""

from __future__ import annotations

import os
from collections import deque

from sandbox.wire import frames, limits
from sandbox.wire.messages import FromWorker, ToWorker
from sandbox.worker.alarm import Alarm

FD = 3
LEFT = 0  # the host closed the socket: nothing to do, nothing to say
_CHUNK = 64 * 1024


class Channel:
    """Sends and receives whole frames."""

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm
        self._reader = frames.FrameReader(limits.MAX_FRAME_TO_WORKER)
        self._bodies: deque[bytes] = deque()

    def send(self, message: FromWorker) -> None:
        """Write one frame whole; a soft timeout waits until it is out."""
        self.send_packed(frames.pack(message, limits.MAX_FRAME_FROM_WORKER))

    def send_packed(self, data: bytes) -> None:
        """Write a frame that `frames.pack` made."""
        self._alarm.hold()
        try:
            written = os.write(FD, data)
            while written < len(data):
                written += os.write(FD, data[written : written + _CHUNK])
        except OSError:
            os._exit(LEFT)
        self._alarm.release()

    def receive(self) -> ToWorker:
        """The next frame; leaves the process when the host is gone."""
        while not self._bodies:
            try:
                data = os.read(FD, _CHUNK)
            except OSError:
                os._exit(LEFT)
            if not data:
                os._exit(LEFT)
            self._bodies.extend(self._reader.feed(data))
        return frames.decode_to_worker(self._bodies.popleft())
