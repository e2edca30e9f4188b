"""Runs hostile cases, each in a forked child with small rlimits; prints what became of each as JSON.

    python -I runner.py plain|policy FILE...

`plain` is the positive control: no policy, the interpreter's own builtins. `policy` is the language
policy alone, with no cage around it. The secret comes in the environment variable CANARY.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

SECRET = os.environ["CANARY"]


class Deadline(BaseException):
    """Stands for the run's deadline, which no author may swallow."""


class Ctx:
    """Stands for the worker's own context: two public methods, private state."""

    def __init__(self) -> None:
        self._secret = SECRET
        self.__hidden = SECRET

    def get(self, kind: str) -> None:
        """Nothing."""

    def deadline(self) -> None:
        """The run's time is over."""
        raise Deadline


def _namespace(policy: bool, source: str, printed: list[str]) -> dict[str, object]:
    if not policy:
        space: dict[str, object] = {"__name__": "hostile"}
        exec(compile(source, "<hostile>", "exec", dont_inherit=True), space)
        return space
    from sandbox.policy.compiler import compile_source
    from sandbox.policy.runtime import RunEnv, fresh_globals

    env = RunEnv(write=printed.append, now=datetime(2020, 1, 1, tzinfo=UTC), seed=b"escapes")
    space = fresh_globals(env)
    exec(compile_source(source).code, space)
    return space


def attempt(path: str, policy: bool) -> tuple[str, str]:
    """The verdict on one case, and a word on how it came about."""
    source = Path(path).read_text("utf-8")
    printed: list[str] = []
    try:
        reconcile = _namespace(policy, source, printed)["reconcile"]
        result = reconcile({"reached": SECRET, "metadata": {"name": "a"}}, Ctx())  # type: ignore[operator]
        verdict, text = "harmless", repr(result)
    except BaseException as error:
        text = "".join(traceback.format_exception_only(error))
        kind = type(error).__name__
        verdict = {"GuardRefused": "guarded", "Deadline": "stopped", "PolicyRejected": "rejected"}.get(kind, "failed")
        if kind == "PolicyRejected":
            text = " ".join(sorted({finding.code for finding in error.findings}))  # type: ignore[attr-defined]
    if SECRET in text + "".join(printed):
        return "escaped", ""
    return verdict, text[:500]


def _in_child(path: str, policy: bool) -> tuple[str, str]:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        out = os.fdopen(write, "w")
        json.dump(attempt(path, policy), out)
        out.flush()
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    if not text:
        return "died", ""
    verdict, detail = json.loads(text)
    return verdict, detail


def main(mode: str, *paths: str) -> None:
    """Run all, one after the other."""
    policy = mode == "policy"
    if policy:
        from sandbox.policy.runtime import prewarm, register_api_type

        register_api_type(Ctx, {"get", "deadline"})
        prewarm()
    sys.stdout.write(json.dumps({path: _in_child(path, policy) for path in paths}))


if __name__ == "__main__":
    main(*sys.argv[1:])
