"""Run a source under the policy, or plainly."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.policy.compiler import check, compile_source
from sandbox.policy.facades.base import Facade
from sandbox.policy.runtime import RunEnv, fresh_globals

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


class Fail(Exception):
    """Stands for the host's own."""


API = {"chakrator": Facade("chakrator", {"Context": None, "Fail": Fail, "Retry": Fail})}


def env(printed: list[str] | None = None, seed: bytes = b"seed") -> RunEnv:
    """A run whose prints go to a list."""
    write = (lambda _text: None) if printed is None else printed.append
    return RunEnv(write=write, now=NOW, seed=seed, modules=API)


def body(source: str) -> str:
    """A reconcile with these statements."""
    return "def reconcile(obj, ctx):\n" + "".join(f"    {line}\n" for line in source.splitlines())


def run(source: str, obj: object = None, ctx: object = None, run_env: RunEnv | None = None) -> object:
    """What the statements return under the policy."""
    namespace = fresh_globals(run_env or env())
    exec(compile_source(body(source)).code, namespace)
    return namespace["reconcile"](obj, ctx)  # type: ignore[operator]


def plain(source: str, obj: object = None, ctx: object = None) -> object:
    """What the statements return in plain Python."""
    namespace: dict[str, object] = {"__name__": "plain"}
    exec(compile(body(source), "<plain>", "exec", dont_inherit=True), namespace)
    return namespace["reconcile"](obj, ctx)  # type: ignore[operator]


def codes(source: str) -> list[str]:
    """The codes of the findings on these statements."""
    return [finding.code for finding in check(body(source))]


def same(source: str, obj: object = None) -> None:
    """Assert that policy and plain Python agree."""
    assert run(source, obj) == plain(source, obj)


__all__ = ["API", "NOW", "Fail", "body", "codes", "env", "plain", "run", "same"]
