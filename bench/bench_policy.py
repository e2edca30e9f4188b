"""What the policy costs: a check of 100 lines, and a typical reconciler against plain Python.

In one process and interleaved, so that a busy machine slows both sides of a ratio. The first figure is held against
parsing and compiling the same source, which no checker can do without.
"""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from sandbox.policy.compiler import check, compile_source
from sandbox.policy.runtime import RunEnv, fresh_globals, prewarm

ROUNDS = 200
_HELPER = '''
def children_{n}(obj, items):
    """One child for each item that is wanted."""
    spec, name = obj.get("spec", {{}}), obj["metadata"]["name"]
    found = []
    for index, item in enumerate(items):
        if item.get("enabled", True) and index < 10:
            found.append({{"name": f"{{name}}-{{index}}", "value": item["value"].strip().upper()}})
        elif "skip" in item:
            continue
    return {{"items": found, **{{key: value for key, value in sorted(spec.items()) if key.startswith("a")}}}}
'''
SOURCE = (
    "import json\n"
    + "".join(_HELPER.format(n=n) for n in range(8))
    + """

def reconcile(obj, ctx):
    total = 0
    for make in (children_0, children_1, children_2, children_3):
        child = make(obj, obj["spec"]["items"])
        total += len(child["items"])
    labels = {key.lower(): str(value) for key, value in obj["metadata"]["labels"].items()}
    return {"apiVersion": "v1", "data": labels, "total": total, "phase": "Ready" if total else "Empty"}
"""
)
OBJECT = {
    "metadata": {"name": "a", "labels": {"App": "x", "Tier": "web"}},
    "spec": {
        "a1": 1,
        "b": 2,
        "items": [{"value": " v "}, {"value": "w", "enabled": False}, {"skip": 1, "enabled": False}],
    },
}


def _seconds(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def main() -> None:
    """A table and one line of JSON."""
    prewarm()
    plain: dict[str, object] = {}
    exec(compile(SOURCE, "<plain>", "exec", dont_inherit=True), plain)
    now = datetime(2024, 1, 1, tzinfo=UTC)
    policed = fresh_globals(RunEnv(write=lambda _text: None, now=now, seed=b"bench"))
    exec(compile_source(SOURCE).code, policed)
    assert plain["reconcile"](OBJECT, None) == policed["reconcile"](OBJECT, None)  # type: ignore[operator]
    works: dict[str, Callable[[], object]] = {
        "parse and compile": lambda: compile(ast.parse(SOURCE), "<plain>", "exec", dont_inherit=True),
        "check": lambda: check(SOURCE),
        "plain run x20": lambda: [plain["reconcile"](OBJECT, None) for _ in range(20)],  # type: ignore[operator]
        "policed run x20": lambda: [policed["reconcile"](OBJECT, None) for _ in range(20)],  # type: ignore[operator]
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            taken[name].append(_seconds(work))
    best = {name: 1000 * min(values) for name, values in taken.items()}
    print(f"{SOURCE.count(chr(10))} lines")
    for name, values in taken.items():
        print(f"{name:20} best {best[name]:7.3f} ms   p50 {1000 * median(values):7.3f} ms")
    ratios = {
        "check_ms": round(best["check"], 3),
        "check_to_compile": round(best["check"] / best["parse and compile"], 2),
        "run_to_plain": round(best["policed run x20"] / best["plain run x20"], 2),
    }
    print(json.dumps({"bench": "policy", **ratios, "budget": {"check_ms": 5, "run_to_plain": 1.6}}))


if __name__ == "__main__":
    main()
