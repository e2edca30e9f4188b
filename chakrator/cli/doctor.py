"""`doctor`: what this machine lacks for the cage, layer by layer, found out by building one."""

from __future__ import annotations

import asyncio
import platform
from dataclasses import asdict
from typing import Annotated

import typer

from chakrator.cli.local import Output
from chakrator.cli.output import Format, fail, print_json, print_table


def doctor(
    allow_degraded: Annotated[
        str, typer.Option(envvar="CHAKRATOR_ALLOW_DEGRADED", help="Layers to go without: landlock, or nothing.")
    ] = "",
    output: Output = Format.TEXT,
) -> None:
    """Say of each layer of the cage whether this machine has it, and what to do where it does not.

    Exit 0 when code can run here, 1 when a required layer is missing, 2 when it cannot be found out.

    Examples:

    `chakrator doctor`

    `chakrator doctor -o json`

    `chakrator doctor --allow-degraded landlock` asks whether it would do without Landlock, as under gVisor
    """
    from sandbox.pool.config import PoolConfig
    from sandbox.pool.doctor import complete, examine
    from sandbox.pool.errors import PoolError

    waived = frozenset(filter(None, map(str.strip, allow_degraded.split(","))))
    try:
        reports = asyncio.run(examine(PoolConfig(allow_degraded=waived)))
    except (PoolError, ValueError) as error:
        fail(str(error), 2)
    ok = complete(reports)
    machine = {
        "kernel": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }
    if output is Format.JSON:
        print_json({"ok": ok, "machine": machine, "layers": [asdict(one) for one in reports]})
    else:
        print(f"{machine['kernel']} on {machine['architecture']}, Python {machine['python']}")
        rows = ((one.layer, one.state, "; ".join(filter(None, (one.detail, one.remedy)))) for one in reports)
        print_table(("LAYER", "STATE", "DETAIL"), rows)
    if not ok:
        raise typer.Exit(1)
