"""Runs one probe with every layer off, and prints what it reached: `python -I control.py PROBE SPEC`."""

from __future__ import annotations

import json
import sys
from pathlib import Path


class Ctx:
    """As much of `ctx` as a probe needs."""

    def __init__(self) -> None:
        self.status: dict[str, object] = {}


def main(probe: str, spec: str) -> None:
    """The probe's own `reconcile`, as anybody could call it."""
    space: dict[str, object] = {"__name__": "probe"}
    exec(compile(Path(probe).read_text(), probe, "exec", dont_inherit=True), space)
    ctx = Ctx()
    space["reconcile"]({"spec": json.loads(spec)}, ctx)  # type: ignore[operator]
    sys.stdout.write(json.dumps(ctx.status))


if __name__ == "__main__":
    main(*sys.argv[1:])
