"""A worker that is all the attacker's: plain Python with fd 3. The host must hold, whatever comes over the socket."""

from __future__ import annotations

import asyncio
import json
import resource
import time
from textwrap import dedent

import pytest

from sandbox.pool.config import Layer, Limits, PoolConfig, RunRequest, Verdict
from tests.integration.sandbox.conftest import MakeBench
from tests.integration.sandbox.support import QUIET_NEIGHBOUR, Bench, alive, code, function, until

SEND = """
import os

def raw(data):
    while data:
        data = data[os.write(3, data):]

def send(body):
    raw(len(body).to_bytes(4, "big") + body)

def frame(ctx, tag, rest=""):
    return ('{"t":"' + tag + '","id":"' + ctx.run.id + '"' + rest + "}").encode()

def done(ctx, rest=""):
    return frame(ctx, "done", rest)

def call(ctx, n, verb):
    return frame(ctx, "call", ',"n":' + str(n) + ',"verb":"' + verb + '","kind":"v1/ConfigMap"')

def fail(ctx, kind):
    return frame(ctx, "fail", ',"kind":"' + kind + '","type":"","message":""')

"""
VIOLATIONS = {
    "a length beyond the limit": "raw(b'\\x7f\\xff\\xff\\xff')\nwhile True: pass",
    "a length of nothing": "raw(bytes(4))\nwhile True: pass",
    "bytes that are no frame": "raw(bytes([0, 0, 0, 5]) + b'hello')",
    "the run of somebody else": """send(b'{"t":"done","id":"0123456789abcdef"}')""",
    "two answers": "body = done(ctx)\nraw((len(body).to_bytes(4, 'big') + body) * 2)\nwhile True: pass",
    "the beginning of another": "body = done(ctx)\nraw(len(body).to_bytes(4, 'big') + body + b'x')\nwhile True: pass",
    "an answer to another question": """send(frame(ctx, "loaded", ',"finalize":true'))""",
    "ready once more": """send(b'{"t":"ready"}')""",
    "deep nesting": "send(b'[' * 100_000)",
    "deep nesting in a raw field": """send(done(ctx, ',"status":' + '[' * 100_000 + ']' * 100_000))""",
    "a megabyte of empty lists": """send(done(ctx, ',"status":{"a":[' + '[],' * 400_000 + '[]]}'))""",
    "a number beyond a double": """send(done(ctx, ',"status":{"a":1e999}'))""",
    "a number of a million digits": """send(done(ctx, ',"requeue":' + '9' * 1_000_000))""",
    "half of a surrogate pair": """send(done(ctx, ',"status":{"a":"' + chr(92) + 'ud800"}'))""",
    "bytes that are no UTF-8": """send(done(ctx, ',"status":{"a":"!"}').replace(b'!', bytes([255])))""",
    "an unknown field": """send(done(ctx, ',"root":true'))""",
    "an effect of an unknown kind": """send(done(ctx, ',"effects":[{"t":"exec","object":{}}]'))""",
    "more effects than allowed": """
        one = '{"t":"event","reason":"A","message":"b"}'
        send(done(ctx, ',"effects":[' + ','.join([one] * 101) + ']'))
        """,
    "a call out of order": "send(call(ctx, 7, 'get'))",
    "a call of an unknown verb": "send(call(ctx, 1, 'delete'))",
    "two calls at once": """
        one, two = call(ctx, 1, "get"), call(ctx, 2, "get")
        raw(len(one).to_bytes(4, "big") + one + len(two).to_bytes(4, "big") + two)
        """,
    "a timeout that nobody caused": "send(fail(ctx, 'timeout'))",
    "a failure of an unknown kind": "send(fail(ctx, 'root'))",
    "a late frame that nothing caused": "send(frame(ctx, 'late'))",
    "a flood of log frames": """while True: send(frame(ctx, 'log', ',"lines":[]'))""",
    "leaving without an answer": "os._exit(0)",
}


@pytest.mark.parametrize("name", VIOLATIONS)
async def test_a_broken_protocol_is_the_end_of_the_worker(bare: Bench, name: str) -> None:
    """Exactly one verdict, no effect; the neighbour goes on and the next run has a new worker."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = SEND + function(VIOLATIONS[name])
    result = await bare.beside(bare.run(source, limits=Limits(timeout=5.0), name="hostile"))
    assert (result.verdict, result.layer) == (Verdict.PROTOCOL_VIOLATION, Layer.HOST), result.message
    assert (result.effects, result.status) == ((), b"{}")
    assert result.message.startswith("the worker broke the protocol: ")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024
    assert bare.pool.status().workers == 1  # the neighbour's


DEATHS = {
    "a segmentation fault": ("import ctypes\nctypes.string_at(0)", Verdict.CRASHED, Layer.CAGE),
    "abort": ("import os\nos.abort()", Verdict.CRASHED, Layer.CAGE),
    "a fatal error of the interpreter": (
        "import ctypes\nctypes.pythonapi.Py_FatalError(b'deliberate')",
        Verdict.CRASHED,
        Layer.CAGE,
    ),
    "an exit status of its own": ("import os\nos._exit(5)", Verdict.CRASHED, Layer.CAGE),
    "a socket": ("import socket\nsocket.socket()", Verdict.CAGE_VIOLATION, Layer.CAGE),
    "a fork": ("import os\nos.fork()", Verdict.CAGE_VIOLATION, Layer.CAGE),
    "a look at its socket that waits": (
        "import os\nos.preadv(3, [bytearray(1)], -1, 0)",
        Verdict.CAGE_VIOLATION,
        Layer.CAGE,
    ),
    "a look at something else": (
        "import os\nos.preadv(0, [bytearray(1)], -1, os.RWF_NOWAIT)",
        Verdict.CAGE_VIOLATION,
        Layer.CAGE,
    ),
    "closing its socket": ("import os\nos.close(3)", Verdict.CAGE_VIOLATION, Layer.CAGE),
    "code in memory": (
        "import mmap\nmmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
        Verdict.CAGE_VIOLATION,
        Layer.CAGE,
    ),
    "more memory than it has": ("x = bytearray(2 * 1024**3)", Verdict.OUT_OF_MEMORY, Layer.LIMIT),
    "more memory, in its last words": (
        "class Greedy(Exception):\n    def __str__(self): return 'x' * 10**10\nraise Greedy",
        Verdict.OUT_OF_MEMORY,
        Layer.LIMIT,
    ),
    "silence with the alarm blocked": (
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})\nwhile True: pass",
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
    ),
    "silence, waiting for the host": ("import os\nos.read(3, 1)", Verdict.TIMED_OUT, Layer.DEADLINE),
    "an exception that swallows the timeout": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
    ),
    "a return that swallows the timeout": (
        "try:\n    while True: pass\nexcept BaseException: pass",
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
    ),
    "SystemExit": ("raise SystemExit(0)", Verdict.RETRY, None),
}


@pytest.mark.parametrize("name", DEATHS)
async def test_a_death_has_its_verdict(bare: Bench, name: str) -> None:
    """From evidence of the kernel's, never from a guess."""
    body, verdict, layer = DEATHS[name]
    result = await bare.beside(bare.run(function(body), limits=Limits(timeout=0.7), name="hostile"))
    assert (result.verdict, result.layer) == (verdict, layer), result.message
    assert (result.effects, result.status) == ((), b"{}")
    assert (await bare.run(QUIET_NEIGHBOUR)).verdict is Verdict.SUCCEEDED


async def test_a_timeout_that_was_swallowed_still_has_its_line(bare: Bench) -> None:
    """The line was told before the code could do anything about it."""
    source = function("try:\n    while True: pass\nexcept BaseException:\n    while True: pass")
    result = await bare.run(source, limits=Limits(timeout=0.5))
    assert (result.verdict, result.line) == (Verdict.TIMED_OUT, 3)


async def test_a_worker_that_speaks_while_idle_is_ended(bare: Bench) -> None:
    """A finaliser after the answer finds a host that listens only to kill; the run before it stands."""
    source = SEND + dedent(
        """
        class Cycle:
            def __init__(self):
                self.me = self
            def __del__(self, write=os.write):
                write(3, b"anything")

        def reconcile(obj, ctx):
            Cycle()
        """
    )
    first = await bare.run(source, name="hostile")
    assert first.verdict in (Verdict.SUCCEEDED, Verdict.PROTOCOL_VIOLATION)
    await until(lambda: bare.pool.status().workers == 0)
    assert bare.pool.status().kills["protocol"] == 1
    assert [kind for kind, _ in bare.incidents] == ["protocol"]
    assert (await bare.run(QUIET_NEIGHBOUR)).verdict is Verdict.SUCCEEDED


SPINS = SEND + function(
    """
    import signal
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGXCPU, signal.SIGALRM})
    send(done(ctx))
    while True: pass
    """
)


async def test_a_worker_that_works_while_idle_is_ended(make_bench: MakeBench) -> None:
    """It answered, and then spins on where no limit of its own ends it: the host looks at it from time to time."""
    bench = await make_bench(PoolConfig(disable_policy=True, max_hot=0, max_idle=10.0))
    assert (await bench.run(QUIET_NEIGHBOUR, name="neighbour")).verdict is Verdict.SUCCEEDED
    assert (await bench.run(SPINS, name="hostile", limits=Limits(timeout=60.0))).verdict is Verdict.SUCCEEDED
    await until(lambda: bench.pool.status().workers == 1)
    assert bench.pool.status().kills == {"protocol": 1}
    assert [kind for kind, _ in bench.incidents] == ["protocol"]
    assert "used the processor" in bench.incidents[0][1]


async def test_a_worker_that_worked_while_idle_has_no_next_run(make_bench: MakeBench) -> None:
    """The run goes to a new worker, though nobody looked in between."""
    bench = await make_bench(PoolConfig(disable_policy=True, max_hot=0, max_idle=6000.0, max_age=60000.0, spares=0))
    assert (await bench.run(SPINS, name="hostile", limits=Limits(timeout=60.0))).verdict is Verdict.SUCCEEDED
    (spinning,) = bench.workers()
    await until(lambda: time.clock_gettime((~spinning << 3) | 2) > 1.5)
    assert bench.pool.status().kills == {}
    second = await bench.run(SPINS, name="hostile", limits=Limits(timeout=60.0))
    assert second.verdict is Verdict.SUCCEEDED
    await until(lambda: bench.pool.status().kills == {"protocol": 1})
    assert not alive(spinning)
    assert [kind for kind, _ in bench.incidents] == ["protocol"]


async def test_a_forged_answer_is_only_about_its_own_run(bare: Bench) -> None:
    """It may say anything its Reconciler may say, and nothing else follows from it."""
    source = SEND + function('send(done(ctx, \',"status":{"phase":"forged"}\'))\nwhile True: pass')
    runs = [bare.run(source, name="hostile", limits=Limits(timeout=1.0)), bare.run(QUIET_NEIGHBOUR, name="other")]
    forged, other = await asyncio.gather(*runs)
    assert (forged.verdict, forged.status) == (Verdict.SUCCEEDED, b'{"phase":"forged"}')
    assert other.status == b'{"phase":"hi"}'


async def test_the_host_keeps_no_more_log_than_allowed(bare: Bench) -> None:
    """The worker's own caps are the attacker's to change."""
    source = SEND + function(
        """
        line = b'{"level":"info","message":"' + b"x" * 2000 + b'"}'
        send(b'{"t":"log","id":"' + ctx.run.id.encode() + b'","lines":[' + b",".join([line] * 900) + b"]}")
        """
    )
    heard: list[str] = []
    result = await bare.run(source, on_log=lambda _run, lines: heard.extend(line.message for line in lines))
    assert result.verdict is Verdict.PROTOCOL_VIOLATION
    assert (heard, result.logs) == ([], ())


async def test_a_worker_cannot_read_another_workers_traffic(bare: Bench) -> None:
    """The only descriptor it has is its own."""
    source = function(
        """
        import os
        held = []
        for fd in range(3, 64):
            try:
                os.fstat(fd)
            except OSError as error:
                held.append(error.errno)
        ctx.status["errnos"] = sorted(set(held))
        """
    )
    result = await bare.run(source)
    assert result.status == b'{"errnos":[1]}'


async def test_a_worker_that_does_not_read_is_ended(bare: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finaliser that hangs between two runs: the next, large frame is not taken, and that is the end."""
    monkeypatch.setattr("sandbox.pool.outbox.STALL", 0.3)
    source = dedent(
        """
        class Cycle:
            def __init__(self):
                self.me = self
            def __del__(self):
                while True: pass

        def reconcile(obj, ctx):
            Cycle()
        """
    )
    large = json.dumps({"text": "x" * 4_000_000}).encode()
    one = code(source, "hostile", Limits(timeout=30.0))
    assert (await bare.pool.run(RunRequest(one, b"{}"))).verdict is Verdict.SUCCEEDED
    result = await bare.beside(bare.pool.run(RunRequest(one, large)))
    assert (result.verdict, result.layer) == (Verdict.PROTOCOL_VIOLATION, Layer.HOST)
    assert result.message.endswith("it does not read what it is sent")


async def test_a_worker_may_look_without_waiting(bare: Bench) -> None:
    """Through both filters, its own and the zygote's: what it does between two runs (docs/decisions/0018)."""
    source = function(
        """
        import os
        try:
            os.preadv(3, [bytearray(1)], -1, os.RWF_NOWAIT)
        except BlockingIOError:
            ctx.status["found"] = "nothing yet"
        """
    )
    result = await bare.run(source)
    assert (result.verdict, result.status) == (Verdict.SUCCEEDED, b'{"found":"nothing yet"}'), result.message
