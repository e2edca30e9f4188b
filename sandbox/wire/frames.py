"""The codec of the worker's socket, without any I/O: bytes in, frames out.

A frame is a 4-byte big-endian length and that many bytes of JSON. The length is judged before one
byte of the body is kept, so nobody can make the other side allocate. Whatever is malformed, in
whichever way, is one error: `FrameError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from sandbox.wire import limits
from sandbox.wire.messages import FromWorker, ToWorker

HEADER = 4
MALFORMED = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError, OverflowError)  # what decoding can raise
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_encoder = msgspec.json.Encoder()
_to_worker: msgspec.json.Decoder[ToWorker] = msgspec.json.Decoder(ToWorker)
_from_worker: msgspec.json.Decoder[FromWorker] = msgspec.json.Decoder(FromWorker)
_anything: msgspec.json.Decoder[object] = msgspec.json.Decoder()

T = TypeVar("T")


class FrameError(Exception):
    """The peer broke the protocol; the text says how, and quotes nothing the peer sent."""


class TooDeep(FrameError):
    """It nests deeper than there are frames left on the stack of whoever decodes it."""


class FrameReader:
    """Cuts a byte stream into frame bodies of at most `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._need = 0

    @property
    def buffered(self) -> int:
        """Bytes held that do not make a whole frame yet."""
        return len(self._buffer)

    def feed(self, data: bytes | memoryview) -> Iterator[bytes]:
        """Take `data`, yield each complete body; raises FrameError on a length that is not allowed."""
        self._buffer += data
        while True:
            if not self._need:
                if len(self._buffer) < HEADER:
                    return
                need = int.from_bytes(self._buffer[:HEADER], "big")
                if need == 0 or need > self._limit:
                    self._buffer.clear()
                    raise FrameError(f"a frame of {need} bytes, allowed are 1 to {self._limit}")
                self._need = need
            end = HEADER + self._need
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[HEADER:end])
            del self._buffer[:end]
            self._need = 0
            yield body


def pack(message: ToWorker | FromWorker, limit: int) -> bytes:
    """The frame of `message`, length included; FrameError when it is longer than `limit`."""
    body = _encoder.encode(message)
    if len(body) > limit:
        raise FrameError(f"a frame of {len(body)} bytes, allowed are {limit}")
    return len(body).to_bytes(HEADER, "big") + body


def decode_to_worker(body: bytes) -> ToWorker:
    """The frame that a host sent."""
    return _decode(_to_worker, body)


def decode_from_worker(body: bytes) -> FromWorker:
    """The frame that a worker sent; its nested documents are still raw, see `document`."""
    return _decode(_from_worker, body)


def document(raw: bytes | msgspec.Raw, what: str) -> dict[str, object]:
    """The JSON object in a raw field, or FrameError; never larger in memory than its node budget.

    A raw field is only scanned by the frame decoder: bad UTF-8 and numbers beyond a double still
    hide in it, and a megabyte of `[[],[],…` would grow thirtyfold. So the nodes are counted first.
    """
    data = bytes(raw)
    if nodes(data) > limits.MAX_NODES:
        raise FrameError(f"{what} has more than {limits.MAX_NODES} values")
    value = _decode(_anything, data)
    if not isinstance(value, dict):
        raise FrameError(f"{what} is not an object")
    return value


def nodes(data: bytes) -> int:
    """An upper bound of the values in a JSON text, without building one of them."""
    count = _marks(data)
    if count > limits.MAX_NODES:  # commas inside long texts count too: look again without the texts
        count = _marks(_STRING.sub(b"", data))
    return count


def _marks(data: bytes) -> int:
    return 1 + data.count(b",") + data.count(b"[") + data.count(b"{")


def _decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except MALFORMED as error:
        kind = TooDeep if isinstance(error, RecursionError) else FrameError
        raise kind(f"not a frame of this protocol: {type(error).__name__}") from None
