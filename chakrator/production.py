"""`chakrator run`: the product on a cluster that is there already, until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys

from chakrator.server import bind
from chakrator.wiring import Place, serve
from core.errors import ChakratorError
from core.kube.errors import KubeError
from core.settings import Settings
from core.telemetry.logging import configure_logging


async def main(settings: Settings) -> int:
    """Exit 0 after a drained stop, 2 with one clear line when it cannot start."""
    configure_logging(settings.log_level, settings.log_format)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    try:
        place = Place(
            settings=settings,
            listener=bind(settings.host, settings.port),
            kubeconfig=settings.kubeconfig,
        )
        async with serve(place) as served:
            print(f"ready {served.url}", flush=True)
            await stop.wait()
    except (ChakratorError, KubeError) as error:
        print(f"chakrator: {error.message}", file=sys.stderr)
        return 2
    return 0
