"""The tree of commands. Bodies import what they need, so that `--help` and a usage error are quick."""

from __future__ import annotations

import typer

from chakrator import __version__
from chakrator.cli import audit, authoring, doctor, local, serve

app = typer.Typer(
    name="chakrator",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Small Kubernetes operators as one Python function each: checked, versioned, audited, run in a cage.",
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"chakrator {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options that stand before any command."""


app.command("up")(serve.up)
app.command("run")(serve.run)
app.command("check")(local.check)
app.command("dry-run")(local.dry_run)
app.command("doctor")(doctor.doctor)
app.command("save")(authoring.save)
app.command("activate")(authoring.activate)
app.command("rollback")(authoring.rollback)
app.command("revisions")(authoring.revisions)
app.command("diff")(authoring.diff)
app.command("runs")(authoring.runs)
app.add_typer(audit.app, name="audit")
