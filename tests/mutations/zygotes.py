"""Mutants of the zygote's own hygiene, each tried in a real zygote with real workers.

A mutant is one statement of `sandbox.worker.hygiene` or of the zygote taken away, found by its shape. The zygote starts
in an interpreter that was made as untidy as it can be; what its workers and it are like then is one table of plain
values. A mutant is noticed when that table, or the way there, is another than without it.
"""

from __future__ import annotations

import ast
import json
import os
import select
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from sandbox.pool import bootstrap
from sandbox.wire import frames, limits
from sandbox.wire.control import MAX_PACKET, Allow, Fork, Forked, FromZygote, Reap, Settings, ToZygote, Up
from sandbox.wire.messages import Done, FromWorker, Load, Loaded, Ready, Run

MODULES = ("sandbox.worker.hygiene", "sandbox.worker.zygote")
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 5.0
MEMORY = 96 * 1024 * 1024
_RUN = Run("b", "reconcile", msgspec.Raw(b"{}"), 1, 1, "", "2024-01-01T00:00:00Z", "00" * 32, 10, 10)
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[FromZygote] = msgspec.json.Decoder(FromZygote)
Mutant = tuple[str, str, str]
Change = Callable[[], None]

# Runs before the zygote: the untidy interpreter, and what looks on at its forks. `bare` stands in for the policy, so
# that an author's code can look at everything; the zygote does not know of it.
_UNTIDY = """
def _untidy(where, changed, how):
    import builtins, ctypes, faulthandler, gc, os, signal, sys, threading, time, types
    from sandbox.confine import probes
    from sandbox.confine.system import LIBRARY_SIGNALS, _SYS_RT_SIGACTION
    from sandbox.worker import bare
    faulthandler.enable()
    sys.set_int_max_str_digits(0)
    os.environ["TZ"] = "JST-9"
    time.tzset()
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE, signal.SIGRTMAX):
        signal.signal(number, signal.SIG_IGN)
    ignored = ctypes.create_string_buffer((1).to_bytes(8, sys.byteorder), 64)
    for number in LIBRARY_SIGNALS:
        ctypes.CDLL(None).syscall(_SYS_RT_SIGACTION[os.uname().machine], number, ignored, None, 8)
    policy = types.ModuleType("sandbox.worker.policed")
    builtins.hooked = False

    def imported(name):
        if name != "Policy":
            raise AttributeError(name)
        os.register_at_fork(after_in_child=lambda: setattr(builtins, "hooked", True))
        return bare.Bare

    policy.__getattr__ = imported
    sys.modules[policy.__name__] = policy
    forks, fork = [], os.fork

    def there(fd):
        try:
            return bool(os.fstat(fd))
        except OSError:
            return False

    def seen():
        forks.append([gc.isenabled(), gc.get_freeze_count() > 1000, [fd for fd in range(64) if there(fd)]])
        if len(forks) == 5:
            raise OSError(11, "again")
        return fork()

    os.fork = seen
    builtins.forks = forks
    if how == "no cage":
        probes.run = lambda *_: probes.Unheld("seccomp", "said by the test")
    if how == "thread":  # the last moment at which one can still be started
        holds = probes.landlock_holds

        def threaded():
            threading.Thread(target=threading.Event().wait, daemon=True).start()
            return holds()

        probes.landlock_holds = threaded
    for name, text in changed:
        module = types.ModuleType(name)
        package, _, last = name.rpartition(".")
        sys.modules[name] = module
        exec(compile(text, "<mutant>", "exec", dont_inherit=True), vars(module))
        setattr(sys.modules[package], last, module)

import sandbox.worker
_untidy(where, json.loads(sys.argv[3]), sys.argv[4])
"""

# What a worker sees of itself; afterwards its own loop is broken, and the way that it ends is seen from outside.
_LOOKS = """
import builtins, datetime, gc, faulthandler, linecache, signal, sys

def name(one):
    return getattr(one, "__name__", str(one))

def reconcile(obj, ctx):
    streams = [getattr(sys, one) for one in ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")]
    handlers = {str(int(number)): name(signal.getsignal(number)) for number in signal.valid_signals()}
    ctx.status.update({
        "streams": [type(one).__name__ for one in streams],
        "said": [[one.write("abc"), one.flush()] for one in streams if one is not None],
        "hooks": [name(sys.excepthook), sys.excepthook(1), name(sys.unraisablehook), sys.unraisablehook(1)],
        "lines": [name(linecache.checkcache), name(linecache.updatecache), linecache.updatecache("a")],
        "faulthandler": faulthandler.is_enabled(),
        "hour": datetime.datetime.fromtimestamp(0).hour,
        "digits": sys.get_int_max_str_digits(),
        "imports": [sys.path, [name(one) for one in sys.meta_path], len(sys.path_hooks), len(sys.path_importer_cache)],
        "tools": sorted(one for one in sys.modules if one.partition(".")[0] in TOOLS or one.startswith(PARTS)),
        "handlers": {number: one for number, one in handlers.items() if one not in ("0", "Handlers.SIG_DFL")},
        "collects": gc.isenabled(),
        "hooked": builtins.hooked,
        "forks": builtins.forks,
    })
    def broken(*_):
        raise ValueError
    sys.modules["sandbox.worker.main"].Worker.answer = broken

TOOLS = ("ctypes", "_ctypes", "socket", "_socket", "select", "selectors")
PARTS = ("sandbox.confine", "sandbox.worker.zygote")
"""


def mutants() -> Iterator[Mutant]:
    """A name, the module, and its text without one statement, or one of several targets."""
    for module in MODULES:
        path = ROOT / f"{module.replace('.', '/')}.py"
        text = path.read_text("utf-8")
        count = len(list(_changes(ast.parse(text))))
        names: Counter[str] = Counter()
        for index in range(count):
            tree = ast.parse(text)
            where, what, change = list(_changes(tree))[index]
            change()
            name = f"{module}.{where} without: {what}"
            names[name] += 1
            again = f" ({names[name]})" if names[name] > 1 else ""
            yield f"{name}{again}", module, ast.unparse(ast.fix_missing_locations(tree))


def _changes(tree: ast.Module) -> Iterator[tuple[str, str, Change]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            rows = node.value.elts
            for row in rows:
                yield ast.unparse(node.targets[0]), ast.unparse(row), partial(rows.remove, row)
        elif isinstance(node, ast.FunctionDef):
            yield from _of_function(node.name, node)
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield from _of_function(f"{node.name}.{inner.name}", inner)


def _of_function(where: str, function: ast.FunctionDef) -> Iterator[tuple[str, str, Change]]:
    for block in _blocks(function):
        for statement in block:
            # What is said of a failure is for the tests of other machines; the condition that leads there goes whole.
            if isinstance(statement, ast.Raise | ast.Pass) or _says_nothing(statement):
                continue
            yield where, _short(statement), partial(_drop, block, statement)
            if isinstance(statement, ast.Assign) and len(statement.targets) > 1:
                for target in statement.targets:
                    what = f"{ast.unparse(target)} of {_short(statement)}"
                    yield where, what, partial(statement.targets.remove, target)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block: list[ast.stmt] = getattr(node, name, [])
        if block:
            yield block
        for statement in block:
            yield from _blocks(statement)


def _drop(block: list[ast.stmt], statement: ast.stmt) -> None:
    block[block.index(statement)] = ast.Pass()


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AnnAssign):
        return statement.value is None
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:89]}…"


class Ended(Exception):
    """Something did not come, or came in place of another thing."""


class Host:
    """The host's end of one zygote, as plain as it can be: every step is taken in turn, and waited for."""

    def __init__(self, mutant: Mutant | None, how: str) -> None:
        self.how = how
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(PATIENCE)
        settings = Settings(parent=os.getpid(), uid=65533, disable_policy=how == "policy off")
        command = bootstrap.command("sandbox.worker.zygote", _encoder.encode(settings).decode())
        at = command.index("-c") + 1
        place = "from sandbox.worker.zygote import main"
        assert command[at].count(place) == 1
        command[at] = command[at].replace(place, _UNTIDY + place)
        changed = [mutant[1:]] if mutant else []
        with theirs:
            self.process = subprocess.Popen(
                [*command, json.dumps(changed), how],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
            )

    def close(self) -> None:
        """The zygote ends, and its workers with it."""
        self.control.close()
        self.process.kill()
        self.process.wait()

    def hear(self) -> tuple[FromZygote, list[int]]:
        """The next packet."""
        packet, fds, _, _ = socket.recv_fds(self.control, MAX_PACKET, 1)
        if not packet:
            raise Ended("the zygote is gone")
        return _decoder.decode(packet), fds

    def say(self, message: ToZygote, fds: tuple[int, ...] = ()) -> None:
        """One packet."""
        socket.send_fds(self.control, [_encoder.encode(message)], fds)

    def look(self) -> dict[str, object]:
        """Everything that is to be seen: the report, three workers with a failure between, and how they end."""
        report, _ = self.hear()
        found: dict[str, object] = {"report": msgspec.to_builtins(report)}
        if isinstance(report, Up):
            found["zygote"] = _kernels_view(self.process.pid)
            for n in range(1, 5):
                found[f"worker {n}"] = self._worker(n)
        if self.how == "thread":
            self.control.send(b"nonsense")
            found["last words"] = msgspec.to_builtins(self.hear()[0])
        self.control.close()
        found["end"] = self.process.wait(PATIENCE)
        return found

    def _worker(self, n: int) -> object:
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        with ours:
            with theirs:
                self.say(Fork(n, MEMORY), (theirs.fileno(),))
            report, fds = self.hear()
            if not isinstance(report, Forked):
                # The zygote's own end of the socket must be closed now: ours is at its end.
                return [msgspec.to_builtins(report), ours.recv(1).decode()]
            with os.fdopen(fds[0], "rb") as pidfd:
                self.say(Allow(n, 7))
                self.say(Allow(n + 100, 7))
                inside = _talk(ours)
                _until(lambda: "cpu time 7" in _kernels_view(report.pid)[-2])
                outside = _kernels_view(report.pid)
                ours.settimeout(None)
                ours.sendall(frames.pack(_RUN, limits.MAX_FRAME_TO_WORKER))
                if not select.select([pidfd], [], [], PATIENCE)[0]:
                    raise Ended("the worker does not end")
            self.say(Reap(n))
            reaped = msgspec.to_builtins(self.hear()[0])
            return [inside, outside, report.n, reaped["n"], reaped["status"], reaped["cpu"] > 0, reaped["peak"] > 0]


def _talk(ours: socket.socket) -> object:
    """Load what looks at itself, let it look, and hear what it saw."""
    reader = frames.FrameReader(limits.MAX_FRAME_FROM_WORKER)
    heard: list[FromWorker] = []
    said: tuple[Load | Run, ...] = (Load("a", _LOOKS), _RUN)
    for message in said:
        ours.sendall(frames.pack(message, limits.MAX_FRAME_TO_WORKER))
    while len(heard) < 3:
        data = ours.recv(65536)
        if not data:
            raise Ended("the worker is gone")
        heard += [frames.decode_from_worker(body) for body in reader.feed(data)]
    ready, loaded, done = heard
    if isinstance(ready, Ready) and isinstance(loaded, Loaded) and isinstance(done, Done):
        return json.loads(bytes(done.status))
    raise Ended(f"the worker says {heard}"[:500])


def _until(condition: Callable[[], bool]) -> None:
    # The zygote answers nothing to `Allow`; where it never acts on it, the table says so a moment later.
    end = time.monotonic() + 1.0
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)


def _kernels_view(pid: int) -> list[str]:
    wanted = ("SigBlk", "SigIgn", "SigCgt", "Uid", "Threads", "Seccomp", "NoNewPrivs", "CapBnd")
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    seconds = next(row for row in Path(f"/proc/{pid}/limits").read_text().splitlines() if row.startswith("Max cpu"))
    score = Path(f"/proc/{pid}/oom_score_adj").read_text().strip()
    return [*(row for row in rows if row.partition(":")[0] in wanted), " ".join(seconds.split()), score]


HOW = ("policy away", "policy off", "thread", "no cage")


def tried(how: str, mutant: Mutant | None = None) -> str:
    """What is seen of a zygote of that kind, as text."""
    host = Host(mutant, how)
    try:
        return json.dumps(host.look(), indent=1, sort_keys=True)
    except Exception as error:  # a mutant may answer anything
        return f"{type(error).__name__}: {error}"
    finally:
        host.close()
