"""`ctx` as an author sees it. Every effect is only written down here; the host acts after a clean end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from sandbox.wire import limits
from sandbox.wire.messages import ApplyEffect, Call, ConditionEffect, DeleteEffect, Effect, EventEffect, Reply
from sandbox.worker.durations import seconds
from sandbox.worker.headroom import probe
from sandbox.worker.logs import RunLog, fields_of
from sandbox.worker.values import LimitReached, cut, encode

_NAME = 253
_LABEL = 320
_ENVELOPE = 64 * 1024  # of the frame, left for everything that is not an effect or the status
_HOSTS_OWN = frozenset({"Ready", "Reconciling", "Stalled"})


class Fail(Exception):
    """Raised by an author: terminal until the object or the code changes."""


class Retry(Exception):
    """Raised by an author: try again later."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """`ctx.run`: which run this is, and why."""

    id: str
    revision: int
    attempt: int
    reason: str


class Intents:
    """What the run wants, with the bounds of the run; closed when the run is over."""

    def __init__(self, effects: int, ask: Callable[[Call], Reply], run_id: str) -> None:
        self.effects: list[Effect] = []
        self.requeue: float | None = None
        self._room = min(effects, limits.MAX_EFFECTS)
        self._bytes = limits.MAX_FRAME_FROM_WORKER - _ENVELOPE
        self._ask = ask
        self._calls = 0
        self._asking = False
        self._reply_bytes = 0
        self._run_id = run_id
        self.open = True
        self.limit: str | None = None

    def check_open(self) -> None:
        """The run still goes on, and what is asked for can be done whole."""
        probe()
        if not self.open:
            raise RuntimeError("the run is over")

    def exceed(self, why: str) -> LimitReached:
        """Remember that a limit was passed, whatever the author's code does about it."""
        self.limit = self.limit or why
        return LimitReached(why)

    def spend(self, size: int) -> None:
        """Count bytes of the final frame."""
        self._bytes -= size
        if self._bytes < 0:
            raise self.exceed(f"the result is larger than {limits.MAX_FRAME_FROM_WORKER} bytes")

    def encode(self, value: object, what: str) -> bytes:
        """JSON within the budget."""
        try:
            data = encode(value, what)
        except LimitReached as reached:
            raise self.exceed(str(reached)) from None
        self.spend(len(data))
        return data

    def want(self, effect: Effect) -> None:
        """One more effect; asked for after `check_open`, without a step in between that takes an author's frame."""
        if len(self.effects) >= self._room:
            raise self.exceed(f"more than {self._room} effects in one run")
        self.effects.append(effect)

    def call(self, verb: str, kind: str, name: str, namespace: str, labels: dict[str, str]) -> object:
        """Ask the host and wait; ValueError carries its sentence when it refuses."""
        self.check_open()
        if self._calls >= limits.MAX_CALLS:
            raise self.exceed(f"more than {limits.MAX_CALLS} reads in one run")
        if self._asking:  # a finaliser of the author's in the middle of a read, or code that outlived its deadline
            raise RuntimeError(f"ctx.{verb}: another read is under way")
        self._asking = True
        try:
            reply = self._ask(Call(self._run_id, self._calls + 1, verb, kind, name, namespace, labels))
        except Exception:  # nothing was said: what fails later than that ends the process, or is the deadline
            self._asking = False
            raise
        self._calls += 1  # only what was said is counted: the host counts too
        self._asking = False
        if reply.error:
            raise ValueError(f"ctx.{verb}: {reply.error}")
        data = bytes(reply.value)
        self._reply_bytes += len(data)
        if self._reply_bytes > limits.MAX_REPLY_BYTES:
            raise self.exceed(f"reads of more than {limits.MAX_REPLY_BYTES} bytes in one run")
        return msgspec.json.decode(data)


class Log:
    """`ctx.log`."""

    __slots__ = ("_log",)

    def __init__(self, log: RunLog) -> None:
        self._log = log

    def debug(self, message: str, /, **fields: object) -> None:
        """For whoever looks for a mistake."""
        self._log.add("debug", _text(message, "ctx.log.debug: message", None), fields_of(fields))

    def info(self, message: str, /, **fields: object) -> None:
        """What happened."""
        self._log.add("info", _text(message, "ctx.log.info: message", None), fields_of(fields))

    def warning(self, message: str, /, **fields: object) -> None:
        """What should be looked at."""
        self._log.add("warning", _text(message, "ctx.log.warning: message", None), fields_of(fields))

    def error(self, message: str, /, **fields: object) -> None:
        """What went wrong."""
        self._log.add("error", _text(message, "ctx.log.error: message", None), fields_of(fields))


class Context:
    """`ctx`: which run this is, what may be read, and what is wanted."""

    __slots__ = ("_intents", "_owns", "log", "now", "run", "status")

    def __init__(self, run: RunInfo, now: datetime, log: Log, intents: Intents, owns: tuple[str, ...]) -> None:
        self.run = run
        self.now = now
        self.log = log
        self.status: dict[str, object] = {}
        self._intents = intents
        self._owns = owns

    def get(self, kind: str, name: str, namespace: str | None = None) -> object:
        """One object of a declared kind, or None."""
        wanted = self._kind(kind, "ctx.get")
        where = "" if namespace is None else _text(namespace, "ctx.get: namespace", _NAME)
        return self._intents.call("get", wanted, _text(name, "ctx.get: name", _NAME), where, {})

    def list(self, kind: str, labels: dict[str, str] | None = None) -> object:
        """The objects of a declared kind that carry these labels."""
        wanted = self._kind(kind, "ctx.list")
        if labels is not None and type(labels) is not dict:
            raise TypeError("ctx.list: labels is a dict of texts")
        pairs = {
            _text(key, "ctx.list: label", _LABEL): _text(value, "ctx.list: label", _LABEL)
            for key, value in (labels or {}).items()
        }
        if len(pairs) > 64:
            raise ValueError("ctx.list: at most 64 labels")
        return self._intents.call("list", wanted, "", "", pairs)

    def apply(self, obj: dict[str, object], adopt: bool = False) -> None:
        """A desired child, as it is at this moment."""
        if type(obj) is not dict:
            raise TypeError("ctx.apply: an object is a dict")
        for field in ("apiVersion", "kind"):
            if type(obj.get(field)) is not str or not obj[field]:
                raise ValueError(f"ctx.apply: {field} is missing")
        metadata = obj.get("metadata")
        name = metadata.get("name") if type(metadata) is dict else None
        if type(name) is not str or not name:
            raise ValueError("ctx.apply: metadata.name is missing")
        if type(adopt) is not bool:
            raise TypeError("ctx.apply: adopt is True or False")
        self._intents.check_open()
        data = self._intents.encode(obj, "ctx.apply")
        self._intents.want(ApplyEffect(object=msgspec.Raw(data), adopt=adopt))

    def delete(self, kind: str, name: str) -> None:
        """Delete an owned child."""
        self._intents.check_open()
        wanted = self._kind(kind, "ctx.delete")
        self._intents.want(DeleteEffect(kind=wanted, name=_text(name, "ctx.delete: name", _NAME)))

    def condition(self, type: str, status: str | bool, reason: str, message: str = "") -> None:
        """A condition of the author's own on the object."""
        self._intents.check_open()
        # A plain text first: an object of the author's may say that it equals anything.
        word = _text(str(status) if status is True or status is False else status, "ctx.condition: status", None)
        if word not in ("True", "False", "Unknown"):
            raise ValueError('ctx.condition: status is "True", "False" or "Unknown"')
        kind = _text(type, "ctx.condition: type", _LABEL)
        if kind in _HOSTS_OWN:
            raise ValueError(f"ctx.condition: {kind} is set for you")
        said = cut(_text(message, "ctx.condition: message", None))
        self._intents.spend(len(said))
        self._intents.want(ConditionEffect(kind, word, _text(reason, "ctx.condition: reason", _LABEL), said))

    def event(self, reason: str, message: str, type: str = "Normal") -> None:
        """A KubeEvent on the object."""
        self._intents.check_open()
        kind = _text(type, "ctx.event: type", None)
        if kind not in ("Normal", "Warning"):
            raise ValueError('ctx.event: type is "Normal" or "Warning"')
        said = cut(_text(message, "ctx.event: message", None))
        self._intents.spend(len(said))
        self._intents.want(EventEffect(_text(reason, "ctx.event: reason", _LABEL), said, kind))

    def requeue(self, after: object) -> None:
        """The earliest next run; the soonest of several wins."""
        self._intents.check_open()
        delay = seconds(after)
        current = self._intents.requeue
        self._intents.requeue = delay if current is None else min(current, delay)

    def _kind(self, kind: str, what: str) -> str:
        wanted = _text(kind, f"{what}: kind", _LABEL)
        if wanted in self._owns:
            return wanted
        found = [declared for declared in self._owns if declared.rpartition("/")[2] == wanted]
        if len(found) == 1:
            return found[0]
        if (
            not found and limits.ANY_KIND in self._owns
        ):  # a dry-run without a Reconciler: nothing is declared, all may be asked for
            return wanted
        declared = ", ".join(self._owns) or "none"
        if found:
            raise ValueError(f"{what}: {wanted} is ambiguous: {', '.join(found)}")
        raise ValueError(f"{what}: {wanted} is not declared in spec.owns; declared: {declared}")


def _text(value: object, what: str, longest: int | None) -> str:
    if type(value) is not str:
        raise TypeError(f"{what} is a text")
    if longest is not None and len(value) > longest:
        raise ValueError(f"{what} is longer than {longest} characters")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError(f"{what} holds half of a surrogate pair") from None
    return value


# What policy lets an author read on each of these types.
PUBLIC: dict[type, frozenset[str]] = {
    Context: frozenset(
        {"run", "now", "get", "list", "apply", "delete", "status", "condition", "event", "requeue", "log"}
    ),
    Log: frozenset({"debug", "info", "warning", "error"}),
    RunInfo: frozenset({"id", "revision", "attempt", "reason"}),
}
