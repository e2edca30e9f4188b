"""The codec of the worker's socket: whatever is malformed is one error, and nothing grows."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.wire import frames, limits
from sandbox.wire.frames import FrameError, FrameReader
from sandbox.wire.messages import ApplyEffect, Call, Check, Done, Fail, Load, Loaded, Log, LogLine, Reply, Run

RUN = Run(
    id="a1",
    entry="reconcile",
    object=msgspec.Raw(b'{"metadata":{"name":"x"}}'),
    revision=3,
    attempt=1,
    reason="resync",
    now="2026-01-01T00:00:00Z",
    seed="00",
    effects=100,
    log_lines=200,
)
TO_WORKER = [
    Load("l", "x = 1", ["v1/ConfigMap"]),
    Check("c", "x"),
    RUN,
    Reply(1, msgspec.Raw(b"[1]")),
    Reply(2, error="no"),
]
FROM_WORKER = [
    Loaded("l", True),
    Log("r", [LogLine("info", "hello", {"a": "1"})]),
    Call("r", 1, "get", "v1/ConfigMap", "a"),
    Done("r", [ApplyEffect(msgspec.Raw(b'{"kind":"A"}'))], msgspec.Raw(b'{"a":1}'), 30.0),
    Fail("r", "error", "TypeError", "no", 3),
]


def body(message: object, limit: int = limits.MAX_FRAME_TO_WORKER) -> bytes:
    return frames.pack(message, limit)[frames.HEADER :]  # type: ignore[arg-type]


@pytest.mark.parametrize("message", TO_WORKER, ids=lambda m: type(m).__name__)
def test_what_the_host_says_arrives_as_it_was(message: object) -> None:
    """Each frame to a worker survives its own encoding."""
    assert frames.decode_to_worker(body(message)) == message


@pytest.mark.parametrize("message", FROM_WORKER, ids=lambda m: type(m).__name__)
def test_what_a_worker_says_arrives_as_it_was(message: object) -> None:
    """Each frame from a worker survives its own encoding."""
    assert frames.decode_from_worker(body(message)) == message


@pytest.mark.parametrize("message", TO_WORKER, ids=lambda m: type(m).__name__)
def test_a_worker_cannot_speak_as_the_host(message: object) -> None:
    """The two directions share no frame."""
    with pytest.raises(FrameError):
        frames.decode_from_worker(body(message))


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.data())
def test_any_split_of_the_stream_gives_the_same_bodies(bodies: list[bytes], data: st.DataObject) -> None:
    """Where the stream is cut into reads does not matter."""
    stream = b"".join(len(one).to_bytes(4, "big") + one for one in bodies)
    reader = FrameReader(64)
    found: list[bytes] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert found == bodies
    assert reader.buffered == 0


@given(st.binary(max_size=300))
def test_any_bytes_are_a_frame_or_an_error(data: bytes) -> None:
    """No input makes the reader or a decoder raise anything else, or keep more than a frame."""
    reader = FrameReader(64)
    try:
        for one in reader.feed(data):
            frames.decode_from_worker(one)
    except FrameError:
        return
    assert reader.buffered <= 64 + frames.HEADER


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_any_json_is_a_frame_or_an_error(value: object) -> None:
    """Well-formed JSON of the wrong shape is refused like garbage."""
    try:
        data = msgspec.json.encode({"t": "done", "id": value, "effects": value})
    except (UnicodeEncodeError, OverflowError, msgspec.MsgspecError):
        return
    with pytest.raises(FrameError):
        frames.decode_from_worker(data) if not isinstance(value, str) else frames.decode_from_worker(b"[" + data)


@pytest.mark.parametrize("length", [0, 65, 2**31, 2**32 - 1])
def test_a_length_out_of_bounds_is_refused_before_its_body(length: int) -> None:
    """Four bytes are enough to refuse a frame, and nothing is kept for it."""
    reader = FrameReader(64)
    with pytest.raises(FrameError):
        list(reader.feed(length.to_bytes(4, "big")))
    assert reader.buffered == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'{"t":"done"}',
        b'{"t":"done","id":"r","extra":1}',
        b'{"t":"done","id":7}',
        b'{"t":"done","id":""}',
        b'{"t":"nothing","id":"r"}',
        b'{"id":"r"}',
        b'{"t":"loaded","id":"r","finalize":"yes"}',
        b'{"t":"done","id":"r","requeue":1e999}',
        b'{"t":"done","id":"r","requeue":NaN}',
        b'{"t":"done","id":"r","requeue":-1}',
        b'{"t":"done","id":"r","logs_dropped":' + b"9" * 100_000 + b"}",
        b'{"t":"fail","id":"r","kind":"\xff","type":"","message":""}',
        b'{"t":"fail","id":"r","kind":"\\ud800","type":"","message":""}',
        b'{"t":"done","id":"r","status":' + b"[" * 100_000,
        b'{"t":"done","id":"r","effects":[{"t":"apply","object":{},"adopt":1}]}',
        b'{"t":"done","id":"r","effects":[{"t":"exec","object":{}}]}',
    ],
    ids=lambda data: data[:40].decode("latin-1"),
)
def test_malformed_frames_are_refused(data: bytes) -> None:
    """One error for all that a decoder can find wrong."""
    with pytest.raises(FrameError):
        frames.decode_from_worker(data)


@pytest.mark.parametrize(
    "message",
    [
        Fail("r", "error", "T", "x" * (limits.MAX_TEXT + 1)),
        Fail("r" * 65, "error", "T", "x"),
        Log("r", [LogLine("info", "x" * (limits.MAX_TEXT + 1))]),
        Log("r", [LogLine("info", "x")] * (limits.MAX_LOG_LINES + 1)),
        Log("r", [LogLine("info", "x", {str(i): "" for i in range(65)})]),
        Call("r", 1, "get", "k" * 321),
        Done("r", [ApplyEffect(msgspec.Raw(b"{}"))] * (limits.MAX_EFFECTS + 1)),
    ],
    ids=["message", "id", "line", "lines", "fields", "kind", "effects"],
)
def test_sizes_are_refused_by_the_decoder(message: object) -> None:
    """A text or list beyond the table of limits never becomes a frame."""
    with pytest.raises(FrameError):
        frames.decode_from_worker(body(message))


def test_a_frame_too_long_is_not_packed() -> None:
    """The sender refuses what the receiver would."""
    with pytest.raises(FrameError):
        frames.pack(Check("c", "x" * 100), 50)


@pytest.mark.parametrize(
    "raw",
    [b"[]", b"1", b'"\xff"', b'{"a":1e999}', b'{"a":"\\ud800"}', b"[" * 50_000, b'{"a":[' + b"[]," * 150_000 + b"[]]}"],
    ids=["list", "number", "utf-8", "huge", "surrogate", "deep", "wide"],
)
def test_a_document_is_an_object_within_its_budget(raw: bytes) -> None:
    """What hides in a raw field is found before anybody uses it."""
    with pytest.raises(FrameError):
        frames.document(raw, "the status")


def test_commas_inside_texts_do_not_count_as_values() -> None:
    """A long CSV in a ConfigMap is no bomb."""
    raw = msgspec.json.encode({"data": {"table": 'a,b,[{\\"' * 150_000}})
    assert frames.document(raw, "x")["data"]
    assert frames.nodes(raw) < 10
