"""`check`, `dry-run`: what they are told; `offline` does it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chakrator.cli import offline
from chakrator.cli.output import Format

Output = Annotated[Format, typer.Option("-o", "--output", help="text or json.")]


def check(
    file: Annotated[Path, typer.Argument(help="The code.")],
    namespace: Annotated[str | None, typer.Option(help="Namespace of the Reconciler that it is for.")] = None,
    reconciler: Annotated[str | None, typer.Option(help="Name of the Reconciler that it is for.")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Run ruff, the types and the policy, as a save does. Exit 0 clean, 1 findings, 2 cannot check.

    Example: `chakrator check greeter.py -o json`
    """
    offline.check(file, namespace, reconciler, output)


def dry_run(
    file: Annotated[Path, typer.Argument(help="The code.")],
    objects: Annotated[
        list[Path], typer.Option("--object", help="The object as JSON; many times, or a folder of them.")
    ],
    state: Annotated[Path | None, typer.Option(help="What ctx.get and ctx.list see: a file or a folder.")] = None,
    timeout: Annotated[
        float, typer.Option(min=offline.TIMEOUTS[0], max=offline.TIMEOUTS[1], help="Seconds a run may take.")
    ] = 5.0,
    memory: Annotated[
        int, typer.Option(min=offline.MEMORIES[0], max=offline.MEMORIES[1], help="MiB a run may take.")
    ] = 128,
    output: Output = Format.TEXT,
) -> None:
    """Run FILE once on each object, in the production cage, and print what it would do.

    No cluster is needed and nothing is written. Exit 0 when every run Succeeded, 1 on any other
    outcome, 2 when it cannot be tried.

    Example: `chakrator dry-run greeter.py --object hello.json -o json`
    """
    offline.dry_run(file, objects, state, timeout, memory, output)
