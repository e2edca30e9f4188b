"""The loop of a caged worker: load, check and run, one frame at a time, until the host is gone."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import CodeType

import msgspec

from sandbox.wire import limits
from sandbox.wire.frames import FrameError, TooDeep
from sandbox.wire.messages import (
    Call,
    Check,
    Checked,
    Done,
    Fail,
    Finding,
    FromWorker,
    Late,
    Load,
    Loaded,
    Log,
    Refused,
    Reply,
    Run,
    ToWorker,
)
from sandbox.worker import api
from sandbox.worker.alarm import Alarm, SoftTimeout, line_of_traceback
from sandbox.worker.channel import CONFUSED, OUT_OF_MEMORY, Channel
from sandbox.worker.logs import RunLog
from sandbox.worker.program import Language, Refusal, RunInputs
from sandbox.worker.values import LimitReached, cut

_RESERVE = 256 * 1024  # zeros that nobody writes: address space, which is what runs out, and no memory
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Worker:
    """One worker: at most one code for life."""

    def __init__(self, language: Language, alarm: Alarm) -> None:
        self._language = language
        self._alarm = alarm
        self._channel = Channel(alarm)
        self._code: CodeType | None = None
        self._owns: tuple[str, ...] = ()
        self._reserve = b""

    def serve(self) -> None:
        """Answer frames for ever."""
        while True:
            try:
                if not self._reserve:
                    self._reserve = bytes(_RESERVE)
                self.answer(self._channel.receive())
            except MemoryError:
                os._exit(OUT_OF_MEMORY)

    def answer(self, message: ToWorker) -> None:
        """One frame of the host."""
        if isinstance(message, Run) and self._code is not None:
            self._answer(self._run(message, self._code))
            gc.collect()  # in the time between runs; a finaliser that hangs meets the next deadline
        elif isinstance(message, Load) and self._code is None:
            self._answer(self._load(message))
            gc.collect()
            gc.freeze()
        elif isinstance(message, Check):
            self._answer(self._check(message))
        else:
            os._exit(CONFUSED)

    def _answer(self, message: FromWorker) -> None:
        time.thread_time()  # makes the kernel's books of this process exact; the host reads them when the frame comes
        try:
            self._channel.send(message, at_the_bottom=True)
        except FrameError:  # effects are counted by their letters; how long they are as JSON is known here
            if not isinstance(message, Done):
                raise
            text = f"the result is larger than {limits.MAX_FRAME_FROM_WORKER} bytes"
            fail = Fail(message.id, "limit", "", text, None, message.logs, message.logs_dropped)
            self._channel.send(fail, at_the_bottom=True)

    def _late(self, run_id: str) -> Callable[[int | None], None]:
        return lambda line: self._channel.send(Late(run_id, line))

    def _check(self, message: Check) -> Checked:
        findings = self._language.check(message.source)
        return Checked(message.id, [_travelling(finding) for finding in findings[:50]], self._language.version)

    def _load(self, message: Load) -> Loaded | Refused | Fail:
        log = RunLog(0, lambda _lines: None)
        self._alarm.arm(self._late(message.id))
        try:
            try:
                code, finalize = self._language.compile(message.source)
                namespace = self._language.namespace(RunInputs(log.print, _EPOCH, bytes(32)))
                exec(code, namespace)  # noqa: S102  the purpose of this process
                namespace.clear()
            finally:
                self._alarm.disarm()
        except Refusal as refusal:
            return Refused(message.id, [_travelling(finding) for finding in refusal.findings[:50]])
        except BaseException as error:
            return self._fail(message.id, error, log, None)
        self._code = code
        self._owns = tuple(message.owns)
        return Loaded(message.id, finalize)

    def _run(self, message: Run, code: CodeType) -> Done | Fail:
        log = RunLog(message.log_lines, lambda lines: self._channel.send(Log(message.id, lines)))
        intents = api.Intents(message.effects, self._ask, message.id)
        namespace: dict[str, object] = {}
        self._alarm.arm(self._late(message.id))
        try:
            try:
                status = self._execute(message, code, namespace, log, intents)
            finally:
                self._alarm.disarm()
                intents.open = False
        except BaseException as error:
            return self._fail(message.id, error, log, intents)
        finally:
            namespace.clear()
        if self._alarm.fired or intents.limit is not None:  # swallowed by the author's code, and decisive all the same
            return self._fail(message.id, None, log, intents)
        lines = log.close()
        return Done(message.id, intents.effects, msgspec.Raw(status), intents.requeue, lines, log.dropped)

    def _execute(
        self, message: Run, code: CodeType, namespace: dict[str, object], log: RunLog, intents: api.Intents
    ) -> bytes:
        now = datetime.fromisoformat(message.now)
        inputs = RunInputs(log.print, now, bytes.fromhex(message.seed), log.say)
        namespace.update(self._language.namespace(inputs))
        exec(code, namespace)  # noqa: S102  the purpose of this process
        run = api.RunInfo(message.id, message.revision, message.attempt, message.reason)
        ctx = api.Context(run, now, api.Log(log), intents, self._owns)
        entry = namespace[message.entry]
        result = entry(msgspec.json.decode(message.object), ctx)  # type: ignore[operator]
        if result is not None:
            raise TypeError(f"{message.entry} returned a value; it must return None (a status belongs in ctx.status)")
        return intents.encode(ctx.status, "ctx.status")

    def _ask(self, call: Call) -> Reply:
        self._channel.send(call)
        try:
            reply = self._channel.receive()
        except TooDeep:
            return Reply(call.n, error="the answer is nested deeper than can be read here")
        if not isinstance(reply, Reply) or reply.call != call.n:
            os._exit(CONFUSED)
        return reply

    def _fail(self, run_id: str, error: BaseException | None, log: RunLog, intents: api.Intents | None) -> Fail:
        self._reserve = b""  # what is said about a MemoryError must not end in another
        limit = None if intents is None else intents.limit
        line = None if error is None else line_of_traceback(error.__traceback__)
        kind, name, text = "error", "", ""
        if self._alarm.fired or isinstance(error, SoftTimeout):
            kind, line = "timeout", self._alarm.line
        elif limit is not None:
            kind, text = "limit", limit
        elif isinstance(error, LimitReached):
            kind, text = "limit", _text_of(error)
        elif isinstance(error, MemoryError):
            kind, name = "memory", "MemoryError"
        elif error is not None:
            name, text, exhausted = _said_by(error)
            if exhausted:
                kind = "memory"
            elif self._language.is_refusal(error):
                kind = "guard"
            elif isinstance(error, api.Fail):
                kind = "fail"
            elif isinstance(error, api.Retry):
                kind = "retry"
        if error is not None:
            error.__traceback__ = None  # its frames hold what the author made
        lines = log.close()
        return Fail(run_id, kind, name, text, line, lines, log.dropped)


def _said_by(error: BaseException) -> tuple[str, str, bool]:
    """Its name and text; and whether finding them took more memory than there is."""
    try:
        return _name_of(error), _text_of(error), False
    except MemoryError:
        return "MemoryError", "", True


def _name_of(error: BaseException) -> str:
    kind = type(error)
    name = cut(str(kind.__name__), 200)
    module = str(kind.__module__).partition(".")[0]
    return name if module in sys.stdlib_module_names else f"UserError: {name}"


def _text_of(error: BaseException) -> str:
    try:
        return cut(str(error))
    except MemoryError:
        raise
    except BaseException:  # an author's __str__ may raise whatever it likes
        return "(its text cannot be read)"


def _travelling(finding: Finding) -> Finding:
    return msgspec.structs.replace(
        finding, code=cut(finding.code, 64), message=cut(finding.message), hint=cut(finding.hint)
    )
