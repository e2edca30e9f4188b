"""The trail of runs: which revision ran on which object, why, and how it ended."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Path as PathParam

from core.services.protocols import RunFilter
from webui.access import Action
from webui.deps import API, ONE, Cursor, Here, Limit, Target, guarded
from webui.schemas import Listing, RunOut

Text = Annotated[str | None, Query(max_length=400)]
Id = Annotated[str, PathParam(pattern=r"^[A-Za-z0-9._:-]+$", max_length=100)]

router = APIRouter(prefix=API, tags=["runs"])


@router.get(f"{ONE}/runs", **guarded(Action.RUNS))
async def list_runs(
    web: Here, target: Target, object: Text = None, outcome: Text = None, cursor: Cursor = None, limit: Limit = 50
) -> Listing[RunOut]:
    """Newest first; `object` is `Kind namespace/name`."""
    where = RunFilter(reconciler=target, target=object, outcome=outcome)
    page = await web.deps.services.runs.list(where, cursor=cursor, limit=limit)
    if not page.items and cursor is None:
        await web.find(target)  # its runs outlive it; without any it must be there, or it is 404
    return Listing(items=[RunOut.of(row) for row in page.items], cursor=page.cursor)


@router.get(f"{ONE}/runs/{{run}}", **guarded(Action.RUNS))
async def read_run(run: Id, web: Here, target: Target) -> RunOut:
    """One run with its log."""
    return RunOut.of(await web.deps.services.runs.get(target, run))
