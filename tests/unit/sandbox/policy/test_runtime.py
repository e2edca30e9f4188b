"""The namespace of a run, and what loading the policy brings into a process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sandbox.policy.compiler import compile_source
from sandbox.policy.errors import GuardRefused
from sandbox.policy.runtime import fresh_globals, prewarm

from .support import body, env, run

UNWANTED = ("asyncio", "ssl", "subprocess", "threading", "multiprocessing", "socket", "ctypes", "core")


def test_nothing_unwanted_is_loaded() -> None:
    """A zygote forks, so no threads; a worker has no use for sockets or processes."""
    code = (
        "import sys; from sandbox.policy.runtime import prewarm; prewarm(); "
        f"print([m for m in {UNWANTED!r} if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"
    assert ran.stderr == ""


def test_prewarmed_code_imports_nothing_more() -> None:
    """What a run needs lazily was needed by the warm-up already: files are closed by then."""
    code = """
import sys
from datetime import datetime, UTC
from sandbox.policy.runtime import prewarm, fresh_globals, RunEnv
from sandbox.policy.compiler import compile_source, check
prewarm()
before = set(sys.modules)
opened = []
sys.addaudithook(lambda event, args: opened.append(args) if event == "open" and args[0] != "<reconciler>" else None)
sys.path[:] = []; sys.meta_path[:] = []; sys.path_hooks[:] = []
source = '''
import base64, bisect, collections, copy, dataclasses, datetime, decimal, enum, functools, hashlib, heapq, ipaddress
import itertools, json, math, random, re, statistics, string, textwrap, typing, uuid
from urllib.parse import urlsplit
def reconcile(obj, ctx):
    d = datetime.datetime.fromisoformat("2024-01-02T03:04:05+00:00")
    f"{d:%Y %b}", d.strftime("%A"), d.astimezone(), datetime.datetime.strptime("2024", "%Y"), d.timestamp()
    decimal.Decimal("1") / 3, hashlib.new("md5", b"").hexdigest(), uuid.uuid5(uuid.NAMESPACE_DNS, "x")
    ipaddress.ip_network("10.0.0.0/24").num_addresses, urlsplit("http://[::1]:80/x").port
    "\\\\N{BULLET}", "é".encode("ascii", "backslashreplace"), statistics.stdev([1, 2.5]), "ß".casefold()
    random.gauss(0, 1), textwrap.fill("a b"), json.dumps({"a": [1.5]}, indent=2), re.sub(r"(\\\\w)", r"<\\\\1>", "ab")
    try:
        json.loads("{")
    except ValueError:
        pass
    try:
        1 / 0
    except ZeroDivisionError as error:
        return str(error)
'''
space = fresh_globals(RunEnv(write=print, now=datetime(2024, 1, 1, tzinfo=UTC), seed=b"x"))
exec(compile_source(source).code, space)
assert space["reconcile"](None, None) == "division by zero"
assert check("def f(:")
print(sorted(set(sys.modules) - before), opened)
"""
    ran = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.stdout.strip(), ran.stderr) == ("[] []", "")


def test_runs_share_nothing() -> None:
    """What one run leaves in its globals the next one does not find."""
    source = "left = []\n" + body("left.append(1)\nreturn len(left)")
    code = compile_source(source).code
    for _ in range(2):
        space = fresh_globals(env())
        exec(code, space)
        assert space["reconcile"](None, None) == 1  # type: ignore[operator]


def test_the_import_of_c_code_hands_out_nothing() -> None:
    """`strftime` needs an `__import__` in the frame that calls it; no module may leave by it."""
    importer = fresh_globals(env())["__builtins__"]["__import__"]  # type: ignore[index]
    prewarm()
    assert importer("time") is None
    for name in ("os", "sys", "builtins", "importlib"):
        with pytest.raises(GuardRefused):
            importer(name)


def test_seed_and_time_are_the_runs_own() -> None:
    """The same seed draws the same, another one does not; now is fixed."""
    source = "import random, uuid\nreturn random.random(), str(uuid.uuid4())"
    first = run(source, run_env=env(seed=b"a"))
    assert first == run(source, run_env=env(seed=b"a"))
    assert first != run(source, run_env=env(seed=b"b"))
    now = "import datetime\nreturn str(datetime.datetime.now(datetime.UTC)), str(datetime.date.today())"
    assert run(now) == ("2024-05-06 07:08:09+00:00", "2024-05-06")
    assert str(run("from datetime import datetime\nreturn datetime.utcnow()")) == "2024-05-06 07:08:09"


def test_print_reaches_the_run() -> None:
    """It writes to what the run gave, also from nested functions."""
    out: list[str] = []
    run("def f(): print('a', 1)\nf()", run_env=env(out))
    assert out == ["a 1\n"]
