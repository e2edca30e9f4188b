"""A worker that is born in the very turn in which its caller gives up."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys

import msgspec
import pytest

from sandbox.pool.zygote import Zygote
from sandbox.wire.control import Forked


async def test_a_birth_that_nobody_waits_for_any_more_leaks_nothing() -> None:
    """Its descriptor is closed, and the zygote is told to reap it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)  # noqa: ASYNC220
    zygote = Zygote(process, ours, lambda _zygote: None)
    try:
        fork = asyncio.ensure_future(zygote.fork(1))
        await asyncio.sleep(0)
        _, fds, _, _ = socket.recv_fds(theirs, 4096, 1)
        os.close(fds[0])
        fd = os.open(os.devnull, os.O_RDONLY)
        zygote._take(Forked(n=1, pid=1), [fd])
        fork.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fork
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
        assert msgspec.json.decode(theirs.recv(4096)) == {"t": "reap", "n": 1}
    finally:
        zygote.close()
        theirs.close()
        if process.stdin is not None:
            process.stdin.close()
