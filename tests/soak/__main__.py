"""`make soak`: fuzzes the policy's compiler and the frame decoders for SOAK_SECONDS (600), each target in a child.

A child that dies is started again for the rest of its time; what killed it is kept in tests/soak/seeds.
Exit 1 when anything was found.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.soak.fuzz import CRASHED, LONGEST, keep

ROOT = Path(__file__).parents[2]
SHARES = {"compiler": 0.45, "grammar": 0.3, "frames": 0.2, "control": 0.05}
MOST_CRASHERS = 5
PATIENCE = 60.0


@dataclass
class Result:
    """What one target came to."""

    target: str
    runs: int = 0
    answers: int = 0
    accepted: int = 0
    seconds: float = 0.0
    found: list[str] = field(default_factory=list)

    def line(self) -> str:
        """For a person."""
        share = f", {100 * self.accepted / max(1, self.runs):.1f} % accepted" if self.accepted else ""
        rate = self.runs / max(self.seconds, 0.001)
        head = f"{self.target:<9} {self.runs:>9} inputs in {self.seconds:.0f} s ({rate:.0f}/s)"
        return f"{head}, {self.answers} different answers{share}, {len(self.found)} found"


def engines() -> list[str]:
    """Ours always; libFuzzer where atheris is, unless SOAK_ENGINE names one."""
    guided = importlib.util.find_spec("atheris") is not None
    named = os.environ.get("SOAK_ENGINE")
    return [named] if named else ["coverage", "answers"] if guided else ["answers"]


def soak(target: str, seconds: float, seed: int) -> Result:
    """Fuzz one target, half of the time by each engine that is here, in as many children as it takes."""
    result, begun = Result(target), time.monotonic()
    for engine in engines():
        started, share = time.monotonic(), seconds / len(engines())
        while (left := share - (time.monotonic() - started)) > 0 and len(result.found) < MOST_CRASHERS:
            with tempfile.TemporaryDirectory(prefix="soak-") as place:
                found = child(result, engine, left, seed + len(result.found), Path(place))
            if not found:
                break
            result.found.append(found)
    result.seconds = time.monotonic() - begun
    return result


def child(result: Result, engine: str, seconds: float, seed: int, folder: Path) -> str:
    """One child; what it found, or nothing."""
    command = [sys.executable, "-m", "tests.soak.fuzz", engine, result.target]
    command += [f"{seconds:.1f}", str(seed), str(folder)]
    try:
        ended = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=seconds + PATIENCE, check=False
        )
        code, told = ended.returncode, ended.stderr
    except subprocess.TimeoutExpired:
        code, told = -9, "it did not end"
    report = folder / "report"
    if report.exists():
        said = json.loads(report.read_text())
        result.runs += said["runs"]
        result.answers = max(result.answers, said["answers"])
        result.accepted += said["accepted"]
    if code == 0:
        return ""
    sys.stderr.write(told[-2000:])
    if code == CRASHED and "kept as " in told:
        return told.rpartition("kept as ")[2].split()[0]
    current = folder / "current"
    if not current.exists():
        return f"the fuzzer itself failed ({code})"
    hand = current.read_bytes()
    data = hand[8 : 8 + min(LONGEST, int.from_bytes(hand[:8], "big"))]
    where = keep("grammar-choices" if result.target == "grammar" else result.target, data)
    sys.stderr.write(f"{result.target}: the process ended with {code}\nkept as {where}\n")
    return str(where)


def main() -> int:
    """All targets, one after the other, each its share of the time."""
    total = float(os.environ.get("SOAK_SECONDS", "600"))
    seed = int(os.environ.get("SOAK_SEED", str(int(time.time()))))
    print(f"soak: {total:.0f} s, SOAK_SEED={seed}, engines: {', '.join(engines())}", flush=True)
    found = 0
    for target, share in SHARES.items():
        result = soak(target, total * share, seed)
        print(result.line(), flush=True)
        found += len(result.found)
    print(f"{found or 'nothing'} found", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
