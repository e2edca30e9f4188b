"""The end of the stack, of a frame's depth and of a counter: what does not fit is an error, and never half done."""

from __future__ import annotations

import json

import pytest

from sandbox.pool.config import Limits, Verdict
from sandbox.wire.messages import Call
from tests.integration.sandbox.support import Bench, function

DIVE = """
def dive(ctx):
    try:
        dive(ctx)
    except RecursionError:
        pass
    try:
        {act}
    except Exception:
        pass
"""


@pytest.mark.parametrize(
    ("act", "verdict"),
    [
        ("ctx.get('ConfigMap', 'x')", Verdict.LIMIT_EXCEEDED),
        ("ctx.event('A', 'b')", Verdict.LIMIT_EXCEEDED),
        ("print('x')", Verdict.SUCCEEDED),
        ("ctx.log.info('x', y=[1])", Verdict.SUCCEEDED),
    ],
)
async def test_the_end_of_the_stack_breaks_no_protocol(bench: Bench, act: str, verdict: Verdict) -> None:
    """From every depth, down to the last frame: what does not fit is an exception, and never half done."""
    result = await bench.run(function("dive(ctx)", DIVE.format(act=act)), limits=Limits(timeout=20.0, effects=20))
    assert result.verdict is verdict, result.message


@pytest.mark.parametrize("levels", [200, 5000])
async def test_an_answer_too_deep_for_the_rest_of_the_stack_is_an_error_of_its_read(bench: Bench, levels: int) -> None:
    """Whoever wrote the object is not the one who loses a worker; the next read has its turn and its number."""

    async def answer(call: Call) -> bytes:
        return b'{"a":' * levels + b"1" + b"}" * levels if call.name == "deep" else b'{"a":1}'

    source = function(
        """
        try:
            dive(ctx)
        except ValueError as error:
            ctx.status["said"] = str(error)
        ctx.status["then"] = ctx.get("ConfigMap", "flat")
        """,
        """
def dive(ctx):
    try:
        dive(ctx)
    except RecursionError:
        ctx.get("ConfigMap", "deep")
""",
    )
    result = await bench.run(source, limits=Limits(timeout=20.0), answer=answer)
    assert result.verdict is Verdict.SUCCEEDED, result.message
    said = json.loads(result.status)
    assert said == {"said": "ctx.get: the answer is nested deeper than can be read here", "then": {"a": 1}}


async def test_printing_without_end_breaks_no_protocol(bench: Bench) -> None:
    """The count of what was dropped has a bound of its own."""
    source = function("print('\\n' * 1000)\nfor n in range(1100):\n    print('\\n' * 999)")
    result = await bench.run(source, limits=Limits(timeout=60.0))
    assert (result.verdict, result.logs_dropped) == (Verdict.SUCCEEDED, 1_000_000)
