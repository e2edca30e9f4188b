"""What a worker may say while it has something to do, whenever it is due; everything else is the end of it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from sandbox.pool.job import Job
from sandbox.wire import limits
from sandbox.wire.frames import FrameError
from sandbox.wire.messages import (
    ApplyEffect,
    Call,
    Checked,
    Done,
    Fail,
    FromWorker,
    Late,
    Loaded,
    Log,
    LogLine,
    Ready,
    Refused,
    Stuck,
)

LINE = LogLine("info", "x")


def job(effects: int = 10) -> Job:
    """A job that is under way."""
    loop = asyncio.new_event_loop()
    try:
        return Job("r1", 1.0, loop.create_future(), effects=effects)
    finally:
        loop.close()


@pytest.mark.parametrize(
    "answer",
    [
        Done("r1"),
        Fail("r1", "error", "T", "x"),
        Loaded("r1", True),
        Refused("r1", []),
        Checked("r1", [], "1"),
    ],
)
def test_an_answer_to_the_question_is_taken(answer: FromWorker) -> None:
    """Which one is due is another's affair."""
    one = job()
    one.judge(answer, soft=False)
    assert one.evidence.answer is answer


@pytest.mark.parametrize(
    "message",
    [
        Done("r2"),
        Fail("r2", "error", "T", "x"),
        Ready(),
        Stuck("seccomp", 1),
        Call("r1", 2, "get", "v1/A"),
        Call("r1", 1, "delete", "v1/A"),
        Log("r1", [LogLine("fatal", "x")]),
        Late("r1", 3),
        Fail("r1", "timeout", "", "x"),
        Fail("r1", "strange", "T", "x"),
        Done("r1", [ApplyEffect(msgspec.Raw(b"{}"))] * 11),
        Done("r1", [ApplyEffect(msgspec.Raw(b"[]"))]),
        Done("r1", [ApplyEffect(msgspec.Raw(b'{"a":1e999}'))]),
        Done("r1", status=msgspec.Raw(b"[" + b"[]," * 200_000 + b"[]]")),
    ],
    ids=repr,
)
def test_anything_else_is_refused(message: FromWorker) -> None:
    """Wrong run, wrong number, wrong content."""
    one = job()
    with pytest.raises(FrameError):
        one.judge(message, soft=False)
    assert one.evidence.answer is None


def test_a_late_frame_counts_once_and_only_after_the_signal() -> None:
    """It is evidence that the soft deadline landed, with the line."""
    one = job()
    one.judge(Late("r1", 4), soft=True)
    assert (one.evidence.late, one.evidence.line) == (True, 4)
    with pytest.raises(FrameError):
        one.judge(Late("r1", 5), soft=True)


def test_calls_are_numbered_and_bounded() -> None:
    """The hundred-and-first ends the run by a limit, not by a violation."""
    one = job()
    for number in range(1, limits.MAX_CALLS + 1):
        call = Call("r1", number, "get", "v1/A")
        assert one.judge(call, soft=False) is call
    assert one.evidence.limit is None
    one.judge(Call("r1", limits.MAX_CALLS + 1, "get", "v1/A"), soft=False)
    assert one.evidence.limit is not None


def test_logs_come_in_order_each_once_and_are_bounded() -> None:
    """The listener hears every batch, the last one included."""
    heard: list[str] = []
    one = job()
    one.on_log = lambda run, lines: heard.extend(f"{run} {line.message}" for line in lines)
    one.judge(Log("r1", [LogLine("info", "a")]), soft=False)
    one.judge(Done("r1", logs=[LogLine("info", "b")], logs_dropped=3), soft=False)
    assert heard == ["r1 a", "r1 b"]
    assert [line.message for line in one.evidence.logs] == ["a", "b"]
    assert one.evidence.dropped == 3


@pytest.mark.parametrize(
    "frames",
    [
        [Log("r1", [LINE])] * (limits.MAX_LOG_FRAMES + 1),
        [Log("r1", [LINE] * 600)] * 2,
        [Log("r1", [LogLine("info", "x" * 2000)] * 40)],
    ],
    ids=["frames", "lines", "bytes"],
)
def test_more_log_than_a_run_may_write_is_refused(frames: list[Log]) -> None:
    """The worker's own caps are not relied upon."""
    one = job()

    def judge_all() -> None:
        for frame in frames:
            one.judge(frame, soft=False)

    with pytest.raises(FrameError):
        judge_all()
