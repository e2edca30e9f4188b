"""One target, fuzzed for some seconds in this process: `python -m tests.soak.fuzz ENGINE TARGET SECONDS SEED FOLDER`.

Two engines: `coverage` is libFuzzer by atheris, where that is installed; `answers` is ours, which goes on from the
inputs to which the target gave an answer not seen before. They find different things.
The input in hand is always on disk, so that it outlives this process. FOLDER/report says in JSON how far it came:
libFuzzer ends a process without a last word.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import random
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
SEEDS = HERE / "seeds"
CASES = HERE.parent / "escapes" / "cases"
FOLDERS = {"compiler": "compiler", "frames": "frames", "control": "control"}
LONGEST = 16 * 1024
MEMORY = 1024 * 1024 * 1024
PER_INPUT = 10.0  # CPU seconds of one input, far beyond the hundreds of milliseconds that the caps allow
CRASHED = 77
TOKENS = r"""
def class lambda return yield import from try: finally: except with for while match case async await global
\0 \n \r \t \\ ' " { } [ ] ( ) : , . _ @ * ** = := -> # \xff \xed\xa0\x80 \xe2\x80\xa8 1e999 0x 1j
__class__ __builtins__ _getattr_ f'{ reconcile(obj,ctx): {"t": "id" "run" "done" null true -1 \ud800
"""
WORDS = [word.encode().decode("unicode_escape").encode("latin-1", "replace") for word in TOKENS.split()]


def seeds(target: str) -> list[bytes]:
    """What to start from: the kept seeds and crashers, and for sources the escape suite too."""
    found = [path.read_bytes() for path in sorted((SEEDS / FOLDERS.get(target, "none")).glob("*"))]
    if target == "compiler":
        found += [path.read_bytes() for path in sorted(CASES.rglob("*.py"))]
    return found or [bytes(64)]


def mutated(data: bytes, others: list[bytes], luck: random.Random) -> bytes:
    """`data` with one to six changes: bits, words, cuts, repetitions, parts of other inputs."""
    changed = bytearray(data[:LONGEST])
    for _ in range(luck.randint(1, 6)):
        at, other = luck.randint(0, len(changed)), luck.choice(others)
        end = min(len(changed), at + luck.randint(0, 40))
        kind = luck.randrange(7)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << luck.randrange(8)
        elif kind == 1:
            changed[at:at] = luck.choice(WORDS) if luck.random() < 0.8 else luck.randbytes(luck.randint(1, 8))
        elif kind == 2:
            del changed[at:end]
        elif kind == 3:
            changed[at:at] = changed[at:end] * luck.choice((1, 1, 2, 50, 400))
        elif kind == 4:
            start = luck.randint(0, len(other))
            changed[at:at] = other[start : start + luck.randint(1, 200)]
        elif kind == 5:
            changed[at:end] = luck.randbytes(end - at)
        else:
            changed = bytearray(bytes(changed[:at]) + other[luck.randint(0, len(other)) :])
        del changed[LONGEST:]
    return bytes(changed)


class Bench:
    """Runs inputs under the limits, with the one in hand on disk; keeps what the target answered."""

    def __init__(self, name: str, target: Callable[[bytes], str], folder: Path) -> None:
        self.target = target
        self.name = name
        self._report, self._reported = folder / "report", 0.0
        self.answers: Counter[str] = Counter()
        current = folder / "current"
        current.write_bytes(bytes(8 + LONGEST))
        with current.open("r+b") as file:
            self._hand = mmap.mmap(file.fileno(), 0)

    def try_one(self, data: bytes) -> bool:
        """Whether the answer was a new one; a violation is kept as a seed and ends the process."""
        data = data[:LONGEST]
        self._hand[: 8 + len(data)] = len(data).to_bytes(8, "big") + data
        signal.setitimer(signal.ITIMER_PROF, PER_INPUT)
        try:
            answer = self.target(data)
        except Exception as error:
            kept = getattr(error, "data", data)
            where = keep(self.name, kept)
            sys.stderr.write(f"{self.name}: {type(error).__name__}: {error}\nkept as {where}\n")
            self.report()
            sys.exit(CRASHED)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        self.answers[answer] += 1
        if time.monotonic() - self._reported > 0.5:
            self.report()
        return self.answers[answer] == 1

    def report(self) -> None:
        """How far we are."""
        answers = self.answers
        said = {"runs": answers.total(), "answers": len(answers), "accepted": answers["accepted"]}
        self._report.write_text(json.dumps(said))
        self._reported = time.monotonic()


def keep(target: str, data: bytes) -> Path:
    """Writes a crasher beside the seeds, named by its content."""
    folder = SEEDS / ("compiler" if target == "grammar" else target)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crash-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def by_answers(bench: Bench, seconds: float, seed: int) -> None:
    """Mutate, and keep for mutation what the target answered in a new way."""
    luck, end = random.Random(seed), time.monotonic() + seconds
    corpus = seeds(bench.name)
    for data in corpus:
        if time.monotonic() < end:
            bench.try_one(data)
    while time.monotonic() < end:
        if bench.name == "grammar":
            data = luck.randbytes(luck.choice((64, 256, 1024, 4096)))
        else:
            data = mutated(luck.choice(corpus), corpus, luck)
        if bench.try_one(data) and bench.name != "grammar":
            corpus.append(data)


def by_coverage(bench: Bench, seconds: float, seed: int, folder: Path) -> None:
    """Hand over to libFuzzer; it ends the process itself."""
    import atheris

    start = folder / "corpus"
    start.mkdir(exist_ok=True)
    for data in seeds(bench.name):
        (start / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data[:LONGEST])
    words = folder / "words"
    words.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in WORDS if word))
    options = {
        "max_total_time": max(1, int(seconds)),
        "max_len": LONGEST,
        "len_control": 0,
        "rss_limit_mb": MEMORY >> 20,
        "timeout": int(PER_INPUT) * 6,  # by the clock; ours, by CPU time, comes first
        "artifact_prefix": f"{folder}/found-",
        "dict": words,
        "seed": seed,
        "verbosity": 0,
        "handle_segv": 0,
    }
    atheris.Setup(
        [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(start)],
        lambda data: bench.try_one(data) and None,
    )
    atheris.Fuzz()


def instrumented(guided: bool) -> contextlib.AbstractContextManager[object]:
    """While what is fuzzed is imported: with atheris, its branches are counted."""
    if not guided:
        return contextlib.nullcontext()
    import atheris

    manager: contextlib.AbstractContextManager[object] = atheris.instrument_imports(
        include=["sandbox.policy", "sandbox.wire", "RestrictedPython"]
    )
    return manager


def main(engine: str, name: str, seconds: float, seed: int, folder: Path) -> None:
    """Limit this process, then fuzz."""
    guided = engine == "coverage"
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 60, int(seconds) + 60))
    resource.setrlimit(resource.RLIMIT_AS, (4 * MEMORY if guided else MEMORY,) * 2)
    with instrumented(guided):
        from tests.soak.invariants import TARGETS
    bench = Bench(name, TARGETS[name], folder)
    if guided:
        by_coverage(bench, seconds, seed, folder)
    else:
        by_answers(bench, seconds, seed)
    bench.report()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
