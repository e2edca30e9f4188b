"""The outcome table, one row after the other, on real objects."""

from __future__ import annotations

import pytest
from controller_rig import CONFIGMAP, GREETER, MYRESOURCE, Rig, eventually

from core.kube.errors import Unprocessable

pytestmark = pytest.mark.controlplane

APPLY = """
    ctx.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "never"}, "data": {"message": "m"}})
"""

CASES = [
    ("raise Fail('empty')", "Failed", None, "Failed", True),
    ("raise Retry('not yet')", "Retry", None, "Retrying", False),
    ("x = {}['nothing']", "Retry", None, "Retrying", False),
    ("while True:\n        pass", "TimedOut", "deadline", "TimedOut", False),
    ("x = ['a']\n    while True:\n        x = x + x", "OutOfMemory", "limit", "OutOfMemory", False),
    ("name = '__class__'\n    getattr(obj, name)", "Failed", "guard", "Failed", True),
]


@pytest.mark.parametrize(("body", "outcome", "layer", "reason", "stalled"), CASES)
async def test_an_outcome_is_told_and_nothing_is_applied(
    rig: Rig, body: str, outcome: str, layer: str | None, reason: str, stalled: bool
) -> None:
    """Row, conditions and layer are those of the table; no effect of the run is there; neighbours go on."""
    source = f"from chakrator import Fail, Retry\n\n\ndef reconcile(obj, ctx):\n{APPLY}    {body}\n"
    cluster = await rig.greeter(source, limits={"timeout": "500ms", "memory": "128Mi"})
    await cluster.object()
    told = await cluster.until_condition("Ready", reason, MYRESOURCE, "hello", "False")
    assert (await cluster.condition("Stalled", MYRESOURCE, "hello") != {}) is stalled
    row = await rig.until_row(lambda row: row.outcome == outcome, "the run's row")
    assert row.layer == layer
    assert told["message"]
    assert await cluster.gone(CONFIGMAP, "never")
    failing = await cluster.until_condition("Ready", "ObjectsFailing")
    assert failing["message"] == "1 of 1 objects failing"


async def test_author_fields_stay_after_a_failure(rig: Rig) -> None:
    """The last words of a Succeeded run stay; the next success takes Stalled away."""
    source = """
from chakrator import Fail


def reconcile(obj, ctx):
    if obj["spec"]["message"] == "bad":
        raise Fail("bad")
    ctx.status["phase"] = obj["spec"]["message"]
    ctx.condition("Checked", "True", "LooksGood")
"""
    cluster = await rig.greeter(source)
    await cluster.object("hello", "good")
    await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello")
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "bad"}})
    await cluster.until_condition("Stalled", "Failed", MYRESOURCE, "hello")
    status = await cluster.status()
    assert (status["phase"], status["observedGeneration"]) == ("good", 2)
    assert (await cluster.condition("Checked", MYRESOURCE, "hello"))["reason"] == "LooksGood"
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "better"}})
    await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello", "True")

    async def cleared() -> bool:
        return await cluster.condition("Stalled", MYRESOURCE, "hello") == {}

    await eventually(cleared, "Stalled is taken away")
    assert (await cluster.status())["phase"] == "better"


async def test_an_undeclared_status_field_names_its_path(rig: Rig) -> None:
    """The API server's HTTP 500 of server-side apply is Failed, not an outage, and is not tried again."""
    cluster = await rig.greeter("def reconcile(obj, ctx):\n    ctx.status['colour'] = 'red'\n")
    await cluster.object()
    told = await cluster.until_condition("Stalled", "Failed", MYRESOURCE, "hello")
    assert ".status.colour: field not declared in schema" in told["message"]
    row = await rig.until_row(lambda row: row.outcome == "Failed", "the run's row")
    assert row.layer == "host"
    await rig.quiet()
    assert len(await rig.rows()) == 1


@pytest.mark.parametrize(
    ("child", "says"),
    [
        ("{'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'a'}}", "not one of the kinds in spec.owns"),
        ("{'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'a', 'namespace': 'x'}}", "its namespace"),
        ("{'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': '../a'}}", "not a valid object name"),
        ("{'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'a'}, 'data': {'k': 1}}", "ConfigMap a"),
    ],
)
async def test_an_invalid_plan_is_failed_by_the_host(rig: Rig, child: str, says: str) -> None:
    """What the host or the API server calls invalid is Failed, and nothing of the plan is done."""
    cluster = await rig.greeter(f"def reconcile(obj, ctx):\n    ctx.apply({child})\n")
    await cluster.object()
    told = await cluster.until_condition("Stalled", "Failed", MYRESOURCE, "hello")
    assert says in told["message"]
    assert (await rig.rows())[-1].layer == "host"


async def test_neighbours_go_on(rig: Rig) -> None:
    """One object whose runs are killed does not keep another from converging."""
    source = GREETER.replace(
        "def reconcile(obj, ctx):",
        'def reconcile(obj, ctx):\n    while obj["spec"]["message"] == "spin":\n        pass',
    )
    cluster = await rig.greeter(source, limits={"timeout": "500ms"})
    await cluster.object("spinner", "spin")
    await cluster.until_condition("Ready", "TimedOut", MYRESOURCE, "spinner")
    await cluster.object("good", "fine")
    await cluster.until_message("fine", "good")


async def test_requeue_runs_again(rig: Rig) -> None:
    """ctx.requeue brings the next run, with its reason."""
    cluster = await rig.greeter("def reconcile(obj, ctx):\n    ctx.requeue(1)\n")
    await cluster.object()
    row = await rig.until_row(lambda row: row.reason == "requeue", "the requeued run")
    assert row.attempt == 1


async def test_attempts_count_and_start_over(rig: Rig) -> None:
    """A run that retries is told the attempt; a new generation starts at 1."""
    source = """
from chakrator import Retry


def reconcile(obj, ctx):
    if obj["spec"]["message"] == "wait":
        raise Retry("attempt " + str(ctx.run.attempt))
    ctx.status["phase"] = "attempt " + str(ctx.run.attempt)
"""
    cluster = await rig.greeter(source)
    await cluster.object("hello", "wait")
    await rig.until_row(lambda row: row.attempt == 3, "the third attempt")
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "go"}})

    async def first() -> bool:
        return (await cluster.status()).get("phase") == "attempt 1"

    await eventually(first, "a new generation is attempt 1")


@pytest.mark.parametrize(("isolation", "ended"), [("Revision", False), ("Run", True)])
async def test_isolation_of_runs(rig: Rig, isolation: str, *, ended: bool) -> None:
    """Each run of `Run` ends its worker; else one worker serves them all."""
    cluster = await rig.greeter(isolation=isolation)
    await cluster.object()
    await cluster.until_message("hi")
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "again"}})
    await cluster.until_message("again")
    await rig.quiet()
    kills = rig.pool.status().kills.get("isolation", 0)
    assert kills >= 2 if ended else kills == 0


async def test_another_isolation_is_no_isolation(rig: Rig) -> None:
    """The schema knows two."""
    with pytest.raises(Unprocessable, match="isolation"):
        await rig.cluster.reconciler(isolation="None")
