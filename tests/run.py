"""`make test`: every tier in turn, each with its own time, and one line at the end that says it all.

The tiers are ordered from cheap to dear, so that a mistake is told early; all of them run even after
a failure, so that one run tells everything. `make test ARGS='unit integration'` runs some of them.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Tier:
    """A named command. `deadline` in seconds keeps a hang from eating the whole of CI."""

    name: str
    command: tuple[str, ...]
    deadline: float


def pytest(*arguments: str) -> tuple[str, ...]:
    """A pytest command that shows its slowest tests."""
    return (str(BIN / "pytest"), "-q", "--durations=5", "--durations-min=2", *arguments)


TIERS = (
    Tier("format", (str(BIN / "ruff"), "format", "--check", "."), 60),
    Tier("lint", (str(BIN / "ruff"), "check", "."), 60),
    Tier("types", (str(BIN / "mypy"),), 300),
    Tier("imports", (str(BIN / "lint-imports"), "--no-logo"), 120),
    Tier("architecture", pytest("tests/architecture"), 300),
    Tier("unit", pytest("tests/unit"), 600),
    Tier("escapes", pytest("tests/escapes"), 600),
    Tier("mutations", pytest("tests/mutations"), 900),
    Tier("control plane", (str(BIN / "python"), "-m", "chakrator.up.assets"), 1800),
    # In a process of its own: these look at signals, descriptors and children of the process that they run in.
    Tier("cage", pytest("tests/integration/sandbox"), 600),
    Tier("integration", pytest("tests/integration", "--ignore=tests/integration/sandbox"), 1200),
    Tier("e2e", pytest("tests/e2e"), 600),
)


@dataclass(frozen=True)
class Result:
    """How one tier ended."""

    tier: Tier
    code: int
    seconds: float
    counts: dict[str, int]


def run(tier: Tier) -> Result:
    """Run one tier, its output passed through as it comes."""
    print(f"\n── {tier.name} " + "─" * (90 - len(tier.name)), flush=True)
    started = time.monotonic()
    counts: dict[str, int] = {}
    process = subprocess.Popen(
        tier.command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that a hang is ended with everything that it started
    )
    watchdog = threading.Timer(tier.deadline, stop, (process, tier))
    watchdog.start()
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        if re.search(r"\d+ (passed|failed|error)", line):
            counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", line)}
    code = process.wait()
    watchdog.cancel()
    return Result(tier, code, time.monotonic() - started, counts)


def stop(process: subprocess.Popen[str], tier: Tier) -> None:
    """End a tier that is past its deadline, first so that pytest can say where it hung."""
    print(f"\n{tier.name}: not done after {tier.deadline:.0f} s; stopping it", flush=True)
    for signum, patience in ((signal.SIGINT, 30.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signum)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)
            return


def main(names: list[str]) -> int:
    """Run the tiers named, or all; exit 1 when any of them failed."""
    known = {tier.name.replace(" ", "-"): tier for tier in TIERS}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no such tier: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    results = [run(tier) for name, tier in known.items() if not names or name in names]
    print("\n── where the time went " + "─" * 69)
    for result in results:
        told = ", ".join(f"{number} {word}" for word, number in result.counts.items() if word != "in")
        print(f"  {result.tier.name:<14}{result.seconds:>8.1f} s  {'ok    ' if result.code == 0 else 'FAILED'}  {told}")
    total = {
        word: sum(r.counts.get(word, 0) for r in results) for word in ("passed", "failed", "error", "errors", "skipped")
    }
    failed = total["failed"] + total["error"] + total["errors"] + sum(r.code != 0 and not r.counts for r in results)
    print(f"  {'all':<14}{sum(r.seconds for r in results):>8.1f} s")
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"\n{total['passed']} passed, {failed} failed{skipped}")
    return 1 if any(result.code for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
