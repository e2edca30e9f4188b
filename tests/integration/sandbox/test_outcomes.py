"""Each outcome with its verdict, layer, line and message, while a neighbour goes on and a new worker is ready."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sandbox.pool.config import Layer, Limits, Verdict
from tests.integration.sandbox.support import Bench, function

SHORT = Limits(timeout=0.5)


@dataclass(frozen=True)
class Ending:
    """A source and everything that is said about how it ends."""

    source: str
    verdict: Verdict
    layer: Layer | None
    line: int | None
    message: str
    limits: Limits = SHORT


ENDINGS = {
    "endless": Ending(
        function("while True: pass"),
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
        2,
        "ReconcileTimeout: reconcile took more than 0.5 s (line 2)",
    ),
    "endless in a callee": Ending(
        "def spin():\n    x = 0\n    while True: x = 1\n\n" + function("spin()"),
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
        3,
        "ReconcileTimeout: reconcile took more than 0.5 s (line 3)",
    ),
    "endless in C": Ending(
        function("sum(range(10**12))"),
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
        None,
        "ReconcileTimeout: reconcile took more than 0.5 s",
    ),
    "endless regular expression": Ending(
        "import re\n" + function("re.match('(a+)+$', 'a' * 40 + 'b')"),
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
        3,
        "ReconcileTimeout: reconcile took more than 0.5 s (line 3)",
    ),
    "endless module body": Ending(
        "while True: pass\n" + function("pass"),
        Verdict.TIMED_OUT,
        Layer.DEADLINE,
        1,
        "ReconcileTimeout: reconcile took more than 0.5 s (line 1)",
    ),
    "two gigabytes": Ending(
        function("size = obj['spec']['replicas'] * 1024**3\ntext = 'x' * size"),
        Verdict.OUT_OF_MEMORY,
        Layer.LIMIT,
        3,
        "MemoryError: out of memory (line 3)",
    ),
    "two gigabytes, bit by bit": Ending(
        function("items = []\nwhile True:\n    items.append(str(len(items)) * 1000)"),
        Verdict.OUT_OF_MEMORY,
        Layer.LIMIT,
        4,
        "MemoryError: out of memory (line 4)",
        Limits(timeout=20.0, memory=96 * 1024 * 1024),
    ),
    "two gigabytes in an error's text": Ending(
        "class Broken(Exception):\n    def __str__(self):\n        return 'x' * (2 * 1024**3)\n\n"
        + function("raise Broken('why')"),
        Verdict.OUT_OF_MEMORY,
        Layer.LIMIT,
        6,
        "MemoryError: out of memory (line 6)",
    ),
    "import os": Ending(
        "import os\n" + function("pass"),
        Verdict.REJECTED,
        Layer.POLICY,
        1,
        'line 1: CHK130 module "os" is not available',
    ),
    "syntax error": Ending(
        "def reconcile(obj, ctx)\n    pass\n",
        Verdict.REJECTED,
        Layer.POLICY,
        1,
        "line 1: CHK100 syntax error: expected ':'",
    ),
    "type error": Ending(
        function("x = 1\nreturn x + 'a'"),
        Verdict.RETRY,
        None,
        3,
        "TypeError: unsupported operand type(s) for +: 'int' and 'str' (line 3)",
    ),
    "error in a callee": Ending(
        "def inner(x):\n    return x['absent']\n\n" + function("inner(obj)"),
        Verdict.RETRY,
        None,
        2,
        "KeyError: 'absent' (line 2)",
    ),
    "an error of the author's": Ending(
        "class Broken(Exception):\n    pass\n\n" + function("raise Broken('why')"),
        Verdict.RETRY,
        None,
        5,
        "UserError: Broken: why (line 5)",
    ),
    "error in the module body": Ending(
        "x = [][0]\n" + function("pass"), Verdict.RETRY, None, 1, "IndexError: list index out of range (line 1)"
    ),
    "Fail": Ending(
        "from chakrator import Fail\n" + function("raise Fail('spec.message is empty')"),
        Verdict.FAILED,
        None,
        3,
        "spec.message is empty",
    ),
    "Retry": Ending(
        "from chakrator import Retry\n" + function("raise Retry('not yet')"), Verdict.RETRY, None, 3, "not yet"
    ),
    "a value returned": Ending(
        function("return obj"),
        Verdict.RETRY,
        None,
        None,
        "TypeError: reconcile returned a value; it must return None (a status belongs in ctx.status)",
    ),
    "too many effects": Ending(
        function("for n in range(4):\n    ctx.event('A', str(n))"),
        Verdict.LIMIT_EXCEEDED,
        Layer.LIMIT,
        3,
        "more than 3 effects in one run (line 3)",
        Limits(timeout=2.0, effects=3),
    ),
    "too many effects, swallowed": Ending(
        function(
            """
            try:
                for n in range(9):
                    ctx.event('A', str(n))
            finally:
                ctx.status['phase'] = 'Ready'
            """
        ),
        Verdict.LIMIT_EXCEEDED,
        Layer.LIMIT,
        4,
        "more than 3 effects in one run (line 4)",
        Limits(timeout=2.0, effects=3),
    ),
    "a status too large": Ending(
        function("ctx.status['text'] = ['x' * 100_000] * (obj['spec']['replicas'] * 15)"),
        Verdict.LIMIT_EXCEEDED,
        Layer.LIMIT,
        None,
        "ctx.status: larger than 2097152 bytes",
        Limits(timeout=5.0),
    ),
    "effects that are longer as JSON": Ending(
        function(
            "ctx.status['text'] = 'x' * 1_950_000\nfor n in range(100):\n    ctx.delete('ConfigMap', '\\x01' * 253)"
        ),
        Verdict.LIMIT_EXCEEDED,
        Layer.LIMIT,
        None,
        "the result is larger than 2097152 bytes",
        Limits(timeout=5.0),
    ),
    "a status that is no JSON": Ending(
        function("ctx.status['x'] = {1, 2}"),
        Verdict.RETRY,
        None,
        None,
        "TypeError: ctx.status: a set is not a JSON value",
    ),
}


@pytest.mark.parametrize("name", ENDINGS)
async def test_an_ending_has_its_verdict(bench: Bench, name: str) -> None:
    """Verdict, layer, line and sentence, and no effect; the neighbour notices nothing."""
    ending = ENDINGS[name]
    result = await bench.beside(bench.run(ending.source, limits=ending.limits, name="hostile"))
    assert (result.verdict, result.layer, result.line, result.message) == (
        ending.verdict,
        ending.layer,
        ending.line,
        ending.message,
    )
    assert (result.effects, result.status, result.requeue) == ((), b"{}", None)
    again = await bench.run(ending.source, limits=ending.limits, name="hostile")
    assert again.verdict is ending.verdict


async def test_an_uncaught_guard_refusal_is_failed_by_the_guard(bench: Bench) -> None:
    """The sentence is the guard's; the line is the author's."""
    result = await bench.run(function("name = '__cl' + 'ass__'\ngetattr(obj, name)"))
    assert (result.verdict, result.layer, result.line) == (Verdict.FAILED, Layer.GUARD, 3)
    assert result.message.endswith("(line 3)")
