"""What machines ask: alive, ready, and the figures."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from core.domain.keys import ReconcilerRef
from core.telemetry.metrics import CONTENT_TYPE
from webui.access import Action
from webui.deps import Here, Who, guarded
from webui.errors import Problem
from webui.schemas import HealthOut

router = APIRouter(tags=["operations"])


@router.get("/healthz", **guarded(Action.OPEN))
async def healthz() -> HealthOut:
    """The process answers."""
    return HealthOut(status="ok")


@router.get("/readyz", **guarded(Action.OPEN))
async def readyz(web: Here) -> HealthOut:
    """Everything that has to be there is there; else 503 with what is not."""
    problems = web.deps.problems()
    if problems:
        raise Problem(503, "not_ready", "; ".join(problems), details={"problems": problems[:50]})
    return HealthOut(status="ok")


@router.get("/metrics", response_class=Response, **guarded(Action.METRICS, path_names_it=False))
async def metrics(web: Here, who: Who) -> Response:
    """Prometheus text. Labels name routes and outcomes; who may `get` the path `/metrics` reads it."""
    if not await web.access.may_get_path(who.user, "/metrics"):
        await web.audit_denial(who, "get /metrics", ref=ReconcilerRef("", ""), request="GET /metrics")
        raise Problem(
            403,
            "forbidden",
            f"{who.user.username} may not get the non-resource path /metrics",
            details={"verb": "get", "path": "/metrics"},
        )
    return Response(web.deps.metrics.render(), media_type=CONTENT_TYPE)
