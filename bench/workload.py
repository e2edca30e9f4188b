"""What several benchmarks run: a small reconciler with the spec that it reads, and one that never ends."""

from __future__ import annotations

SPEC = {"message": "hello", "items": [{"name": f"item-{n}", "value": n} for n in range(25)]}
SOURCE = """
def reconcile(obj, ctx):
    names = [item["name"] for item in obj["spec"]["items"] if item["value"] % 2]
    ctx.apply({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": obj["metadata"]["name"]},
        "data": {"message": obj["spec"]["message"], "names": ",".join(names)},
    })
    ctx.status["phase"] = "Ready"
"""
SPIN = "def reconcile(obj, ctx):\n    while True:\n        pass\n"
