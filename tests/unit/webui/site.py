"""The HTTP application without anything behind it: whoever gets past the door meets a transport that fails the test."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
from starlette.types import ASGIApp

from core.clock import SystemClock
from core.services.protocols import ChainReport
from core.telemetry.metrics import Metrics
from sandbox.pool.config import PoolStatus
from sandbox.pool.doctor import REQUIRED
from webui.app import create_app
from webui.context import WebConfig, WebDeps
from webui.sessions import SignInCodes


class Untouchable:
    """Nothing may be asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was used before the caller was let in")


class Whole:
    """A cage and an audit trail with nothing wrong about them: what a look at the product's state meets."""

    def __init__(self, layers: Mapping[str, str] | None = None, broken: ChainReport | None = None) -> None:
        whole = dict.fromkeys(REQUIRED, "on")
        self.layers = whole if layers is None else layers
        self.report = broken
        self.audit = self

    def status(self) -> PoolStatus:
        return PoolStatus(workers=0, idle=0, zygote_pid=1, layers=self.layers)

    def broken(self) -> ChainReport | None:
        return self.report


def deps(static: Path | None = None, **over: Any) -> WebDeps:
    """Parts that are not there, but for what `over` names."""
    nothing = cast("Any", Untouchable())
    clock = SystemClock()
    parts: dict[str, Any] = {
        "transport": nothing,
        "services": nothing,
        "pool": nothing,
        "gate": nothing,
        "logs": nothing,
        "metrics": Metrics(),
        "clock": clock,
        "problems": list,
        "sign_in_codes": SignInCodes(clock=clock),
        "read_terms": nothing,
        "config": WebConfig(static=static or Path(tempfile.gettempdir()) / "no-such-folder", max_body=2000),
    }
    return WebDeps(**{**parts, **over})


def client(app: ASGIApp) -> httpx.AsyncClient:
    """Talks to it in this process."""
    transport = httpx.ASGITransport(cast("Any", app), raise_app_exceptions=True)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:3000")


def site(static: Path | None = None, **over: Any) -> httpx.AsyncClient:
    """Both."""
    return client(create_app(deps(static, **over)))


def services(**parts: Any) -> Any:
    """Some of the services."""
    return SimpleNamespace(**parts)
