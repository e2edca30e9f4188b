"""`up` and `run`: the product on this machine, and the product on a cluster."""

from __future__ import annotations

import importlib
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, cast

import typer

from chakrator.cli.output import fail

Data = Annotated[Path | None, typer.Option("--data", help="Where everything is kept (default: ./data).")]


def up(
    data: Data = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of page and API (default: 3000).")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
) -> None:
    """Run everything on this machine: a real control plane, the controller, the page, a sample.

    Prints a sign-in link to stderr and `ready URL` to stdout; Ctrl+C stops all of it. The state is
    kept in DIR. The first start builds the control plane, which takes minutes; it is cached.

    Example: `chakrator up --data ./data --port 3000`
    """
    import uvloop

    from chakrator.up.main import Served, ServeRequest, UpOptions
    from chakrator.up.main import up as run_up
    from core.settings import SettingsError, load_settings
    from core.telemetry.logging import configure_logging

    overrides = {key: value for key, value in (("data", data), ("port", port)) if value is not None}
    try:
        settings = load_settings(**overrides)
    except SettingsError as error:
        fail(error.message, 2)
    configure_logging(settings.log_level, settings.log_format)
    options = UpOptions(data=settings.data, port=settings.port, open_browser=not no_open, environ=os.environ)
    # The web and database stack takes two seconds to import: it does so while the API server boots.
    parts = ThreadPoolExecutor(1, "import").submit(importlib.import_module, "chakrator.wiring")

    def serve(request: ServeRequest) -> AbstractAsyncContextManager[Served]:
        return cast("AbstractAsyncContextManager[Served]", parts.result().serve_up(settings, request))

    raise typer.Exit(uvloop.run(run_up(options, serve=serve)))


def run(data: Data = None) -> None:
    """Run the controller and the page on the cluster of KUBECONFIG, or the one this pod is in.

    Every setting comes from the environment; docs/reference/settings.md lists them.

    Example: `KUBECONFIG=~/.kube/config chakrator run --data /var/lib/chakrator`
    """
    import uvloop

    from chakrator.production import main
    from core.settings import SettingsError, load_settings

    try:
        settings = load_settings(**({"data": data} if data is not None else {}))
    except SettingsError as error:
        fail(error.message, 2)
    raise typer.Exit(uvloop.run(main(settings)))
