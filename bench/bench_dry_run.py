"""What one call of `chakrator dry-run` costs, start-up included, beside bare interpreters in the same rounds.

`python -m bench.bench_dry_run [--quick]`: a table on stderr, JSON on stdout. Machines are noisy and milliseconds mean
little; the ratios are what is compared.
"""

from __future__ import annotations

import asyncio
import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import percentile, summary, table
from bench.workload import SOURCE, SPEC
from sandbox.pool.config import PoolConfig
from sandbox.pool.pool import Pool

QUICK = "--quick" in sys.argv
ROUNDS = 5 if QUICK else 21
COUNTS = (1, 100, 1000)
ROOT = Path(__file__).parents[1]
SHIPPED = ("chakrator", "core", "sandbox")
PASS = (sys.executable, "-c", "pass")
LIBRARIES = (sys.executable, "-c", "import asyncio, datetime, json, msgspec, pathlib, re, socket, subprocess")


def lay_out(folder: Path) -> dict[int, tuple[str, ...]]:
    """The code, a folder of objects for each count, and the call for each."""
    code = folder / "code.py"
    code.write_text(SOURCE)
    calls: dict[int, tuple[str, ...]] = {}
    for count in COUNTS:
        objects = folder / str(count)
        objects.mkdir()
        for number in range(count):
            value = {"apiVersion": "example.com/v1", "kind": "MyResource", "metadata": {"name": f"bench-{number}"}}
            (objects / f"{number:04}.json").write_text(json.dumps({**value, "spec": SPEC}))
        command = (sys.executable, "-m", "chakrator", "dry-run", str(code), "--object", str(objects), "-o", "json")
        calls[count] = command
    return calls


def timed(command: tuple[str, ...], lines: int) -> float:
    """Seconds from exec to exit; a call that did not succeed on every object is no measurement."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    took = time.perf_counter() - start
    outcomes = [json.loads(line)["outcome"] for line in done.stdout.splitlines()]
    if outcomes != ["Succeeded"] * lines:
        raise RuntimeError(f"{lines} runs were to succeed: {outcomes}")
    return took


async def boot() -> float:
    """Seconds until a zygote is caged, tried and ready to fork."""
    pool = Pool(PoolConfig(spares=0))
    start = time.perf_counter()
    await pool.start()
    took = time.perf_counter() - start
    await pool.close()
    return took


def measure() -> dict[str, object]:
    """Every figure once a round, so that a slow minute of the machine is everybody's."""
    for package in SHIPPED:  # an installed product has its bytecode; a checkout that was just edited has not
        compileall.compile_dir(ROOT / package, quiet=1)
    bare: list[float] = []
    libraries: list[float] = []
    boots: list[float] = []
    calls: dict[int, list[float]] = {count: [] for count in COUNTS}
    with tempfile.TemporaryDirectory() as folder:
        commands = lay_out(Path(folder))
        for _ in range(ROUNDS):
            bare.append(timed(PASS, 0))
            libraries.append(timed(LIBRARIES, 0))
            boots.append(asyncio.run(boot()))
            for count, command in commands.items():
                calls[count].append(timed(command, count))
    middle = {count: percentile(times, 0.5) for count, times in calls.items()}
    return {
        "python": sys.version.split()[0],
        "cores": os.cpu_count(),
        "rounds": ROUNDS,
        "python_pass": summary(bare),
        "python_libraries": summary(libraries),
        "zygote_boot": summary(boots),
        **{
            f"objects_{count}": {**summary(times), "runs_per_s": round(count / middle[count], 1)}
            for count, times in calls.items()
        },
        "ratios": {
            "1 object to python -c pass": round(middle[1] / percentile(bare, 0.5), 1),
            "1 object to libraries and zygote": round(
                middle[1] / (percentile(libraries, 0.5) + percentile(boots, 0.5)), 2
            ),
            "100 objects to 1": round(middle[100] / middle[1], 2),
            "1000 objects to 1": round(middle[1000] / middle[1], 2),
        },
    }


def main() -> None:
    """The table for a person, and one line of JSON."""
    found = measure()
    table(found, sys.stderr.write)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
