"""The host's end of a zygote that does not keep to the protocol."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys

import pytest

from sandbox.pool.zygote import Zygote, ZygoteLost
from sandbox.wire.control import MAX_PACKET, Forked, Reaped, Up, encode

from .support import descriptors

UP = encode(Up({}, "v"))
BROKEN = {
    "bytes of no protocol": ([b"hello"], 0),
    "a packet of the other way": ([b'{"t":"reap","n":1}'], 0),
    "a packet that is too long": ([b" " * MAX_PACKET + UP], 0),
    "up once more": ([UP, UP], 0),
    "a worker without its descriptor": ([encode(Forked(1, 1))], 0),
    "a worker with two": ([encode(Forked(1, 1))], 2),
    "a descriptor that nobody expects": ([encode(Reaped(1, 0, 0.0, 0))], 1),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_malformed_packet_is_the_end_of_a_zygote(name: str) -> None:
    """It is killed and told about once, whoever waits knows, and no descriptor of it stays."""
    packets, extra = BROKEN[name]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)  # noqa: ASYNC220
    lost: list[Zygote] = []
    zygote = Zygote(process, ours, lost.append)
    fork = asyncio.ensure_future(zygote.fork(1))
    try:
        await asyncio.sleep(0)
        _, asked, _, _ = socket.recv_fds(theirs, 4096, 1)
        open_before = descriptors()
        with open(os.devnull, "rb") as null:  # noqa: PTH123, ASYNC230
            for packet in packets:
                if extra:
                    socket.send_fds(theirs, [packet], [null.fileno()] * extra)
                else:
                    theirs.send(packet)
        with pytest.raises(ZygoteLost):
            await fork
        assert lost == [zygote]
        assert zygote.lost
        assert zygote.last_words.startswith("it broke the protocol: ")
        assert process.returncode == -9
        # Less its control socket and the worker's socket, which both were the host's.
        assert descriptors() == open_before - 2
        os.close(asked[0])
    finally:
        zygote.close()
        theirs.close()
        if process.stdin is not None:
            process.stdin.close()


async def test_a_zygote_that_cannot_be_asked_leaves_no_error_behind() -> None:
    """The caller hears of it once; the event loop has nothing to complain of afterwards."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)  # noqa: ASYNC220
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    zygote = Zygote(process, ours, lambda _zygote: None)
    try:
        theirs.close()
        with pytest.raises(ZygoteLost):
            await zygote.fork(1)
        gc.collect()
        assert complaints == []
    finally:
        zygote.close()
        if process.stdin is not None:
            process.stdin.close()
