"""Who may say what, and when: the one state machine of a worker's socket, kept by both of its sides.

It knows the order of frames and nothing of their content. Whatever has no row in the table is not due, and
who hears it ends the conversation: the host kills the worker, the worker leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

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


class State(Enum):
    """Where the two of them are; the values are the words of an error."""

    STARTING = "before it was ready"
    FRESH = "without being asked"
    LOADING = "during a load"
    CHECKING = "during a check"
    LOADED = "after its answer"
    RUNNING = "during a run"
    ASKING = "while a call waits for its reply"
    OVER = "after its last word"


# A worker takes one check or one code; with the code it takes runs, and nothing else any more.
HOST: Mapping[State, Mapping[type, State]] = MappingProxyType(
    {
        State.FRESH: {Load: State.LOADING, Check: State.CHECKING},
        State.LOADED: {Run: State.RUNNING},
        State.ASKING: {Reply: State.RUNNING},
    }
)
WORKER: Mapping[State, Mapping[type, State]] = MappingProxyType(
    {
        State.STARTING: {Ready: State.FRESH, Stuck: State.OVER},
        State.LOADING: {Late: State.LOADING, Loaded: State.LOADED, Refused: State.OVER, Fail: State.OVER},
        State.CHECKING: {Checked: State.OVER},
        State.RUNNING: {
            Log: State.RUNNING,
            Late: State.RUNNING,
            Call: State.ASKING,
            Done: State.LOADED,
            Fail: State.LOADED,
        },
        State.ASKING: {Late: State.ASKING, Fail: State.LOADED},  # the soft deadline may land in the waiting
    }
)
_NOTHING: Mapping[type, State] = MappingProxyType({})


class Conversation:
    """Where it is; `host` and `worker` take it one frame further, or raise FrameError and leave it."""

    __slots__ = ("state",)

    def __init__(self, state: State = State.STARTING) -> None:
        self.state = state

    def host(self, message: ToWorker) -> None:
        """The host says this."""
        self.state = self._next(HOST, message)

    def worker(self, message: FromWorker) -> None:
        """The worker says this."""
        self.state = self._next(WORKER, message)

    def _next(self, table: Mapping[State, Mapping[type, State]], message: ToWorker | FromWorker) -> State:
        state = table.get(self.state, _NOTHING).get(type(message))
        if state is None:
            raise FrameError(f"a {type(message).__struct_config__.tag} frame {self.state.value}")
        return state
