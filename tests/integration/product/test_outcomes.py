"""Each outcome as `dry-run` tells it: outcome, layer, line and exit code, from the cage of production."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAD = "def reconcile(obj, ctx):\n"
OBJECT = {
    "apiVersion": "example.com/v1",
    "kind": "MyResource",
    "metadata": {"name": "tea", "namespace": "default", "uid": "u-1", "generation": 1},
    "spec": {"message": "hot"},
}
CASES = {
    "succeeded": (HEAD + "    ctx.status['phase'] = 'Ready'\n", "Succeeded", None, None),
    "endless": (HEAD + "    while True:\n        pass\n", "TimedOut", "deadline", (2, 3)),
    "memory": (
        HEAD + "    big = []\n    while True:\n        big.append('x' * 10000000)\n",
        "OutOfMemory",
        "limit",
        None,
    ),
    "import": ("import os\n" + HEAD + "    pass\n", "Rejected", "policy", (1,)),
    "syntax": ("def reconcile(obj, ctx:\n    pass\n", "Rejected", "policy", (1, 2)),
    "type": (HEAD + "    return 1 + 'a'\n", "Retry", None, (2,)),
    "retry": ("from chakrator import Retry\n" + HEAD + "    raise Retry('later')\n", "Retry", None, (3,)),
    "fail": ("from chakrator import Fail\n" + HEAD + "    raise Fail('never')\n", "Failed", None, (3,)),
    "guard": (HEAD + "    name = '__class__'\n    return getattr(obj, name)\n", "Failed", "guard", (3,)),
    "effects": (HEAD + "    for i in range(10000):\n        ctx.event('A', 'b')\n", "LimitExceeded", "limit", None),
}


def chakrator(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command."""
    command = (str(Path(sys.executable).parent / "chakrator"), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("name", CASES)
def test_outcome_of_a_dry_run(name: str, tmp_path: Path) -> None:
    """Outcome, layer, line and exit code are exactly those of the table."""
    text, outcome, layer, lines = CASES[name]
    code, target = tmp_path / "code.py", tmp_path / "object.json"
    code.write_text(text)
    target.write_text(json.dumps(OBJECT))
    done = chakrator("dry-run", str(code), "--object", str(target), "--timeout", "0.5", "-o", "json")
    assert done.returncode == (0 if outcome == "Succeeded" else 1), done.stderr
    line: dict[str, Any] = json.loads(done.stdout)
    assert (line["outcome"], line["layer"]) == (outcome, layer), line
    if lines is not None:
        assert line["line"] in lines, line
    if outcome != "Succeeded":
        assert line["effects"] == []
        assert line["message"]


def test_one_line_for_each_object(tmp_path: Path) -> None:
    """A folder of objects gives a line each, in order, and one bad object does not stop the others."""
    code = tmp_path / "code.py"
    code.write_text(
        "from chakrator import Fail\n" + HEAD + "    if obj['spec']['n'] == 1:\n        raise Fail('one')\n"
    )
    folder = tmp_path / "objects"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.json").write_text(json.dumps({**OBJECT, "spec": {"n": number}}))
    done = chakrator("dry-run", str(code), "--object", str(folder), "-o", "json")
    assert done.returncode == 1
    assert [json.loads(line)["outcome"] for line in done.stdout.splitlines()] == ["Succeeded", "Failed", "Succeeded"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dry-run", "missing.py", "--object", "x.json"), "cannot read missing.py"),
        (("dry-run", "{code}", "--object", "{bad}"), "is not JSON"),
        (("dry-run", "{code}", "--object", "{deep}"), "is nested too deeply"),
        (("check", "{binary}"), "is not UTF-8"),
        (("save", "{code}", "-n", "a", "-r", "b", "-m", "c"), "--data DIR"),
    ],
)
def test_bad_input_is_one_clear_line(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """Exit 2, one line on stderr that says what and where, nothing on stdout."""
    (tmp_path / "code.py").write_text(HEAD + "    pass\n")
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "deep.json").write_text('{"a":' * 5000 + "1" + "}" * 5000)
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe")
    names = {"code": "code.py", "bad": "bad.json", "deep": "deep.json", "binary": "binary.py"}
    places = {key: tmp_path / name for key, name in names.items()}
    done = chakrator(*(argument.format(**places) for argument in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_check_says_what_and_where(tmp_path: Path) -> None:
    """`check` exits 1 with file, line, column and tool, and 0 on the sample."""
    bad = tmp_path / "bad.py"
    bad.write_text("import os\n\n\ndef reconcile(obj, ctx):\n    return obj\n")
    found = chakrator("check", str(bad))
    assert found.returncode == 1
    assert f"{bad}:1:" in found.stdout
    assert "[policy]" in found.stdout
    sample = Path(__file__).parents[3] / "deploy" / "samples" / "greeter.py"
    clean = chakrator("check", str(sample), "-o", "json")
    assert clean.returncode == 0, clean.stdout
    assert json.loads(clean.stdout)["ok"] is True


def test_a_dry_run_without_state_finds_nothing_there(tmp_path: Path) -> None:
    """Nobody declares kinds in a dry-run: reading any of them works, and what is not given is missing."""
    code, target, state = tmp_path / "code.py", tmp_path / "object.json", tmp_path / "state.json"
    body = (
        "    ctx.status['a'] = ctx.get('v1/ConfigMap', 'a') is None\n"
        "    ctx.status['b'] = (ctx.get('ConfigMap', 'b') or {}).get('data')\n"
        "    ctx.status['c'] = len(ctx.list('apps/v1/Deployment'))\n"
    )
    code.write_text(HEAD + body)
    target.write_text(json.dumps(OBJECT))
    child = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "namespace": "default"}, "data": {}}
    state.write_text(json.dumps(child | {"data": {"k": "v"}}))
    for extra, expected in ((), None), (("--state", str(state)), {"k": "v"}):
        done = chakrator("dry-run", str(code), "--object", str(target), *extra, "-o", "json")
        line: dict[str, Any] = json.loads(done.stdout)
        assert line["outcome"] == "Succeeded", line
        assert line["effects"] == [{"effect": "status", "status": {"a": True, "b": expected, "c": 0}}]
