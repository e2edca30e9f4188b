"""How a worker waits for its next run: asleep, or awake for a moment where the last one came at once.

A processor that has nothing to do halts; it comes back late and with cold caches, and that costs a short run
more than its own work does (docs/decisions/0018). Nobody is kept from the processor: a worker whose place was
taken while it looked goes to sleep.
"""

from __future__ import annotations

import os
import time

from sandbox.wire.limits import AWAKE

TAKEN = 20e-6  # seconds; a yield to nobody is over in one or two microseconds
_PIECE = 16 * 1024  # most frames are shorter, and of the others the rest is read as ever
_AT_ITS_END = -1  # what `preadv2` wants for "no position": a socket has none
_NOT_NOW: int = getattr(os, "RWF_NOWAIT", 0)  # not in every C library


class Wakeful:
    """Reads a socket, `size` bytes at most. After a short wait the next is awake, for AWAKE seconds at most."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._able = bool(_NOT_NOW)
        self._awake = False
        self._piece = bytearray()  # made at its first use: most workers never have a second run so soon

    def read(self) -> bytes | memoryview:
        """What is there as soon as something is, valid until the next call; empty at the end, else OSError."""
        began = time.monotonic()
        if self._awake:
            found = self._look(began)
            if found is not None:
                return found
        data = os.read(self._fd, self._size)
        self._awake = self._able and time.monotonic() - began < AWAKE
        return data

    def _look(self, began: float) -> memoryview | None:
        """None when nothing came, or somebody else wants the processor."""
        self._piece = self._piece or bytearray(_PIECE)
        buffers = [self._piece]
        last = began
        while last - began < AWAKE:
            try:
                size = os.preadv(self._fd, buffers, _AT_ITS_END, _NOT_NOW)
            except BlockingIOError:
                os.sched_yield()
            except OSError:  # a kernel that cannot look without waiting; or there is an end, which `read` meets too
                self._able = False
                return None
            else:
                return memoryview(self._piece)[:size]
            now = time.monotonic()
            if now - last > TAKEN:
                return None
            last = now
        return None
