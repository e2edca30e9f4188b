"""What machines ask: alive, ready, and the figures."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from core.domain.keys import ReconcilerRef
from core.services.protocols import TrailBroken
from core.telemetry.metrics import CONTENT_TYPE
from sandbox.pool.doctor import ON, REQUIRED, state
from webui.access import Action
from webui.context import Web
from webui.deps import API, Here, Who, guarded
from webui.errors import Problem
from webui.schemas import HealthOut, NoticeOut, StatusOut

router = APIRouter(tags=["operations"])


@router.get(f"{API}/status", **guarded(Action.SIGNED_IN))
async def status(web: Here) -> StatusOut:
    """What everybody who is signed in should know: whether it works, what of the cage is missing, what is refused."""
    found = notices(web)
    return StatusOut(
        ready=not web.deps.problems(),
        read_only=web.deps.services.audit.broken() is not None,
        layers=dict(web.deps.pool.status().layers),
        notices=found,
    )


def notices(web: Web) -> list[NoticeOut]:
    """The banners of the page, worst first."""
    found = [NoticeOut(code="not_ready", severity="error", text=problem) for problem in web.deps.problems()[:20]]
    report = web.deps.services.audit.broken()
    if report is not None:
        found.append(NoticeOut(code="audit_broken", severity="error", text=TrailBroken(report).message))
    layers = web.deps.pool.status().layers
    for layer in REQUIRED if layers else ():  # without a cage nothing runs, and the problems say so
        text = layers.get(layer, "not reported")
        if state(text) != ON:
            text = f"code runs without a layer of its cage: {layer} is {text}"
            found.append(NoticeOut(code="cage_degraded", severity="warning", text=text))
    return found


@router.get("/healthz", **guarded(Action.OPEN))
async def healthz() -> HealthOut:
    """The process answers."""
    return HealthOut(status="ok")


@router.get("/readyz", **guarded(Action.OPEN))
async def readyz(web: Here) -> HealthOut:
    """Everything that has to be there is there; else 503 with what is not. Who only reads is served in any case, so
    a notice does not take us out of the service."""
    problems = web.deps.problems()
    if problems:
        raise Problem(503, "not_ready", "; ".join(problems), details={"problems": problems[:50]})
    return HealthOut(status="ok", notices=[notice.text for notice in notices(web)])


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
