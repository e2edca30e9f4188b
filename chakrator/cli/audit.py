"""`audit verify`: walk the hash chain, offline or through the server."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from chakrator.cli.client import Client
from chakrator.cli.output import Format, fail, print_json

app = typer.Typer(no_args_is_help=True, help="The audit trail.")


@app.callback()
def _root() -> None:
    """The audit trail."""


@app.command()
def verify(
    data: Annotated[Path | None, typer.Option("--data", help="Folder of an `up` or `run`; else the server.")] = None,
    output: Annotated[Format, typer.Option("-o", "--output", help="text or json.")] = Format.TEXT,
) -> None:
    """Walk the whole chain. Exit 0 when it holds, 1 and the first broken entry when not, 2 when it cannot be read.

    With `--data` the file itself is read, so that a server that lies is found out.

    Example: `chakrator audit verify --data ./data`
    """
    if data is not None:
        from core.errors import ChakratorError
        from core.services.audit import verify_file
        from core.settings import load_settings

        try:
            report = asdict(verify_file(Path(load_settings(data=data).database.removeprefix("sqlite:///"))))
        except ChakratorError as error:
            fail(error.message, 2)
    else:
        report = Client.find(None).get("/audit/verify")
    if output is Format.JSON:
        print_json(report)
    elif report["ok"]:
        print(f"the chain holds: {report['entries']} entries, head {report['head']}")
    else:
        print(f"entry {report['broken_seq']} is wrong: {report['why']}")
    if not report["ok"]:
        raise typer.Exit(1)
