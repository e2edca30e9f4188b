"""Every frame that may cross the socket between host and worker, as strict tagged structs.

Both sides decode with `forbid_unknown_fields`; a frame that is not exactly one of these is a
protocol violation. Texts and counts are bounded by their types (sandbox.wire.limits), since a
worker is hostile by assumption. JSON, not MessagePack: the same speed, and a person can read it.

Order, seen from the host:  `Ready` | `Stuck` ;  load → `Loaded` | `Refused` | `Fail` ;
run → (`Log`* , `Call` ↔ `Reply`)* , at most one `Late` → exactly one of `Done` | `Fail` ;  check → `Checked`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from sandbox.wire import limits
from sandbox.wire.limits import Count, Kind, Label, Line, Name, RunId, Seconds, Source, Text, Word


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all frames and of what is inside them."""


class Message(Frame, frozen=True, tag_field="t"):
    """Base of what is told apart by its tag `t`."""


class Finding(Frame, frozen=True):
    """A policy diagnostic: 1-based lines, 1-based columns in UTF-16 units, end exclusive."""

    code: Word
    message: Text
    line: Line
    column: Line
    end_line: Line
    end_column: Line
    hint: Text = ""


Findings = Annotated[list[Finding], Meta(max_length=limits.MAX_FINDINGS)]


# ── host → worker ────────────────────────────────────────────────────────────────────────────────
class Load(Message, frozen=True, tag="load"):
    """Compile this source; once in a worker's life. `owns` are the declared kinds, `apiVersion/kind`."""

    id: RunId
    source: Source
    owns: list[Kind] = []


class Check(Message, frozen=True, tag="check"):
    """Compile this source, keep nothing, answer the findings."""

    id: RunId
    source: Source


class Run(Message, frozen=True, tag="run"):
    """Execute `entry` (`reconcile` or `finalize`) on `object`. `seed` is hex, `now` RFC 3339 UTC."""

    id: RunId
    entry: Word
    object: msgspec.Raw
    revision: int
    attempt: int
    reason: str
    now: Word
    seed: str
    effects: int
    log_lines: int


class Reply(Message, frozen=True, tag="reply"):
    """The answer to one `Call`: `value` when `error` is empty."""

    call: int
    value: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""


# ── worker → host ────────────────────────────────────────────────────────────────────────────────
class Ready(Message, frozen=True, tag="ready"):
    """All steps of the cage are done; the worker waits for its first frame."""


class Stuck(Message, frozen=True, tag="stuck"):
    """The named step of the cage failed with this errno; the worker has left."""

    step: Word
    errno: Count


class Loaded(Message, frozen=True, tag="loaded"):
    """The source compiled and its module body ran once. `finalize`: the code defines it."""

    id: RunId
    finalize: bool


class Refused(Message, frozen=True, tag="refused"):
    """The policy does not accept the source."""

    id: RunId
    findings: Findings


class Checked(Message, frozen=True, tag="checked"):
    """The answer to `Check`; no findings means accepted. `policy` is the version that judged."""

    id: RunId
    findings: Findings
    policy: Word


class LogLine(Frame, frozen=True):
    """One structured line: `level` is debug, info, warning or error; `fields` are text."""

    level: Word
    message: Text
    fields: Annotated[dict[Label, Text], Meta(max_length=64)] = {}


LogLines = Annotated[list[LogLine], Meta(max_length=limits.MAX_LOG_LINES)]


class Log(Message, frozen=True, tag="log"):
    """Lines of a run that is still going on."""

    id: RunId
    lines: LogLines


class Call(Message, frozen=True, tag="call"):
    """A host call: `get` (kind, name, namespace) or `list` (kind, labels)."""

    id: RunId
    n: Count
    verb: Word
    kind: Kind
    name: Name = ""
    namespace: Name = ""
    labels: Annotated[dict[Label, Label], Meta(max_length=64)] = {}


class Late(Message, frozen=True, tag="late"):
    """The soft timeout landed on this line; what the code does after it no longer matters."""

    id: RunId
    line: Line | None = None


class ApplyEffect(Message, frozen=True, tag="apply"):
    """A desired child, as the author wrote it; the raw bytes are what is hashed."""

    object: msgspec.Raw
    adopt: bool = False


class DeleteEffect(Message, frozen=True, tag="delete"):
    """An explicit delete of an owned child."""

    kind: Kind
    name: Name


class ConditionEffect(Message, frozen=True, tag="condition"):
    """A condition of the author's own."""

    type: Label
    status: Word
    reason: Label
    message: Text = ""


class EventEffect(Message, frozen=True, tag="event"):
    """A KubeEvent on the object."""

    reason: Label
    message: Text
    type: Word = "Normal"


Effect = ApplyEffect | DeleteEffect | ConditionEffect | EventEffect


class Done(Message, frozen=True, tag="done"):
    """The run returned. `status` is the whole of `ctx.status`; `requeue` is seconds, soonest wins."""

    id: RunId
    effects: Annotated[list[Effect], Meta(max_length=limits.MAX_EFFECTS)] = []
    status: msgspec.Raw = msgspec.Raw(b"{}")
    requeue: Seconds | None = None
    logs: LogLines = []
    logs_dropped: Count = 0


class Fail(Message, frozen=True, tag="fail"):
    """The run raised. `kind`: retry, fail, guard, error, memory, timeout, limit."""

    id: RunId
    kind: Word
    type: Label
    message: Text
    line: Line | None = None
    logs: LogLines = []
    logs_dropped: Count = 0


ToWorker = Load | Check | Run | Reply
FromWorker = Ready | Stuck | Loaded | Refused | Checked | Log | Call | Late | Done | Fail
