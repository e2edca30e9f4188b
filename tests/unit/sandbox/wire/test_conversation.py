"""The order of frames: the whole table, written down a second time."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec import Raw

from sandbox.wire.conversation import Conversation, State
from sandbox.wire.frames import FrameError
from sandbox.wire.messages import (
    Call,
    Check,
    Checked,
    Done,
    Fail,
    FromWorker,
    Late,
    Load,
    Loaded,
    Log,
    Ready,
    Refused,
    Reply,
    Run,
    Stuck,
    ToWorker,
)

FROM_HOST: list[ToWorker] = [
    Load("r", "x"),
    Check("r", "x"),
    Run("r", "reconcile", Raw(b"{}"), 1, 1, "", "", "", 1, 1),
    Reply(1),
]
FROM_WORKER: list[FromWorker] = [
    Ready(),
    Stuck("seccomp", 1),
    Loaded("r", False),
    Refused("r", []),
    Checked("r", [], "1"),
    Log("r", []),
    Call("r", 1, "get", "v1/A"),
    Late("r"),
    Done("r"),
    Fail("r", "error", "T", "x"),
]
DUE = {
    "STARTING": "ready→FRESH stuck→OVER",
    "FRESH": "load→LOADING check→CHECKING",
    "LOADING": "late→LOADING loaded→LOADED refused→OVER fail→OVER",
    "CHECKING": "checked→OVER",
    "LOADED": "run→RUNNING",
    "RUNNING": "log→RUNNING late→RUNNING call→ASKING done→LOADED fail→LOADED",
    "ASKING": "late→ASKING fail→LOADED reply→RUNNING",
    "OVER": "",
}


def tag(message: ToWorker | FromWorker) -> str:
    """The word on the wire."""
    return str(type(message).__struct_config__.tag)


def test_every_frame_there_is_takes_part() -> None:
    """A new one needs a row, or a reason to have none."""
    assert {type(one) for one in FROM_HOST} == set(get_args(ToWorker))
    assert {type(one) for one in FROM_WORKER} == set(get_args(FromWorker))


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
@pytest.mark.parametrize("message", [*FROM_HOST, *FROM_WORKER], ids=tag)
def test_what_is_due_is_taken_and_nothing_else(state: State, message: ToWorker | FromWorker) -> None:
    """And what is not due changes nothing."""
    due = dict(row.split("→") for row in DUE[state.name].split())
    talk = Conversation(state)

    def say() -> None:
        if isinstance(message, get_args(ToWorker)):
            talk.host(message)  # type: ignore[arg-type]
        else:
            talk.worker(message)  # type: ignore[arg-type]

    if tag(message) in due:
        say()
        assert talk.state.name == due[tag(message)]
    else:
        with pytest.raises(FrameError, match=f"a {tag(message)} frame {state.value}"):
            say()
        assert talk.state is state


@pytest.mark.parametrize("message", FROM_WORKER, ids=tag)
def test_a_worker_cannot_say_what_is_the_hosts_to_say(message: FromWorker) -> None:
    """Nor the other way round, whatever is due."""
    for state in State:
        with pytest.raises(FrameError):
            Conversation(state).host(message)  # type: ignore[arg-type]
