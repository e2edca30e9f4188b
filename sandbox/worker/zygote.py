"""The zygote: warms one interpreter, cages itself, shows that the cage holds, then forks workers on request.

One thread, no event loop, no byte of any author: packets of the host in, forks out. When the host goes,
so does the zygote, and every worker with it.
"""

from __future__ import annotations

import gc
import os
import platform
import resource
import signal
import socket
import sys
from functools import lru_cache

import msgspec

from sandbox.confine import landlock, probes, rlimits, steps
from sandbox.confine.rlimits import Limit
from sandbox.confine.seccomp import CONTROL_FD, SOCKET_FD, WORKER, ZYGOTE, Program
from sandbox.confine.steps import Calls, Plan, StepFailed
from sandbox.confine.system import LIBRARY_SIGNALS, System
from sandbox.wire import frames, limits
from sandbox.wire.control import (
    MAX_PACKET,
    Allow,
    Broken,
    Fork,
    Forked,
    FromZygote,
    NotForked,
    Reap,
    Reaped,
    Settings,
    Up,
    decode_to_zygote,
    encode,
)
from sandbox.wire.messages import Ready, Stuck
from sandbox.worker import hygiene
from sandbox.worker.alarm import Alarm
from sandbox.worker.main import Worker
from sandbox.worker.program import Language

LOST = 72  # a worker's own loop failed
_OOM_SCORE = b"900"
_DEV_NULL = 1
_CALLS_KEPT = 16  # as many sizes of memory; the descriptor is the same one at each fork
_INT = 4  # bytes of a C int, which is what a descriptor travels as
_CANARY_MEMORY = 256 * 1024 * 1024


class Unfit(Exception):
    """The whole cage cannot be had here; `layer` is what is missing."""

    def __init__(self, layer: str, why: str) -> None:
        super().__init__(why)
        self.layer = layer


class Zygote:
    """One zygote, from its first line to the loop that forks."""

    def __init__(self, control: socket.socket, settings: Settings) -> None:
        self._control = control
        self._settings = settings
        self._system = System()
        self._pid = os.getpid()
        self._pids: dict[int, int] = {}
        self._alarm = Alarm()
        self._layers: dict[str, str] = {}
        # Laid out once: to make these objects anew after each fork would copy pages that the last child still shares.
        self._calls = lru_cache(maxsize=_CALLS_KEPT)(self._calls_of_worker)
        self._ready = frames.pack(Ready(), limits.MAX_FRAME_FROM_WORKER)

    def boot(self) -> Up:
        """Warm, quiet, caged and tried; raises Unfit or StepFailed."""
        if platform.system() != "Linux":
            raise Unfit("kernel", "the cage needs Linux")
        try:
            self._program, own = Program.of(WORKER), Program.of(ZYGOTE)
        except OSError as error:
            raise Unfit("seccomp", error.strerror or str(error)) from None
        hygiene.alone_after_a_fork()
        language = self._warm()
        self._worker = Worker(language, self._alarm)
        try:
            self._tasks = os.open("/proc/self/task", os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise Unfit("proc", f"/proc/self/task: {error.strerror}") from None
        try:
            os.close(os.pidfd_open(self._pid))
        except OSError as error:
            raise Unfit("pidfd", f"pidfd_open: {error.strerror}") from None
        self._layers["oom_score"] = self._score()
        # What the interpreter took for itself, and what our parents ignore (nohup): an ignored signal is inherited.
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        for reserved in LIBRARY_SIGNALS:
            self._system.now(self._system.default_signal(reserved))
        signal.signal(signal.SIGALRM, self._alarm.ring)
        hygiene.quiet()
        self._ruleset = self._landlock()
        plan = self._plan(self._settings.parent, rlimits.zygote(), own)
        self._cage(plan)
        hygiene.close_imports(keep_tools=self._settings.disable_policy)
        gc.collect()
        gc.disable()
        self._canaries()
        gc.freeze()
        self._layers |= plan.notes | dict.fromkeys(("process", "no_new_privs", "rlimits", "seccomp"), "on")
        self._layers["identity"] = f"on (uid {os.getuid()})"
        return Up(self._layers, language.version)

    def serve(self) -> None:
        """Forks and reaps until the host is gone."""
        while True:
            packet, fds, flags, _ = socket.recv_fds(self._control, MAX_PACKET, 1)
            if not packet:
                os._exit(0)
            message = decode_to_zygote(packet, len(fds), flags)
            if isinstance(message, Fork):
                self._fork(message, fds[0])
            elif isinstance(message, Allow):
                self._allow(message)
            else:
                self._reap(message)

    def _warm(self) -> Language:
        language: Language
        if self._settings.disable_policy:
            from sandbox.worker.bare import Bare

            language = Bare()
        else:
            from sandbox.worker.policed import Policy

            language = Policy()
        return language

    def _score(self) -> str:
        """Workers before their host, when the machine runs out of memory; no claim rests on it."""
        try:
            score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
            try:
                os.write(score, _OOM_SCORE)
            finally:
                os.close(score)
        except OSError as error:
            return f"not taken: {error.strerror}"
        return "on"

    def _landlock(self) -> int | None:
        """The ruleset of every process from here on: they have no rule, each its own domain."""
        try:
            version = landlock.abi(self._system)
            ruleset = landlock.create(self._system, version)
        except OSError as error:
            why = error.strerror or str(error)
            if "landlock" not in self._settings.allow_degraded:
                raise Unfit("landlock", why) from None
            self._layers["landlock"] = f"off: {why}"
            return None
        self._layers["landlock"] = f"on (ABI {version})"
        return ruleset

    def _cage(self, plan: Plan) -> None:
        *before, last = steps.ZYGOTE
        steps.enter(tuple(before), plan)
        if plan.ruleset is not None and not probes.landlock_holds():
            raise Unfit("landlock", "the canary could open a file under Landlock")
        steps.enter((last,), plan)

    def _canaries(self) -> None:
        for probe in probes.WORKER:
            try:
                unheld = probes.run(probe, steps.WORKER, self._plan_of_worker(_CANARY_MEMORY, _DEV_NULL))
            except OSError as error:
                raise Unfit("processes", f"the canary could not be forked: {error.strerror}") from None
            if unheld is not None:
                raise Unfit(unheld.layer, unheld.why)

    def _plan(self, parent: int, bounds: tuple[Limit, ...], program: Program, fd: int = CONTROL_FD) -> Plan:
        return Plan(self._system, parent, self._settings.uid, self._ruleset, bounds, program, fd)

    def _plan_of_worker(self, memory: int, fd: int) -> Plan:
        return self._plan(self._pid, rlimits.worker(memory), self._program, fd)

    def _calls_of_worker(self, memory: int, fd: int) -> Calls:
        return steps.prepare(steps.WORKER, self._plan_of_worker(memory, fd))

    def _fork(self, message: Fork, fd: int) -> None:
        try:
            if os.fstat(self._tasks).st_nlink != 3:  # ".", ".." and one thread
                raise OSError(0, "the zygote has a second thread")
            calls = self._calls(message.memory, fd)
            pid = os.fork()
        except (OSError, StepFailed) as error:
            os.close(fd)
            self._send(NotForked(message.n, getattr(error, "strerror", None) or str(error)))
            return
        if pid == 0:
            self._become_worker(calls, fd)
        pidfd = os.pidfd_open(pid)
        # First of all, for the child may wait for this processor; `socket.send_fds` builds more than this.
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, pidfd.to_bytes(_INT, sys.byteorder))
        self._control.sendmsg([encode(Forked(message.n, pid))], [rights])
        self._pids[message.n] = pid
        os.close(pidfd)
        os.close(fd)

    def _become_worker(self, calls: Calls, fd: int) -> None:
        try:
            steps.take(calls)
        except StepFailed as failed:
            late = failed.step in (steps.NICE.name, steps.RLIMITS.name, steps.SECCOMP.name)
            stuck = frames.pack(Stuck(failed.step, failed.errno), limits.MAX_FRAME_FROM_WORKER)
            os.write(SOCKET_FD if late else fd, stuck)
            os._exit(steps.FAILED)
        try:
            gc.enable()
            os.write(SOCKET_FD, self._ready)
            self._worker.serve()
        finally:
            os._exit(LOST)

    def _allow(self, message: Allow) -> None:
        pid = self._pids.get(message.n)
        if pid is None:
            return
        try:
            _, hard = resource.prlimit(pid, resource.RLIMIT_CPU)
            resource.prlimit(pid, resource.RLIMIT_CPU, (message.cpu, hard))
        except (OSError, ValueError):
            return  # it is gone, or the inherited hard limit is lower: either way nothing is loosened

    def _reap(self, message: Reap) -> None:
        pid = self._pids.pop(message.n)
        _, status, usage = os.wait4(pid, 0)
        self._send(Reaped(message.n, status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024))

    def _send(self, message: FromZygote) -> None:
        self._control.send(encode(message))


def main(argument: str) -> None:
    """Boot, report and serve; whatever fails is reported, and nothing is served after it."""
    control = socket.socket(fileno=CONTROL_FD)
    settings = msgspec.json.decode(argument, type=Settings)
    try:
        zygote = Zygote(control, settings)
        report: FromZygote = zygote.boot()
    except StepFailed as failed:
        report = Broken(steps.layer_of(failed.step), str(failed))
    except Unfit as unfit:
        report = Broken(unfit.layer, str(unfit))
    except Exception as error:
        report = Broken("zygote", f"{type(error).__name__}: {error}")
    control.send(encode(report))
    if isinstance(report, Broken):
        os._exit(steps.FAILED)
    try:
        zygote.serve()
    except Exception as error:
        control.send(encode(Broken("zygote", f"{type(error).__name__}: {error}")))
    finally:
        os._exit(steps.FAILED)
