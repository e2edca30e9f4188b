"""What needs no server, on the very cage and gate of production; loads no framework before the zygote."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from chakrator.cli.output import Format, fail, hanging, print_finding, print_json, read_source

TIMEOUTS = (0.1, 60.0)  # seconds
MEMORIES = (64, 2048)  # MiB


def check(
    file: Path, namespace: str | None = None, reconciler: str | None = None, output: Format = Format.TEXT
) -> None:
    """Print what ruff, the types and the policy find; exit 1 when they do."""
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
        raise SystemExit(1)


def dry_run(
    file: Path,
    objects: Sequence[Path],
    state: Path | None = None,
    timeout: float = 5.0,
    memory: int = 128,
    output: Format = Format.TEXT,
) -> None:
    """Run FILE on each object and print what it would do; exit 1 when one did not succeed."""
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
        raise SystemExit(1)


def _tell(path: str, line: dict[str, object]) -> None:
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
