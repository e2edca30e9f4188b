"""The host against a hostile worker, played by hypothesis: whatever it writes, in whatever pieces and order.

The socket is real, the process is not: a pipe stands for its pidfd, and it dies when the host has killed it.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
from contextlib import suppress
from itertools import pairwise
from typing import cast

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sandbox.pool.config import Code, Limits, RunRequest, Verdict
from sandbox.pool.job import new_id
from sandbox.pool.process import Worker
from sandbox.pool.verdicts import Evidence, OomCounter, judge
from sandbox.pool.zygote import Birth, Zygote
from sandbox.wire import frames, limits
from sandbox.wire.messages import Call, Done, Fail, FromWorker, Late, Loaded, Log, LogLine, Ready, Reply, Run, ToWorker

from .support import NOBODY, Zoo

BOUNDS = Limits(timeout=30.0, effects=2)
CODE = Code("code", "source", BOUNDS, owns=("v1/ConfigMap",))
GROWTH = 50 * 1024  # kilobytes, of the whole process
DEEP = b"[" * 100_000
# What no worker of ours can say, as bodies in which ID is the id of the run in flight.
MALFORMED = {
    "no json": b"hello",
    "another type": b'{"t":"hello","id":"ID"}',
    "an unknown field": b'{"t":"done","id":"ID","more":1}',
    "the wrong id": b'{"t":"done","id":"0123456789abcdef"}',
    "two ids, the last one wrong": b'{"t":"done","id":"ID","id":"0123456789abcdef"}',
    "invalid UTF-8": b'{"t":"fail","id":"ID","kind":"error","type":"T","message":"\xff"}',
    "half of a surrogate pair": b'{"t":"fail","id":"ID","kind":"error","type":"T","message":"\\ud800"}',
    "deep nesting": b'{"t":"done","id":"ID","status":' + DEEP,
    "deep nesting that ends": b'{"t":"done","id":"ID","status":' + DEEP + b"]" * 100_000 + b"}",
    "too many values": b'{"t":"done","id":"ID","status":{"a":[' + b"[]," * 200_000 + b"[]]}}",
    "a status that is no object": b'{"t":"done","id":"ID","status":[]}',
    "more effects than allowed": b'{"t":"done","id":"ID","effects":['
    + b'{"t":"delete","kind":"a","name":"b"},' * 2
    + b'{"t":"delete","kind":"a","name":"b"}]}',
    "a number beyond a double": b'{"t":"done","id":"ID","status":{"a":1e999}}',
    "an unknown failure": b'{"t":"fail","id":"ID","kind":"strange","type":"T","message":""}',
    "a timeout without a signal": b'{"t":"fail","id":"ID","kind":"timeout","type":"T","message":""}',
    "a late word without a signal": b'{"t":"late","id":"ID"}',
    "ready again": b'{"t":"ready"}',
    "another answer": b'{"t":"loaded","id":"ID","finalize":false}',
    "a call out of order": b'{"t":"call","id":"ID","n":77,"verb":"get","kind":"v1/ConfigMap"}',
    "a call of no verb": b'{"t":"call","id":"ID","n":1,"verb":"drop","kind":"v1/ConfigMap"}',
    "an unknown log level": b'{"t":"log","id":"ID","lines":[{"level":"fatal","message":"x"}]}',
}


class ClockedLoop(asyncio.SelectorEventLoop):
    """A loop whose clock a test can move."""

    shift = 0.0

    def time(self) -> float:
        """The clock of the machine, and what was added."""
        return super().time() + self.shift


class Played:
    """A worker of the host's and the other end of its socket."""

    def __init__(self, loop: ClockedLoop) -> None:
        self.loop = loop
        self.zoo = Zoo(loop)
        ours, self.theirs = socket.socketpair()
        ours.setblocking(False)
        self.theirs.setblocking(False)
        pidfd, self.life = os.pipe()
        self.dead = 0
        self.calls: list[asyncio.Future[bytes]] = []
        self.reader = frames.FrameReader(limits.MAX_FRAME_TO_WORKER)
        self.run: asyncio.Future[Evidence] | None = None
        self.run_id = ""
        birth = Birth(1, NOBODY, pidfd, ours)
        self.worker = loop.run_until_complete(self._made(birth))

    async def _made(self, birth: Birth) -> Worker:
        return Worker(cast("Zygote", self.zoo), birth, 0, OomCounter(()), self._died)

    def _died(self, _worker: Worker) -> None:
        self.dead += 1

    def turn(self) -> None:
        """Let the loop do what it has to do; what the host killed dies."""
        for _ in range(6):
            self.loop.run_until_complete(asyncio.sleep(0))
        if self.worker.killed and not self.worker.dead:
            self.die(signal.SIGKILL)

    def die(self, status: int) -> None:
        """The process ends."""
        self.zoo.status = status
        os.close(self.life)
        while not self.dead:
            self.loop.run_until_complete(asyncio.sleep(0.001))

    def write(self, data: bytes) -> None:
        """As much as the host takes."""
        while data and not self.worker.dead:
            with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
                data = data[self.theirs.send(data[:65536]) :]
            self.turn()
            if self.worker.killed:
                return

    def say(self, message: FromWorker) -> None:
        """One frame, whole."""
        self.write(frames.pack(message, limits.MAX_FRAME_FROM_WORKER))

    def heard(self) -> list[ToWorker]:
        """What the host said; each of it is a frame of the protocol."""
        try:
            data = self.theirs.recv(1 << 20)
        except BlockingIOError:
            return []
        return [frames.decode_to_worker(body) for body in self.reader.feed(data)]

    def begin(self) -> None:
        """The host begins a run."""

        async def answer(_call: Call) -> bytes:
            self.calls.append(self.loop.create_future())
            return await self.calls[-1]

        async def run() -> asyncio.Future[Evidence]:
            return self.worker.run(self.run_id, RunRequest(CODE, b"{}"), 0.25, answer, None)

        self.run_id, self.calls = new_id(), []
        self.run = self.loop.run_until_complete(run())
        self.turn()
        assert [type(one) for one in self.heard()] == [Run]

    def load(self) -> None:
        """Ready, and with a code."""

        async def load() -> asyncio.Future[Evidence]:
            return self.worker.load(CODE, 0.25)

        self.say(Ready())
        loading = self.loop.run_until_complete(load())
        self.turn()
        (asked,) = self.heard()
        self.say(Loaded(asked.id, False))  # type: ignore[union-attr]
        assert loading.done()

    def verdict(self) -> Verdict:
        """What the run ended as; its evidence is used up."""
        assert self.run is not None
        assert self.run.done(), "a run without a verdict"
        evidence, self.run = self.run.result(), None
        return judge(evidence, what="reconcile", timeout=BOUNDS.timeout).verdict

    def close(self) -> None:
        """No descriptor is left."""
        if not self.dead:
            self.worker.kill("over")
            self.die(signal.SIGKILL)
        self.theirs.close()


class Hostile(RuleBasedStateMachine):
    """Every rule says what must come of it; a dead worker is replaced, and the innocent one goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.loop = ClockedLoop()
        self.innocent = Played(self.loop)
        self.innocent.load()
        self.one = self.fresh()
        self.n = 0
        self.late = False

    def fresh(self) -> Played:
        """Another worker, loaded."""
        self.n, self.late = 0, False
        one = Played(self.loop)
        one.load()
        return one

    @property
    def running(self) -> bool:
        """Whether a run is in flight."""
        return self.one.run is not None

    @property
    def asking(self) -> bool:
        """Whether a call waits for the host."""
        return any(not call.done() for call in self.one.calls) and self.running

    def must_die(self, *expected: Verdict) -> None:
        """The host has killed it, and the run that was in flight has one verdict."""
        self.one.turn()
        assert self.one.dead == 1
        assert self.one.worker.killed
        if self.running:
            assert self.one.verdict() in expected
        self.one.close()
        self.one = self.fresh()

    # ── what a worker may say ────────────────────────────────────────────────────────────────────
    @precondition(lambda self: not self.running)
    @rule()
    def a_run(self) -> None:
        """The host begins one."""
        self.n, self.late = 0, False
        self.one.begin()

    def answered(self, message: FromWorker, cuts: list[int]) -> None:
        """A legal end of a run, in pieces."""
        data = frames.pack(message, limits.MAX_FRAME_FROM_WORKER)
        places = sorted({cut % len(data) for cut in cuts} | {0, len(data)})
        for start, end in pairwise(places):
            self.one.write(data[start:end])
        expected = Verdict.SUCCEEDED if isinstance(message, Done) else Verdict.RETRY
        assert not self.one.worker.killed
        assert self.one.verdict() is (Verdict.TIMED_OUT if self.late else expected)

    @precondition(lambda self: self.running and not self.asking)
    @rule(cuts=st.lists(st.integers(0, 500), max_size=30))
    def done_in_pieces(self, cuts: list[int]) -> None:
        """Also one byte after the other."""
        logs = [LogLine("info", "x")]
        self.answered(Done(self.one.run_id, status=msgspec.Raw(b'{"a":1}'), logs=logs), cuts)

    @precondition(lambda self: self.running)
    @rule(cuts=st.lists(st.integers(0, 500), max_size=30))
    def failed_in_pieces(self, cuts: list[int]) -> None:
        """Also while a call waits."""
        self.answered(Fail(self.one.run_id, "error", "KeyError", "x"), cuts)

    @precondition(lambda self: self.running and not self.asking)
    @rule()
    def a_call(self) -> None:
        """The next one; it waits."""
        self.n += 1
        self.one.say(Call(self.one.run_id, self.n, "get", "v1/ConfigMap", "a"))
        assert not self.one.worker.killed
        assert len(self.one.calls) == self.n

    @precondition(lambda self: self.asking)
    @rule()
    def a_reply(self) -> None:
        """It reaches the worker, under its number."""
        self.one.calls[-1].set_result(b"{}")
        self.one.turn()
        (reply,) = self.one.heard()
        assert isinstance(reply, Reply)
        assert reply.call == self.n

    @precondition(lambda self: self.running and not self.late)
    @rule()
    def the_soft_deadline(self) -> None:
        """It passes, and the worker says so."""
        self.loop.shift += BOUNDS.timeout
        self.one.turn()
        self.late = True
        self.one.say(Late(self.one.run_id, 3))
        assert not self.one.worker.killed

    # ── what it may not ──────────────────────────────────────────────────────────────────────────
    @rule(name=st.sampled_from(sorted(MALFORMED)))
    def malformed(self, name: str) -> None:
        """One of them, whatever is going on."""
        if self.late and name == "a timeout without a signal":
            return  # there was one
        body = MALFORMED[name].replace(b"ID", self.one.run_id.encode())
        self.one.write(len(body).to_bytes(4, "big") + body)
        self.must_die(Verdict.PROTOCOL_VIOLATION)

    @rule(length=st.sampled_from([0, limits.MAX_FRAME_FROM_WORKER + 1, 2**31, 2**32 - 1]))
    def a_length_that_is_not_allowed(self, length: int) -> None:
        """Nothing is allocated for it, and no body is waited for."""
        self.one.write(length.to_bytes(4, "big"))
        self.must_die(Verdict.PROTOCOL_VIOLATION)

    @precondition(lambda self: not self.running)
    @rule(data=st.sampled_from([b"\0", b"\0\0", b"\0\0\0\7"]))
    def a_byte_that_nobody_asked_for(self, data: bytes) -> None:
        """Not even the beginning of a frame."""
        self.one.write(data)
        self.must_die()

    @precondition(lambda self: self.running and not self.asking)
    @rule(second=st.sampled_from([b"\0", frames.pack(Ready(), 100), b"\0\0\0\5hello"]))
    def something_after_the_answer(self, second: bytes) -> None:
        """In one write with it, so that the answer cannot count."""
        self.one.theirs.send(frames.pack(Done(self.one.run_id), 1000) + second)
        self.must_die(Verdict.PROTOCOL_VIOLATION)

    @precondition(lambda self: self.asking)
    @rule(kind=st.sampled_from([Done, Log, Call]))
    def anything_but_patience_while_a_call_waits(self, kind: type) -> None:
        """One call at a time, and no success before its reply."""
        run = self.one.run_id
        said = {Done: Done(run), Log: Log(run, []), Call: Call(run, self.n + 1, "get", "v1/ConfigMap", "b")}[kind]
        self.one.say(said)
        self.must_die(Verdict.PROTOCOL_VIOLATION)

    @precondition(lambda self: self.running and not self.asking)
    @rule()
    def a_flood_of_logs(self) -> None:
        """The host does not keep what a run may not write."""
        for _ in range(limits.MAX_LOG_FRAMES + 1):
            self.one.say(Log(self.one.run_id, [LogLine("info", "x")]))
        self.must_die(Verdict.PROTOCOL_VIOLATION)

    # ── what it may leave undone ─────────────────────────────────────────────────────────────────
    @precondition(lambda self: self.running and not self.asking)
    @rule(at=st.integers(0, 10_000))
    def an_answer_that_breaks_off(self, at: int) -> None:
        """At any byte; then it leaves as if all were well."""
        data = frames.pack(Done(self.one.run_id), 1000)
        self.one.write(data[: at % len(data)])
        self.one.die(0)
        assert self.one.verdict() is (Verdict.TIMED_OUT if self.late else Verdict.PROTOCOL_VIOLATION)
        self.one.close()
        self.one = self.fresh()

    @precondition(lambda self: self.running)
    @rule(dripped=st.integers(0, 20))
    def silence(self, dripped: int) -> None:
        """Or a byte now and then: the hard deadline is the end of it."""
        data = frames.pack(Log(self.one.run_id, [LogLine("info", "x" * 100)]), 1000)
        for byte in data[: 0 if self.asking else dripped]:
            self.one.write(bytes([byte]))
        for _ in range(8):
            self.loop.shift += BOUNDS.timeout
            self.one.turn()
        self.must_die(Verdict.TIMED_OUT)

    # ── what holds always ────────────────────────────────────────────────────────────────────────
    @invariant()
    def the_innocent_goes_on(self) -> None:
        """A run of another worker ends well, whatever this one did."""
        self.innocent.begin()
        self.innocent.say(Done(self.innocent.run_id))
        assert self.innocent.verdict() is Verdict.SUCCEEDED

    @invariant()
    def memory_is_bounded(self) -> None:
        """Of the whole host, from the first frame on."""
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - self.before < GROWTH

    def teardown(self) -> None:
        """Everything ends."""
        self.one.close()
        self.innocent.close()
        self.loop.close()


Hostile.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestHostile = Hostile.TestCase


@pytest.mark.parametrize("name", sorted(MALFORMED))
def test_what_is_malformed_ends_the_run_and_the_worker(name: str) -> None:
    """Each of them, in the middle of a run."""
    loop = ClockedLoop()
    one = Played(loop)
    one.load()
    one.begin()
    body = MALFORMED[name].replace(b"ID", one.run_id.encode())
    one.write(len(body).to_bytes(4, "big") + body)
    one.turn()
    assert one.worker.killed.startswith("protocol: ")
    assert one.verdict() is Verdict.PROTOCOL_VIOLATION
    one.close()
    loop.close()
