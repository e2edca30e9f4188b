"""What a thousand ordinary runs ask of the kernel, as strace saw it: `pytest -m strace`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
RUNS = 1000

pytestmark = [
    pytest.mark.strace,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]

# What an interpreter that computes and talks over its socket is expected to call, and nothing else.
# Less than the filter allows: what is here and what is there may differ only by a decision.
COMPUTES = {"mmap", "munmap", "mremap", "madvise", "brk", "mprotect", "futex", "getrandom"}
TALKS = {"read", "write"}
LOOKS = {"preadv2", "sched_yield"}  # for the next run, where the last one came at once
CLOCKS = {"clock_gettime"}  # of CPU time; the other clocks need no call
ENDS = {"exit_group", "rt_sigreturn"}
# Refused by the filter and harmless: a traceback that looks for its source line, a sink that is asked for its size.
TRIES = {"openat", "open", "stat", "newfstatat", "lseek", "ioctl", "fstat"}

PROGRAM = '''
import asyncio, json, sys
from sandbox.pool.config import Code, Limits, PoolConfig, RunRequest
from sandbox.pool.pool import Pool

HEAD = "import json, re\\nfrom datetime import timedelta\\n"
SOURCES = {
    "Succeeded": HEAD + """
def reconcile(obj, ctx):
    spec = obj['spec']
    words = sorted(re.findall('[a-z]+', spec['message'] * 20), key=len)
    table = {str(n): [n] * 50 for n in range(2000)}
    ctx.status['n'] = len(words) + len(json.loads(json.dumps(table)))
    ctx.status['bytes'] = len('x' * (48 * 1024 * 1024))
    ctx.log.info('counted', n=len(table))
    print('done')
    ctx.apply({'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'a'}, 'data': {'k': spec['message']}})
    ctx.requeue(after=60)
""",
    "Retry": "from chakrator import Retry\\n" + """
def reconcile(obj, ctx):
    if ctx.get('ConfigMap', 'other') is None:
        raise Retry('not there yet')
""",
    "Failed": "from chakrator import Fail\\n" + """
def deeper(n):
    return deeper(n - 1) if n else {}['missing']

def reconcile(obj, ctx):
    try:
        deeper(30)
    except KeyError as error:
        print(error)
        raise Fail('it is missing')
""",
}
REFUSED = "def reconcile(obj, ctx):\\n    return (\\n"
OBJECT = b'{"kind":"Greeting","metadata":{"name":"a"},"spec":{"message":"hello there"}}'

async def answer(call):
    return b"null"

async def main():
    pool = Pool(PoolConfig(max_workers=4, spares=1, max_runs=10**6))
    await pool.start()
    verdicts, told = {}, ""
    for n in range(int(sys.argv[1])):
        name = list(SOURCES)[n % len(SOURCES)]
        code = Code(name, SOURCES[name], Limits(timeout=60.0), owns=("v1/ConfigMap",))
        result = await pool.run(RunRequest(code, OBJECT), answer=answer)
        if result.verdict.value == name:
            verdicts[name] = verdicts.get(name, 0) + 1
        else:
            told = told or f"{name}: {result.verdict.value}: {result.message} {result.findings}"
    findings = (await pool.check(REFUSED)).findings
    await pool.close()
    print(json.dumps({"verdicts": verdicts, "findings": len(findings), "otherwise": told}))

asyncio.run(main())
'''


def traced(folder: Path) -> tuple[dict[str, object], dict[int, str]]:
    """What the program says, and the trace of each of its processes."""
    command = ["strace", "-ff", "-qq", "-s", "64", "-o", str(folder / "t"), sys.executable, "-c", PROGRAM, str(RUNS)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False, cwd=REPOSITORY)
    if "ptrace" in ended.stderr and "not permitted" in ended.stderr:
        pytest.skip(f"strace may not trace here: {ended.stderr.strip()}")
    assert ended.returncode == 0, ended.stderr
    said: dict[str, object] = json.loads(ended.stdout)
    return said, {int(one.suffix[1:]): one.read_text() for one in folder.glob("t.*")}


def calls(text: str) -> list[str]:
    """The names of the calls in a trace, in order."""
    return re.findall(r"^(\w+)\(", text, re.MULTILINE)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], dict[int, str]]:
    """One traced program for all tests here."""
    return traced(tmp_path_factory.mktemp("strace"))


def workers(traces: dict[int, str]) -> dict[int, str]:
    """The traces of those that became workers: a canary never says that it is ready."""
    return {pid: text for pid, text in traces.items() if re.search(r"^write\(3, .*ready", text, re.MULTILINE)}


def test_ordinary_runs_need_the_allowed_calls_and_no_other(seen: tuple[dict[str, object], dict[int, str]]) -> None:
    """After the filter is loaded: memory, the socket, an end; whatever else is tried is refused and named here."""
    said, traces = seen
    verdicts = said["verdicts"]
    assert isinstance(verdicts, dict)
    assert (sum(verdicts.values()), len(verdicts)) == (RUNS, 3), said["otherwise"]
    assert said["findings"]
    found = workers(traces)
    assert len(found) >= 4
    counted: Counter[str] = Counter()
    for text in found.values():
        counted.update(calls(text.partition("seccomp(SECCOMP_SET_MODE_FILTER")[2].partition("\n")[2]))
        assert "SIGSYS" not in text
    assert counted["read"] >= RUNS
    assert set(counted) <= COMPUTES | TALKS | LOOKS | CLOCKS | ENDS | TRIES
    for text in found.values():
        after = text.partition("seccomp(SECCOMP_SET_MODE_FILTER")[2].partition("\n")[2]
        tried = [line for line in after.splitlines() if line.partition("(")[0] in TRIES]
        assert all(line.endswith("= -1 EPERM (Operation not permitted)") for line in tried), tried


def test_the_steps_are_taken_in_the_order_of_the_table(seen: tuple[dict[str, object], dict[int, str]]) -> None:
    """As the kernel saw them, in each worker, with nothing opened after Landlock."""
    marks = {
        "session": r"^setsid\(",
        "undumpable": r"^prctl\(PR_SET_DUMPABLE, SUID_DUMP_DISABLE",
        "die-with-parent": r"^prctl\(PR_SET_PDEATHSIG, SIGKILL",
        "parent": r"^getppid\(",
        "signals": r"^rt_sigprocmask\(SIG_SETMASK, \[\]",
        "no-new-privileges": r"^prctl\(PR_SET_NO_NEW_PRIVS, 1",
        "landlock": r"^landlock_restrict_self\(",
        "descriptors": r"^close_range\(|^dup2\(|^dup3\(",
        "rlimits": r"^prlimit64\(0, RLIMIT_AS, \{",
        "seccomp": r"^seccomp\(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC",
    }
    for text in workers(seen[1]).values():
        places = []
        for name, mark in marks.items():
            found = re.search(mark, text, re.MULTILINE)
            assert found is not None, name
            places.append(found.start())
        assert places == sorted(places)
        assert "landlock_add_rule" not in text
