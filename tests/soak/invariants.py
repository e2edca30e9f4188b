"""What must hold for every input, however malformed: one function a target, from bytes to a word on what happened.

A violated invariant is an exception. An input that takes too long, takes too much memory or ends the process
is a violation too, which only the engine around these functions can see.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import CodeType

import msgspec
from hypothesis import HealthCheck, given, settings

from sandbox.policy.compiler import Compiled, PolicyRejected, check, compile_source
from sandbox.policy.grammar import HOOKS
from sandbox.policy.runtime import RunEnv, fresh_globals
from sandbox.wire import frames, limits
from sandbox.wire.control import MAX_PACKET, FromZygote, Settings, ToZygote
from sandbox.wire.frames import FrameError, FrameReader
from sandbox.wire.messages import ApplyEffect, Checked, Done, FromWorker, Reply, Run, ToWorker
from tests.soak.sources import sources

Target = Callable[[bytes], str]

DEFECT = "CHK199"  # the checker's word for a mistake of its own
# What every module and class body of CPython names by itself.
_IMPLICIT = {"__name__", "__module__", "__qualname__", "__doc__", "__annotations__", "_"}
_IMPLICIT |= {"__firstlineno__", "__static_attributes__"}  # of a class, since 3.13
_KEPT = {"_fields_"}  # the annotations of a class body, as text, for the dataclass facade
_GUARDS = {name for name in fresh_globals(RunEnv(print, datetime.now(UTC), b"")) if name.startswith("_")}
_HIDDEN = _GUARDS | _IMPLICIT | _KEPT | set(HOOKS)


class Violation(AssertionError):
    """An invariant does not hold. `data` is the smallest input that is known to show it."""

    def __init__(self, what: str, data: bytes) -> None:
        super().__init__(what)
        self.data = data


# ── the policy's compiler ────────────────────────────────────────────────────────────────────────
def judge(source: str) -> str:
    """Findings or code, the same from both entries, never a defect; findings that fit their frame."""
    data = source.encode("utf-8", "surrogateescape")
    findings = check(source)
    try:
        compiled: Compiled | None = compile_source(source)
    except PolicyRejected as rejected:
        compiled = None
        _demand(rejected.findings == findings, "check and compile_source disagree on the findings", data)
    _demand((compiled is None) == bool(findings), "a source is both accepted and refused", data)
    for finding in findings:
        _demand(finding.code != DEFECT, f"a defect of the checker: {finding.message}", data)
        start, end = (finding.line, finding.column), (finding.end_line, finding.end_column)
        _demand((1, 1) <= start <= end, f"a range that is none: {finding}", data)
    frame = frames.pack(Checked("a", findings, "1"), limits.MAX_FRAME_FROM_WORKER)
    _demand(frames.decode_from_worker(frame[frames.HEADER :]) == Checked("a", findings, "1"), "a frame changes", data)
    if compiled is None:
        return " ".join(sorted({finding.code for finding in findings}))
    for code in _codes(compiled.code):
        for name in (*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars):
            # An author's own `_helper` is theirs; what ends with "_" as well, or begins with two, never is.
            private = name.startswith("__") or (name.startswith("_") and name.endswith("_"))
            _demand(not private or name in _HIDDEN, f"accepted code names {name!r}", data)
        for one in dis.get_instructions(code):
            reached = one.opname.endswith(("_ATTR", "_METHOD")) and str(one.argval).startswith("_")
            _demand(not reached, f"accepted code reaches for the attribute {one.argval!r}", data)
    return "accepted"


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def compiler(data: bytes) -> str:
    """Any bytes as a source."""
    return judge(data.decode("utf-8", "surrogateescape"))


_last = ""


@settings(database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(sources())
def _generated(source: str) -> None:
    global _last  # noqa: PLW0603  hypothesis hands no result through
    _last = judge(source)


def grammar(data: bytes) -> str:
    """Any bytes as the choices of a grammar of sources."""
    _generated.hypothesis.fuzz_one_input(data)
    return _last


# ── the frames of a worker's socket ──────────────────────────────────────────────────────────────
def stream(data: bytes) -> str:
    """The first byte says how the rest is cut and framed; then both directions decode every body."""
    if not data:
        return "empty"
    mode, rest = data[0], data[1:]
    if mode & 1:
        rest = len(rest).to_bytes(frames.HEADER, "big") + rest
    limit = 1 << (mode >> 4) + 8
    whole, why = _read(rest, limit, len(rest) or 1)
    pieces, other = _read(rest, limit, 1 + (mode >> 1 & 7))
    _demand((whole, why) == (pieces, other), "a stream reads differently when it is cut differently", data)
    return " ".join(sorted({f"{_to_worker(body)}/{_from_worker(body)}" for body in whole})) + why


def _read(data: bytes, limit: int, step: int) -> tuple[list[bytes], str]:
    reader, bodies = FrameReader(limit), []
    try:
        for start in range(0, len(data), step):
            for body in reader.feed(data[start : start + step]):
                _demand(0 < len(body) <= limit, "a body beyond its limit", data)
                bodies.append(body)
            _demand(reader.buffered < frames.HEADER + limit + step, "the reader keeps too much", data)
    except FrameError:
        return bodies, "!"
    return bodies, ""


def _to_worker(body: bytes) -> str:
    return _typed(body, frames.decode_to_worker)


def _from_worker(body: bytes) -> str:
    return _typed(body, frames.decode_from_worker)


def _typed(body: bytes, decode: Callable[[bytes], ToWorker | FromWorker]) -> str:
    try:
        message = decode(body)
    except FrameError:
        return "-"
    for raw in _documents(message):
        try:
            document = frames.document(raw, "a document")
        except FrameError:
            continue
        _demand(isinstance(document, dict), "a document that is no object", body)
        _demand(_count(document) <= limits.MAX_NODES, "a document beyond its nodes", body)
    packed = frames.pack(message, limits.MAX_FRAME_TO_WORKER)
    again = frames.pack(decode(packed[frames.HEADER :]), limits.MAX_FRAME_TO_WORKER)
    _demand(packed == again, "a message changes on its way", body)
    return type(message).__name__


def _documents(message: ToWorker | FromWorker) -> list[msgspec.Raw]:
    if isinstance(message, Run):
        return [message.object]
    if isinstance(message, Reply):
        return [message.value]
    if isinstance(message, Done):
        return [message.status, *(one.object for one in message.effects if isinstance(one, ApplyEffect))]
    return []


def _count(value: object) -> int:
    count, stack = 0, [value]
    while stack:
        one = stack.pop()
        count += 1
        stack.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
    return count


# ── the packets between host and zygote ──────────────────────────────────────────────────────────
_PACKETS = [msgspec.json.Decoder(kind) for kind in (ToZygote, FromZygote, Settings)]
_MALFORMED = (msgspec.MsgspecError, UnicodeError, RecursionError)  # each ends the zygote, or the host's use of it


def control(data: bytes) -> str:
    """A packet either way, and the settings of the command line."""
    packet, words = data[:MAX_PACKET], []
    for decoder in _PACKETS:
        try:
            message = decoder.decode(packet)
        except _MALFORMED:
            words.append("-")
            continue
        again = decoder.decode(msgspec.json.encode(message))
        _demand(again == message, "a packet changes on its way", packet)
        words.append(type(message).__name__)
    return "/".join(words)


TARGETS: dict[str, Target] = {"compiler": compiler, "grammar": grammar, "frames": stream, "control": control}


def _demand(holds: bool, what: str, data: bytes) -> None:
    if not holds:
        raise Violation(what, data)
