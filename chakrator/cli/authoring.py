"""`save`, `activate`, `rollback`, `revisions`, `diff`, `runs`: what the page does, from a terminal or a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chakrator.cli.client import Client, route
from chakrator.cli.output import Format, print_json, print_table, read_source

Namespace = Annotated[str, typer.Option("--namespace", "-n", help="Namespace of the Reconciler.")]
Reconciler = Annotated[str, typer.Option("--reconciler", "-r", help="Name of the Reconciler.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of an `up`; else CHAKRATOR_URL and CHAKRATOR_TOKEN.")]
Output = Annotated[Format, typer.Option("-o", "--output", help="text or json.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it goes into the audit trail.")]


def save(
    file: Annotated[Path, typer.Argument(help="The code.")],
    namespace: Namespace,
    reconciler: Reconciler,
    message: Annotated[str, typer.Option("--message", "-m", help="What changed.")],
    base: Annotated[int | None, typer.Option(help="The newest revision you have seen (default: the newest).")] = None,
    data: Data = None,
    output: Output = Format.TEXT,
) -> None:
    """Store FILE as the next revision, if ruff, types and policy accept it.

    Example: `chakrator save greeter.py -n default -r greeter -m "greet louder" --data ./data`
    """
    source = read_source(file)
    client = Client.find(data)
    if base is None:
        newest = client.get(route(namespace, reconciler, "/revisions"), limit=1)["items"]
        base = newest[0]["number"] if newest else None
    saved = client.post(
        route(namespace, reconciler, "/revisions"), {"source": source, "message": message, "base": base}
    )
    if output is Format.JSON:
        print_json(saved)
    elif saved["number"] == base:
        print(f"unchanged: revision {base} is this source already")
    else:
        print(f"saved revision {saved['number']} of {namespace}/{reconciler}")


def _active(client: Client, namespace: str, reconciler: str) -> int | None:
    active = client.get(route(namespace, reconciler, "/activations"))["active"]
    return int(active["revision"]) if active else None


def activate(
    namespace: Namespace,
    reconciler: Reconciler,
    revision: Annotated[int, typer.Option(help="The revision that shall run.")],
    reason: Reason,
    expected: Annotated[int | None, typer.Option(help="The revision you believe is active (default: asked).")] = None,
    data: Data = None,
    output: Output = Format.TEXT,
) -> None:
    """Make a revision the one that runs.

    Example: `chakrator activate -n default -r greeter --revision 2 --reason "greet louder" --data ./data`
    """
    client = Client.find(data)
    if expected is None:
        expected = _active(client, namespace, reconciler)
    body = {"revision": revision, "reason": reason, "expected": expected}
    done = client.post(route(namespace, reconciler, "/activations"), body)
    if output is Format.JSON:
        print_json(done)
    else:
        print(f"revision {revision} of {namespace}/{reconciler} is active")


def rollback(
    namespace: Namespace,
    reconciler: Reconciler,
    reason: Reason,
    to: Annotated[int | None, typer.Option(help="The revision to go back to (default: the last good one).")] = None,
    data: Data = None,
    output: Output = Format.TEXT,
) -> None:
    """Go back to an older revision.

    Example: `chakrator rollback -n default -r greeter --reason "greets too loud" --data ./data`
    """
    body: dict[str, object] = {"reason": reason} if to is None else {"reason": reason, "to": to}
    done = Client.find(data).post(route(namespace, reconciler, "/rollback"), body)
    if output is Format.JSON:
        print_json(done)
    else:
        print(f"rolled back: revision {done['revision']} of {namespace}/{reconciler} is active")


def revisions(namespace: Namespace, reconciler: Reconciler, data: Data = None, output: Output = Format.TEXT) -> None:
    """List the revisions, newest first.

    Example: `chakrator revisions -n default -r greeter --data ./data`
    """
    client = Client.find(data)
    page = client.get(route(namespace, reconciler, "/revisions"))
    if output is Format.JSON:
        print_json(page)
        return
    active = _active(client, namespace, reconciler)
    print_table(
        ("REVISION", "ACTIVE", "CREATED", "AUTHOR", "SHA256", "MESSAGE"),
        (
            (
                item["number"],
                "*" if item["number"] == active else "",
                item["created_at"],
                item["author"],
                item["sha256"][:12],
                item["message"],
            )
            for item in page["items"]
        ),
    )


def diff(
    first: Annotated[int, typer.Argument(help="From this revision.")],
    second: Annotated[int, typer.Argument(help="To this revision.")],
    namespace: Namespace,
    reconciler: Reconciler,
    data: Data = None,
) -> None:
    """Print what changed between two revisions, as a unified diff.

    Example: `chakrator diff 1 2 -n default -r greeter --data ./data`
    """
    answer = Client.find(data).get(route(namespace, reconciler, f"/revisions/{first}/diff/{second}"))
    typer.echo(answer["diff"], nl=False)


def runs(
    namespace: Namespace,
    reconciler: Reconciler,
    target: Annotated[str | None, typer.Option("--object", help="Only runs of this object.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Only runs that ended so.")] = None,
    data: Data = None,
    output: Output = Format.TEXT,
) -> None:
    """List the latest runs: on which object, why, which revision, how it ended.

    Example: `chakrator runs -n default -r greeter --outcome Failed --data ./data`
    """
    page = Client.find(data).get(route(namespace, reconciler, "/runs"), object=target, outcome=outcome)
    if output is Format.JSON:
        print_json(page)
        return
    print_table(
        ("STARTED", "OBJECT", "REVISION", "OUTCOME", "MS", "REASON", "MESSAGE"),
        (
            (
                item["started_at"],
                item["object"],
                item["revision"],
                item["outcome"],
                f"{item['duration_ms']:.1f}",
                item["reason"],
                item["message"],
            )
            for item in page["items"]
        ),
    )
