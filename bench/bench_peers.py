"""One reconciler, one object, one run: the warm pool beside a cold interpreter, pydantic-monty and sandtrap.

Interleaved in short turns, one client, one worker each, so a busy machine slows all of them alike. A start is timed
from before the pool or sandbox is made, each in a host of its own, whose imports are not timed. The reconciler's text
is the same everywhere; who has no `ctx` gets one of eight lines of Python.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import uvloop

from bench.bench_policy import SOURCE
from bench.figures import percentile, summary
from bench.peer_setup import Driver, PeersUnavailable, interpreter
from sandbox.pool.bootstrap import command
from sandbox.pool.config import Code, PoolConfig, RunRequest, RunResult, Verdict
from sandbox.pool.pool import Pool
from sandbox.wire.messages import ApplyEffect

ROUNDS, TURN = 60, 10
STARTS = 10
COLD_EVERY = 2
OWNS = ("v1/ConfigMap",)
# The functions that `bench policy` measures, and their result handed on as a reconciler does.
RECONCILER = (
    SOURCE.replace("def reconcile(obj, ctx)", "def render(obj, ctx)")
    + """

def reconcile(obj, ctx):
    made = render(obj, ctx)
    data = {**made["data"], "total": str(made["total"])}
    ctx.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": obj["metadata"]["name"]}, "data": data})
    ctx.status["phase"] = made["phase"]
"""
)
CTX = """
class Ctx:
    def __init__(self):
        self.effects = []
        self.status = {}

    def apply(self, child):
        self.effects.append(child)
"""
CALL = """
ctx = Ctx()
reconcile(obj, ctx)
answer = [ctx.effects, ctx.status]
answer
"""
OBJECT = json.dumps(
    {
        "apiVersion": "example.com/v1",
        "kind": "MyResource",
        "metadata": {"name": "bench", "labels": {f"Label-{n}": "x" * 20 for n in range(20)}},
        "spec": {"a1": 1, "b": 2, "items": [{"value": f" item {n} ", "enabled": n % 3 > 0} for n in range(25)]},
    }
).encode()
# The same imports as a worker; then plain Python, nothing of which is caged.
COLD = """
import os, sys
def main(text):
    from sandbox.worker.main import Worker
    from sandbox.worker.policed import Policy
    Policy()
    import json
    order = json.loads(text)
    names = {"obj": json.loads(order["object"])}
    exec(compile(order["source"], "<reconciler>", "exec"), names)
    os.write(1, json.dumps(names["answer"]).encode())
"""
NO_CTX = "given a ctx of eight lines"
OURS, NEW = "Chakrator, warm", "Chakrator, a new code"
PLAIN, COLD_NAME = "plain Python, in process", "cold interpreter"


class Row:
    """What one of them showed."""

    def __init__(self, isolation: str, adapted: str) -> None:
        self.isolation, self.adapted = isolation, adapted
        self.starts: list[float] = []
        self.runs: list[float] = []

    def shown(self, ours: Row) -> dict[str, object]:
        """Figures and their ratios to ours: over 1, it takes longer than we do."""
        found: dict[str, object] = {"isolation": self.isolation, "adapted": self.adapted}
        for what, mine, other in (("run", self.runs, ours.runs), ("first", self.starts, ours.starts)):
            if mine:
                ratio = round(percentile(mine, 0.5) / percentile(other, 0.5), 2)
                found[what] = {**summary(mine), "n": len(mine), "to_ours": ratio}
        return found


def cells(figures: Any) -> str:
    """p50, p99 and ratio; dashes where nothing was measured."""
    if figures is None:
        return f"{'-':>10}{'-':>10}{'-':>8}"
    return f"{figures['p50_ms']:10.3f}{figures['p99_ms']:10.3f}{figures['to_ours']:8.2f}"


def must_agree(answer: object) -> None:
    """Whoever does less work than the others is not in the race."""
    wanted = plain()
    if answer != wanted:
        raise PeersUnavailable(f"another answer than plain Python's: {str(answer)[:200]}")


def plain() -> Any:
    """The floor: no sandbox at all, the source compiled once, fresh globals for each run as our worker has."""
    names: dict[str, Any] = {"obj": json.loads(OBJECT)}
    exec(_PLAIN, names)
    return names["answer"]


_PLAIN = compile(RECONCILER + CTX + CALL, "<plain>", "exec", dont_inherit=True)


def cold() -> Any:
    """fork and exec of an interpreter, its imports, one run."""
    argv = command("sandbox.worker.zygote", json.dumps({"source": RECONCILER + CTX + CALL, "object": OBJECT.decode()}))
    where = argv.index("-c") + 1
    argv[where] = argv[where].replace("from sandbox.worker.zygote import main", COLD)
    return json.loads(subprocess.run(argv, env={}, stdout=subprocess.PIPE, check=True, timeout=60).stdout)


def timed(row: list[float], work: Callable[[], Any]) -> Any:
    """The seconds go into `row`."""
    start = time.perf_counter()
    found = work()
    row.append(time.perf_counter() - start)
    return found


async def ours(pool: Pool, code: Code) -> RunResult:
    """One run, which must succeed."""
    result = await pool.run(RunRequest(code, OBJECT))
    if result.verdict is not Verdict.SUCCEEDED:
        raise RuntimeError(f"our own run ended {result.verdict}: {result.message}")
    return result


def as_answer(result: RunResult) -> list[object]:
    """Effects and status, decoded."""
    effects = [effect for effect in result.effects if isinstance(effect, ApplyEffect)]
    return [[json.loads(bytes(effect.object)) for effect in effects], json.loads(result.status)]


async def first_result(row: Row) -> None:
    """A pool from nothing to its first result."""
    pool = Pool(PoolConfig())
    start = time.perf_counter()
    try:
        await pool.start()
        must_agree(as_answer(await ours(pool, Code("peers", RECONCILER, owns=OWNS))))
        row.starts.append(time.perf_counter() - start)
    finally:
        await pool.close()


def orders() -> dict[str, list[dict[str, object]]]:
    """What starts each peer, the strongest choice first, and how it is adapted."""
    common: dict[str, object] = {"source": RECONCILER + CTX, "call": CALL, "object": OBJECT.decode()}
    monty = {**common, "peer": "monty", "adapted": f"{NO_CTX}; parses the source at each run"}
    kept = {**common, "peer": "monty kept", "adapted": f"{NO_CTX}; keeps its globals from run to run"}
    trap = {**common, "peer": "sandtrap", "adapted": f"{NO_CTX}; json granted; rewrites the source at each run"}
    levels: list[dict[str, object]] = [{**trap, "level": level} for level in ("kernel", "process")]
    return {"monty, a session a run": [monty], "monty, session kept": [kept], "sandtrap": levels}


def fresh_start(python: Path, order: dict[str, object]) -> dict[str, Any]:
    """In a process of its own: what a peer leaves behind in its host is not there for the next start."""
    with Driver(python) as driver:
        found = driver.ask(do="start", **order)
        must_agree(found["answer"])
        return found


def able_peers(python: Path, rows: dict[str, Row], notes: list[str]) -> dict[str, dict[str, object]]:
    """Those that can run it here, with the order that starts them."""
    able = {}
    for name, choices in orders().items():
        for order in choices:
            try:
                found = fresh_start(python, order)
            except PeersUnavailable as error:
                notes.append(f"{name} {order.get('level', '')}: {error}")
                continue
            rows[name] = Row(found["isolation"], str(order["adapted"]))
            able[name] = order
            break
    return able


async def race(python: Path | None, notes: list[str]) -> dict[str, Row]:
    """Starts first, then runs; each round all of them once."""
    rows = {
        OURS: Row("policy", "nothing"),
        NEW: Row("the same", "nothing; forked, loaded and run once"),
        COLD_NAME: Row("a process, nothing else", NO_CTX),
        PLAIN: Row("none", NO_CTX),
    }
    able = {} if python is None else able_peers(python, rows, notes)
    for _ in range(STARTS):
        await first_result(rows[OURS])
        must_agree(timed(rows[COLD_NAME].starts, cold))
        for name, order in able.items():
            assert python is not None
            rows[name].starts.append(fresh_start(python, order)["seconds"])
    pool = Pool(PoolConfig(max_runs=10**9))
    await pool.start()
    try:
        rows[OURS].isolation += "".join(f", {layer} {state}" for layer, state in pool.status().layers.items())
        with ExitStack() as stack:
            driver = None if python is None else stack.enter_context(Driver(python))
            await rounds(pool, driver, able, rows)
    finally:
        await pool.close()
    return rows


async def rounds(pool: Pool, driver: Driver | None, able: dict[str, dict[str, object]], rows: dict[str, Row]) -> None:
    """Everybody warm, one after the other, again and again."""
    code = Code("peers", RECONCILER, owns=OWNS)
    for order in able.values():
        assert driver is not None
        driver.ask(do="start", **order)
    for _ in range(50):
        await ours(pool, code)
    for number in range(ROUNDS):
        for _ in range(TURN):
            start = time.perf_counter()
            await ours(pool, code)
            rows[OURS].runs.append(time.perf_counter() - start)
        for _ in range(TURN):
            timed(rows[PLAIN].runs, plain)
        for name, order in able.items():
            assert driver is not None
            rows[name].runs += driver.ask(do="run", peer=order["peer"], times=TURN)["seconds"]
        if number % COLD_EVERY == 0:
            timed(rows[COLD_NAME].runs, cold)
            other = Code(f"peers-{number}", f"{RECONCILER}NUMBER = {number}\n", owns=OWNS)
            start = time.perf_counter()
            await ours(pool, other)
            rows[NEW].runs.append(time.perf_counter() - start)
            await pool.retire(other.id)


def main() -> None:
    """The table for a person, and one line of JSON."""
    notes: list[str] = []
    must_agree(cold())
    try:
        rows = uvloop.run(race(interpreter(), notes))
    except PeersUnavailable as error:
        notes.append(f"no peers in this run: {error}")
        rows = uvloop.run(race(None, notes))
    shown = {name: row.shown(rows[OURS]) for name, row in rows.items()}
    say = sys.stderr.write
    sizes = f"{RECONCILER.count(chr(10))} lines, an object of {len(OBJECT)} bytes"
    say(f"{sizes}, {ROUNDS} turns of {TURN} runs; ms, ratios to ours\n")
    head = f"{'p50':>10}{'p99':>10}{'ratio':>8}"
    say(f"{'':26}{'a run':>28}{'start to first result':>28}\n{'':26}{head}{head}\n")
    for name, found in shown.items():
        say(f"{name:26}{cells(found.get('run'))}{cells(found.get('first'))}\n")
    for name, row in rows.items():
        say(f"{name:26} isolation: {row.isolation}\n{'':26} adapted: {row.adapted}\n")
    for note in notes:
        say(f"not here: {note}\n")
    sys.stdout.write(json.dumps({"bench": "peers", "object_bytes": len(OBJECT), "rows": shown, "notes": notes}) + "\n")


if __name__ == "__main__":
    main()
