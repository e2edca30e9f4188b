"""The audit trail, as far as the caller may read it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from core.domain.keys import ReconcilerRef
from core.services.protocols import AuditFilter
from webui.access import RIGHTS, Action
from webui.context import Caller, Web
from webui.deps import API, Cursor, Here, Limit, Namespace, Who, guarded
from webui.errors import Problem
from webui.http.reconcilers import inhabited
from webui.schemas import AuditEntryOut, ChainOut, Listing

Text = Annotated[str | None, Query(max_length=300)]
Moment = Annotated[str | None, Query(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+))?$", max_length=40)]

MAX_NAMESPACES = 50  # reviews that one request may cost

router = APIRouter(prefix=API, tags=["audit"])


@router.get("/audit", **guarded(Action.AUDIT, path_names_it=False))
async def list_audit(  # noqa: PLR0913, PLR0917 - the query's fields
    request: Request,
    web: Here,
    who: Who,
    namespace: Namespace = None,
    subject: Text = None,
    actor: Text = None,
    action: Text = None,
    since: Moment = None,
    until: Moment = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Listing[AuditEntryOut]:
    """Newest first; without `namespace`, wherever the caller may read it. Who may not read all of it has to name a
    namespace where there are many."""
    where = AuditFilter(
        namespaces=await _readable(web, who, namespace, request.url.path),
        subject=subject,
        actor=actor,
        action=action,
        since=since,
        until=until,
    )
    page = await web.deps.services.audit.list(where, cursor=cursor, limit=limit)
    return Listing(items=[AuditEntryOut.of(entry) for entry in page.items], cursor=page.cursor)


@router.get("/audit/verify", **guarded(Action.AUDIT, path_names_it=False))
async def verify(request: Request, web: Here, who: Who, namespace: Namespace = None) -> ChainOut:
    """Walks the whole chain; who may read one namespace may know that the chain holds."""
    await _readable(web, who, namespace, request.url.path)
    return ChainOut.of(await web.deps.services.audit.verify())


async def _readable(web: Web, who: Caller, namespace: str | None, path: str) -> tuple[str, ...] | None:
    """The namespaces whose entries the caller may read; None for all of them.

    Raises Problem 403, audited, 429 for who collects those, and 422 where there are too many namespaces to ask about:
    a part of them would look like the whole.
    """
    everywhere = ReconcilerRef("", "")
    if namespace is not None:
        ref = ReconcilerRef(namespace, "")
        if await web.access.may_do(who.user, Action.AUDIT, ref):
            return (namespace,)
        raise await web.deny(who, RIGHTS[Action.AUDIT].on(namespace), ref=ref, request=f"GET {path}")
    if await web.access.may_do(who.user, Action.AUDIT, everywhere, brief_no=True):
        return None
    web.admit_denied(who)
    homes = await inhabited(web, most=MAX_NAMESPACES + 1)
    if len(homes) > MAX_NAMESPACES:
        text = f"name a namespace: you may not read the whole trail, and more than {MAX_NAMESPACES} have Reconcilers"
        raise Problem(422, "namespace_needed", text, details={"where": "query.namespace"})
    names = [
        name
        for name in homes
        if await web.access.may_do(who.user, Action.AUDIT, ReconcilerRef(name, ""), brief_no=True)
    ]
    if not names:
        raise await web.deny(who, RIGHTS[Action.AUDIT].on(""), ref=everywhere, request=f"GET {path}")
    return tuple(names)
