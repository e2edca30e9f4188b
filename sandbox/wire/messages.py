"""Every frame that may cross the socket between host and worker, as strict tagged structs.

Both sides decode with `forbid_unknown_fields`; a frame that is not exactly one of these is a
protocol violation. Texts and counts are bounded by the receiver (sandbox.pool.process), since a
worker is hostile by assumption. JSON, not MessagePack: the same speed, and a person can read it.

Order, seen from the host:  load → ready-to-run (`Loaded` | `Refused`) ;
run → (`Log`* , `Call` ↔ `Reply`)* → exactly one of `Done` | `Fail` ;  check → `Checked`.
"""

from __future__ import annotations

import msgspec

MAX_FRAME_FROM_WORKER = 2 * 1024 * 1024
MAX_FRAME_TO_WORKER = 8 * 1024 * 1024


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all frames and of what is inside them."""


class Message(Frame, frozen=True, tag_field="t"):
    """Base of what is told apart by its tag `t`."""


class Finding(Frame, frozen=True):
    """A policy diagnostic: 1-based lines, 1-based columns in UTF-16 units, end exclusive."""

    code: str
    message: str
    line: int
    column: int
    end_line: int
    end_column: int
    hint: str = ""


# ── host → worker ────────────────────────────────────────────────────────────────────────────────
class Load(Message, frozen=True, tag="load"):
    """Compile this source; once in a worker's life. `owns` are the declared kinds, `apiVersion/kind`."""

    source: str
    owns: list[str] = []


class Check(Message, frozen=True, tag="check"):
    """Compile this source, keep nothing, answer the findings."""

    source: str


class Run(Message, frozen=True, tag="run"):
    """Execute `entry` (`reconcile` or `finalize`) on `object`. `seed` is hex, `now` RFC 3339 UTC."""

    id: str
    entry: str
    object: msgspec.Raw
    revision: int
    attempt: int
    reason: str
    now: str
    seed: str
    effects: int
    log_lines: int


class Reply(Message, frozen=True, tag="reply"):
    """The answer to one `Call`: `value` when `error` is empty."""

    call: int
    value: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""


# ── worker → host ────────────────────────────────────────────────────────────────────────────────
class Loaded(Message, frozen=True, tag="loaded"):
    """The source compiled and its module body ran once. `finalize`: the code defines it."""

    finalize: bool


class Refused(Message, frozen=True, tag="refused"):
    """The policy does not accept the source."""

    findings: list[Finding]


class Checked(Message, frozen=True, tag="checked"):
    """The answer to `Check`; no findings means accepted. `policy` is the version that judged."""

    findings: list[Finding]
    policy: str


class LogLine(Frame, frozen=True):
    """One structured line: `level` is debug, info, warning or error; `fields` are text."""

    level: str
    message: str
    fields: dict[str, str] = {}


class Log(Message, frozen=True, tag="log"):
    """Lines of a run that is still going on."""

    id: str
    lines: list[LogLine]


class Call(Message, frozen=True, tag="call"):
    """A host call: `get` (kind, name, namespace) or `list` (kind, labels)."""

    id: str
    n: int
    verb: str
    kind: str
    name: str = ""
    namespace: str = ""
    labels: dict[str, str] = {}


class ApplyEffect(Message, frozen=True, tag="apply"):
    """A desired child, as the author wrote it; the raw bytes are what is hashed."""

    object: msgspec.Raw
    adopt: bool = False


class DeleteEffect(Message, frozen=True, tag="delete"):
    """An explicit delete of an owned child."""

    kind: str
    name: str


class ConditionEffect(Message, frozen=True, tag="condition"):
    """A condition of the author's own."""

    type: str
    status: str
    reason: str
    message: str = ""


class EventEffect(Message, frozen=True, tag="event"):
    """A KubeEvent on the object."""

    reason: str
    message: str
    type: str = "Normal"


Effect = ApplyEffect | DeleteEffect | ConditionEffect | EventEffect


class Done(Message, frozen=True, tag="done"):
    """The run returned. `status` is the whole of `ctx.status`; `requeue` is seconds, soonest wins."""

    id: str
    effects: list[Effect] = []
    status: msgspec.Raw = msgspec.Raw(b"{}")
    requeue: float | None = None
    logs: list[LogLine] = []
    logs_dropped: int = 0


class Fail(Message, frozen=True, tag="fail"):
    """The run raised. `kind`: retry, fail, guard, error, memory, timeout, limit."""

    id: str
    kind: str
    type: str
    message: str
    line: int | None = None
    logs: list[LogLine] = []
    logs_dropped: int = 0


ToWorker = Load | Check | Run | Reply
FromWorker = Loaded | Refused | Checked | Log | Call | Done | Fail
