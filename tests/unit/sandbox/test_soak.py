"""Five seconds of the soak, and the proof that it would say what it found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.policy.compiler import Compiled, PolicyRejected
from sandbox.wire import frames
from sandbox.wire.messages import Finding
from tests.soak import fuzz, invariants
from tests.soak.fuzz import Bench
from tests.soak.invariants import TARGETS, Violation

ROOT = Path(__file__).parents[3]
GOOD = b"def reconcile(obj, ctx):\n    return obj.get('a')\n"

HANG = """
import sys
from pathlib import Path
from tests.soak import fuzz, invariants

fuzz.PER_INPUT = 0.2
def hang(data):
    while data != b"".join([]):
        pass
invariants.TARGETS["control"] = hang
fuzz.main("answers", "control", 30.0, 1, Path(sys.argv[1]))
"""


def test_five_seconds_find_nothing() -> None:
    """All targets, without atheris, with a seed that changes from day to day only where it is set."""
    environment = {**os.environ, "SOAK_SECONDS": "5", "SOAK_ENGINE": "answers", "SOAK_SEED": "1"}
    command = [sys.executable, "-m", "tests.soak"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = ended.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == list(TARGETS)
    assert all(int(line.split()[1]) > 0 for line in lines[1:-1])


@pytest.mark.parametrize("target", TARGETS)
def test_every_kept_input_holds(target: str) -> None:
    """Seeds, and whatever once broke something."""
    for data in fuzz.seeds(target):
        TARGETS[target](data)


def test_an_accepted_source_is_told_apart() -> None:
    """The targets look at what they are given: a good source, a bad one, a frame each way, a packet."""
    assert TARGETS["compiler"](GOOD) == "accepted"
    assert TARGETS["compiler"](b"import os") == "CHK130 CHK150"
    assert TARGETS["frames"](b'\xf1{"t":"ready"}') == "-/Ready"
    assert TARGETS["frames"](b'\xf1{"t":"reply","call":1}') == "Reply/-"
    assert TARGETS["frames"](b"\xf0\xff\xff\xff\xff") == "!"
    assert TARGETS["control"](b'{"t":"reap","n":1}') == "Reap/-/-"


def _defect(_source: str) -> list[Finding]:
    return [Finding(invariants.DEFECT, "the checker failed", 1, 1, 1, 1)]


def _backwards(_source: str) -> list[Finding]:
    return [Finding("CHK100", "no", 3, 1, 2, 1)]


@pytest.mark.parametrize("findings", [_defect, _backwards])
def test_a_broken_checker_is_found(findings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of its own, or a range that ends before it begins."""

    def refuse(source: str) -> None:
        raise PolicyRejected(findings(source))  # type: ignore[operator]

    monkeypatch.setattr(invariants, "check", findings)
    monkeypatch.setattr(invariants, "compile_source", refuse)
    with pytest.raises(Violation):
        TARGETS["compiler"](GOOD)


def test_a_checker_that_disagrees_with_itself_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings for the editor, and code for the worker."""
    monkeypatch.setattr(invariants, "check", _backwards)
    with pytest.raises(Violation, match="both"):
        TARGETS["compiler"](GOOD)


@pytest.mark.parametrize("source", ["a._x", "a._x = 1", "__class__", "def f(): return lambda: _a_", "a.__len__()"])
def test_a_policy_that_lets_a_hidden_name_through_is_found(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any depth of the code, as a name or as an attribute."""
    monkeypatch.setattr(invariants, "check", lambda _source: [])
    monkeypatch.setattr(invariants, "compile_source", lambda text: Compiled(compile(text, "x", "exec"), False))
    with pytest.raises(Violation, match="accepted code"):
        TARGETS["compiler"](source.encode())


def test_a_decoder_that_raises_something_else_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything but a message or the protocol's error goes up."""

    def decode(_body: bytes) -> None:
        raise KeyError

    monkeypatch.setattr(frames, "decode_from_worker", decode)
    with pytest.raises(KeyError):
        TARGETS["frames"](b'\xf1{"t":"ready"}')


def test_what_was_found_is_kept_and_ends_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the smallest input that is known to show it, beside the seeds."""
    monkeypatch.setattr(fuzz, "SEEDS", tmp_path)

    def target(data: bytes) -> str:
        raise Violation("no", data[:3])

    with pytest.raises(SystemExit) as ended:
        Bench("frames", target, tmp_path).try_one(b"abcdef")
    assert ended.value.code == fuzz.CRASHED
    (kept,) = (tmp_path / "frames").iterdir()
    assert kept.read_bytes() == b"abc"


def test_an_input_that_takes_for_ever_ends_the_child_and_is_on_disk(tmp_path: Path) -> None:
    """By CPU time, so that a busy machine finds nothing."""
    ended = subprocess.run([sys.executable, "-c", HANG, str(tmp_path)], cwd=ROOT, timeout=60, check=False)
    assert ended.returncode == -signal.SIGPROF
    hand = (tmp_path / "current").read_bytes()
    assert hand[8 : 8 + int.from_bytes(hand[:8], "big")] in fuzz.seeds("control")
