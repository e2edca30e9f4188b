"""`check`, `dry-run`: what needs no server, on the very cage and gate of production."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from chakrator.cli.authoring import read_source
from chakrator.cli.output import Format, fail, print_finding, print_json

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
    from sandbox.pool.errors import PoolError

    if (namespace is None) != (reconciler is None):
        fail("--namespace and --reconciler go together", 2)
    source = read_source(file)
    from chakrator.gate import report_json, validate

    try:
        report = asyncio.run(validate(source))
    except PoolError as error:
        fail(str(error), 2)
    if output is Format.JSON:
        print_json(report_json(report))
    else:
        for finding in report_json(report)["diagnostics"]:
            print_finding(str(file), finding)
        if not report.diagnostics:
            print(f"{file}: clean ({report.took_ms:.0f} ms)")
    if report.diagnostics:
        raise typer.Exit(1)


def dry_run(
    file: Annotated[Path, typer.Argument(help="The code.")],
    objects: Annotated[
        list[Path], typer.Option("--object", help="The object as JSON; many times, or a folder of them.")
    ],
    state: Annotated[Path | None, typer.Option(help="What ctx.get and ctx.list see: a file or a folder.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, max=60, help="Seconds a run may take.")] = 5.0,
    memory: Annotated[int, typer.Option(min=64, max=2048, help="MiB a run may take.")] = 128,
    output: Output = Format.TEXT,
) -> None:
    """Run FILE once on each object, in the production cage, and print what it would do.

    No cluster is needed and nothing is written. Exit 0 when every run Succeeded, 1 on any other
    outcome, 2 when it cannot be tried.

    Example: `chakrator dry-run greeter.py --object hello.json -o json`
    """
    from chakrator.local import DryRun, InputError, Inputs, read_objects
    from sandbox.pool.errors import PoolError

    source = read_source(file)

    def read() -> Inputs:
        targets = [found for path in objects for found in read_objects(path)]
        if not targets:
            raise InputError(f"no JSON object in {', '.join(map(str, objects))}")
        return Inputs(source, targets, read_objects(state) if state is not None else ())

    try:
        results = asyncio.run(DryRun(timeout=timeout, memory=memory * 1024 * 1024).execute(read))
    except (InputError, PoolError) as error:
        fail(str(error), 2)
    for path, line in results:
        if output is Format.JSON:
            print_json(line)
        else:
            _tell(str(path), line)
    if any(line["outcome"] != "Succeeded" for _, line in results):
        raise typer.Exit(1)


def _tell(path: str, line: dict[str, object]) -> None:
    from chakrator.cli.output import hanging

    where = f" at line {line['line']}" if line["line"] else ""
    layer = f", stopped by {line['layer']}" if line["layer"] else ""
    print(hanging(f"{path}: {line['outcome']}{where}{layer} ({line['duration_ms']} ms)"))
    if line["message"]:
        print(hanging(f"  {line['message']}"))
    for kind in ("effects", "logs"):
        entries = line[kind]
        assert isinstance(entries, list)
        for entry in entries:
            print(hanging(f"  {kind[:-1]}: {entry}"))
