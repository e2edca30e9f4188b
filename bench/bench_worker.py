"""What a caged worker costs, beside a cold interpreter and a plain fork, measured in the same run.

`python -m bench.bench_worker [--quick]`: a table on stderr, JSON on stdout. Machines are noisy and
milliseconds mean little; the ratios are what is compared.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time

import msgspec
import uvloop

from bench.figures import percentile, private_mb, summary, table
from bench.workload import SOURCE, SPEC, SPIN
from sandbox.pool.bootstrap import command
from sandbox.pool.config import Code, Limits, PoolConfig, RunRequest
from sandbox.pool.job import new_id
from sandbox.pool.nursery import Nursery
from sandbox.pool.pool import Pool

QUICK = "--quick" in sys.argv
ROUNDS = 300 if QUICK else 3000
FORKS = 30 if QUICK else 150
COLD = 5 if QUICK else 20
_CHUNK = 64 * 1024  # the object is far smaller, and comes in one piece
OBJECT = json.dumps(
    {
        "apiVersion": "example.com/v1",
        "kind": "MyResource",
        "metadata": {"name": "bench", "labels": {f"label-{n}": "x" * 20 for n in range(20)}},
        "spec": SPEC,
    }
).encode()

# A warm interpreter with the same imports: as a cold start it says so and leaves; as a zygote it forks.
WARM = """
import os, sys, time
def main(forks):
    from sandbox.worker.main import Worker
    from sandbox.worker.policed import Policy
    Policy()
    os.write(1, b"R")
    import gc
    gc.collect(); gc.freeze()
    for _ in range(int(forks)):
        start = time.perf_counter()
        read, write = os.pipe()
        if os.fork() == 0:
            os.write(write, b"R")
            os._exit(0)
        os.read(read, 1)
        took = time.perf_counter() - start
        os.close(read); os.close(write); os.wait()
        print(took, flush=True)
"""


def _warm_command(forks: int) -> list[str]:
    argv = command("sandbox.worker.zygote", str(forks))
    where = argv.index("-c") + 1
    argv[where] = argv[where].replace("from sandbox.worker.zygote import main", WARM)
    return argv


def cold_interpreter() -> list[float]:
    """fork + exec of an interpreter until it has imported what a worker needs."""
    times = []
    for _ in range(COLD):
        start = time.perf_counter()
        with subprocess.Popen(_warm_command(0), stdout=subprocess.PIPE, env={}) as child:
            assert child.stdout is not None
            child.stdout.read(1)
            times.append(time.perf_counter() - start)
    return times


def plain_fork() -> list[float]:
    """fork of a warm interpreter, without a cage, to the first byte."""
    ended = subprocess.run(_warm_command(FORKS), stdout=subprocess.PIPE, env={}, check=True)
    return [float(line) for line in ended.stdout.removeprefix(b"R").split()]


async def caged_fork() -> tuple[list[float], list[float], list[float]]:
    """Through the zygote: to ready; SIGKILL to dead; SIGKILL of a busy worker to its replacement being ready."""
    nursery = Nursery(PoolConfig(spares=0), lambda _kind, _text: None, lambda _worker: None)
    await nursery.start()
    memory = Limits().memory
    starts, kills, replacements = [], [], []
    for _ in range(FORKS):
        start = time.perf_counter()
        worker = await nursery.spawn(memory)
        starts.append(time.perf_counter() - start)
        await worker.load(Code("spin", SPIN, Limits(timeout=60.0)), 0.25)
        running = worker.run(new_id(), RunRequest(Code("spin", SPIN, Limits(timeout=60.0)), b"{}"), 0.25, None, None)
        await asyncio.sleep(0.002)
        start = time.perf_counter()
        worker.kill("bench")
        other = asyncio.ensure_future(nursery.spawn(memory))
        await worker.gone
        kills.append(time.perf_counter() - start)
        replacement = await other
        replacements.append(time.perf_counter() - start)
        replacement.kill("bench")
        await asyncio.gather(running, replacement.gone)
    await nursery.close()
    return starts, kills, replacements


async def round_trips() -> dict[str, float]:
    """Warm runs through the pool, one after the other and several at once; the host's CPU for each."""
    pool = Pool(PoolConfig(max_runs=10**9))
    await pool.start()
    code = Code("hot", SOURCE, owns=("v1/ConfigMap",))
    request = RunRequest(code, OBJECT)
    for _ in range(50):
        await pool.run(request)
    times = []
    cpu = time.process_time()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        await pool.run(request)
        times.append(time.perf_counter() - start)
    cpu = (time.process_time() - cpu) / ROUNDS
    start = time.perf_counter()

    async def lane() -> None:
        for _ in range(ROUNDS // 4):
            await pool.run(request)

    await asyncio.gather(*(lane() for _ in range(4)))
    rate = ROUNDS // 4 * 4 / (time.perf_counter() - start)
    start = time.perf_counter()
    checks = 20
    for _ in range(checks):
        await pool.check(SOURCE)
    check = (time.perf_counter() - start) / checks
    await pool.close()
    return {
        **summary(times),
        "host_cpu_us": round(cpu * 1e6, 1),
        "runs_per_s": round(rate),
        "check_ms": round(check * 1e3, 2),
    }


async def echo() -> dict[str, float]:
    """The floor of a round trip: the same object and codec, there and back through the same loop, and nothing run."""
    ours, theirs = socket.socketpair()
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
    loop = asyncio.get_running_loop()
    child = os.fork()
    if child == 0:
        ours.close()
        while data := theirs.recv(_CHUNK):
            theirs.send(encode(decode(data)))
        os._exit(0)
    theirs.close()
    ours.setblocking(False)
    answer: asyncio.Future[object] = loop.create_future()
    loop.add_reader(ours.fileno(), lambda: answer.set_result(decode(ours.recv(_CHUNK))))
    document = decode(OBJECT)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        answer = loop.create_future()
        ours.send(encode(document))
        await answer
        times.append(time.perf_counter() - start)
    loop.remove_reader(ours.fileno())
    ours.close()
    os.waitpid(child, 0)  # noqa: ASYNC222 - its socket is closed: it leaves at once
    return summary(times)


async def idle_memory() -> dict[str, float]:
    """Private memory of a fresh worker, and after a run; 0 where the kernel does not let us look."""

    nursery = Nursery(PoolConfig(spares=0), lambda _kind, _text: None, lambda _worker: None)
    await nursery.start()
    worker = await nursery.spawn(Limits().memory)
    fresh = private_mb(worker.pid)
    code = Code("hot", SOURCE, owns=("v1/ConfigMap",))
    await worker.load(code, 0.25)
    await worker.run(new_id(), RunRequest(code, OBJECT), 0.25, None, None)
    used = private_mb(worker.pid)
    await nursery.close()
    return {"fresh_mb": round(fresh, 2), "after_a_run_mb": round(used, 2)}


def measure() -> dict[str, object]:
    """Everything, interleaved as far as processes allow."""
    cold, fork = cold_interpreter(), plain_fork()
    caged, kills, replacements = asyncio.run(caged_fork())
    again = plain_fork()
    asyncio_trips = asyncio.run(round_trips())
    floor = uvloop.run(echo())
    uvloop_trips = uvloop.run(round_trips())
    plain = percentile(fork + again, 0.5)
    return {
        "python": sys.version.split()[0],
        "cores": os.cpu_count(),
        "object_bytes": len(OBJECT),
        "cold_interpreter": summary(cold),
        "plain_fork": summary(fork + again),
        "caged_fork": summary(caged),
        "kill_to_dead": summary(kills),
        "kill_to_replacement": summary(replacements),
        "echo_uvloop": floor,
        "round_trip_asyncio": asyncio_trips,
        "round_trip_uvloop": uvloop_trips,
        "idle_memory": asyncio.run(idle_memory()),
        "ratios": {
            "caged fork to plain fork": round(percentile(caged, 0.5) / plain, 2),
            "cold interpreter to caged fork": round(percentile(cold, 0.5) / percentile(caged, 0.5), 1),
            "replacement to plain fork": round(percentile(replacements, 0.5) / plain, 2),
            "warm round trip to bare echo": round(uvloop_trips["p50_ms"] / floor["p50_ms"], 2),
            "cold interpreter to warm round trip": round(percentile(cold, 0.5) * 1e3 / uvloop_trips["p50_ms"]),
        },
    }


def main() -> None:
    """The table for a person, and one line of JSON."""
    found = measure()
    table(found, sys.stderr.write)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
