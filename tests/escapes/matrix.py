"""What became of every case under every combination of layers: four runs, each made once and kept."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from controller.account import PlanInvalid
from controller.cache import Entry
from controller.children import plan_children
from controller.status import plan_status
from core.domain.keys import Gvk, ReconcilerRef
from sandbox.pool.config import Code, Limits, PoolConfig, RunRequest, RunResult
from sandbox.pool.pool import Pool
from tests.escapes.loader import Case, cases
from tests.escapes.runner import MUCH
from tests.escapes.targets import Spec, targets, untouched

RUNNER = Path(__file__).with_name("runner.py")
OWNS = Gvk(api_version="v1", kind="ConfigMap")
PRIMARY = Entry(
    gvk=Gvk(api_version="example.com/v1", kind="Site"),
    namespace="team",
    name="a",
    uid="u1",
    rv=1,
    generation=1,
    deleting=False,
    owner_uid=None,
    labels={},
    annotations={},
    finalizers=(),
    raw=b"{}",
)
DEADLINE, PATIENCE = 0.3, 10.0  # of cases that run for ever, and of all others: this machine may be busy

# A result is not looked at by the host, so the run says it in its status; and the deadline really comes.
_WRAPPED = """

whole = reconcile

def spin():
    while True:
        pass

def reconcile(obj, ctx):
    ctx.status["result"] = repr(whole(obj, ctx))
"""
Verdicts = Mapping[str, tuple[str, str]]


@cache
def uncaged(mode: str) -> Verdicts:
    """`plain` (no layer at all) or `policy` (nothing but the policy)."""
    chosen = cases("policy") if mode == "policy" else cases()
    with targets() as spec:
        ran = subprocess.run(
            [sys.executable, "-I", str(RUNNER), mode, json.dumps(spec), *(str(case.path) for case in chosen)],
            env={"CANARY": secrets.token_hex(16)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=300,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr.decode()[-4000:]
    found = json.loads(ran.stdout)
    return {case.id: tuple(found[str(case.path)]) for case in chosen}


@cache
def caged(mode: str) -> Verdicts:
    """`cage` (workers of plain Python) or `both` (as in production)."""
    chosen = cases("cage") if mode == "cage" else cases()
    return asyncio.run(_in_workers(chosen, bare=mode == "cage"))


async def _in_workers(chosen: list[Case], *, bare: bool) -> Verdicts:
    secret = secrets.token_hex(16)
    found: dict[str, tuple[str, str]] = {}
    pool = Pool(PoolConfig(disable_policy=bare))
    await pool.start()
    try:
        with targets() as spec:
            for case in chosen:
                found[case.id] = await _in_worker(pool, case, {**spec, "much": MUCH}, secret)
                if not untouched(spec):
                    found[case.id] = "escaped", "a target was touched"
                    break
    finally:
        await pool.close()
    return found


async def _in_worker(pool: Pool, case: Case, spec: Spec, secret: str) -> tuple[str, str]:
    source = case.text.replace("ctx.deadline()", "spin()")
    if "\ndef reconcile(" in source:
        source += _WRAPPED
    obj = {"metadata": {"name": "a"}, "reached": secret, "spec": spec}
    endless = case.cage.startswith("TimedOut") or case.expect == "stopped"
    code = Code(case.id, source, Limits(timeout=DEADLINE if endless else PATIENCE), owns=(str(OWNS),))
    result = await pool.run(RunRequest(code, json.dumps(obj).encode()))
    return _judged(result, secret)


def _judged(result: RunResult, secret: str) -> tuple[str, str]:
    layer = "" if result.layer is None else result.layer.value
    seen = [result.message, result.status.decode(), *(line.message + str(line.fields) for line in result.logs)]
    if any(secret in text for text in seen):
        return "escaped", ""
    if result.verdict == "Succeeded":
        try:
            plan_children(result.effects, PRIMARY, ReconcilerRef(namespace="team", name="r"), [OWNS])
            plan_status(result.status, result.effects, has_status=True, kind="Site")
        except PlanInvalid as refused:
            return "PlanInvalid", str(refused)
        if secret in repr(result.effects) or any(
            secret.encode() in bytes(getattr(effect, "object", b"")) for effect in result.effects
        ):
            return "escaped", ""
    return result.verdict.value, f"{layer} {result.message}".strip()
