"""Reconcilers themselves: listed, created, read, changed and deleted with the caller's own token."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from fastapi import APIRouter
from fastapi.responses import Response

from core.domain.audit import AuditTag
from core.domain.keys import API_VERSION, ReconcilerRef, Uid
from core.domain.revision import Identity
from core.errors import ChakratorError
from core.kube.errors import Forbidden, Unreachable
from core.services.protocols import Keep
from webui.access import Action
from webui.context import Caller, Sent, Web, resource_path, subject
from webui.deps import API, ONE, Cursor, Here, Limit, Namespace, OnceOnly, Target, Who, guarded
from webui.errors import Problem
from webui.http.session import rights
from webui.schemas import (
    ActivationOut,
    ChangeReconciler,
    CreateReconciler,
    DeletedOut,
    Listing,
    ReconcilerDetail,
    ReconcilerOut,
    reconciler_fields,
)

MANAGER = {"fieldManager": "chakrator-web", "fieldValidation": "Strict"}
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
MAX_NAMESPACES_A_PAGE = 200

router = APIRouter(prefix=API, tags=["reconcilers"])


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a list goes on: the API server's own token, and the namespace when they are read one by one."""

    token: str = ""
    namespace: str = ""

    def opaque(self) -> str | None:
        if not self.token and not self.namespace:
            return None
        return base64.urlsafe_b64encode(json.dumps([self.token, self.namespace]).encode()).decode()

    @classmethod
    def read(cls, cursor: str | None) -> _Mark:
        if cursor is None:
            return cls()
        try:
            token, namespace = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise Problem(422, "invalid", "cursor: not one that was given out") from error
        if not isinstance(token, str) or not isinstance(namespace, str):
            raise Problem(422, "invalid", "cursor: not one that was given out")
        return cls(token, namespace)


@router.get("/reconcilers", **guarded(Action.LIST))
async def list_reconcilers(
    web: Here, who: Who, namespace: Namespace = None, cursor: Cursor = None, limit: Limit = 100
) -> Listing[ReconcilerOut]:
    """The Reconcilers of a namespace; without one, wherever the caller may list them."""
    mark = _Mark.read(cursor)
    if namespace is not None:
        items, token = await _page(web, who, namespace, mark.token, limit)
        return Listing(items=items, cursor=_Mark(token).opaque())
    if not mark.namespace and await web.access.may_do(who.user, Action.LIST, ReconcilerRef("", "")):
        items, token = await _page(web, who, "", mark.token, limit)
        return Listing(items=items, cursor=_Mark(token).opaque())
    return await _wherever(web, who, mark, limit)


async def _page(web: Web, who: Caller, namespace: str, token: str, limit: int) -> tuple[list[ReconcilerOut], str]:
    query = {"limit": str(limit)} | ({"continue": token} if token else {})
    sent = Sent("GET", named=False, query=query)
    document = cast("dict[str, Any]", (await web.as_caller(who, sent, ref=ReconcilerRef(namespace, ""))).object())
    rows = [ReconcilerOut.of(item) for item in document.get("items") or []]
    return rows, str((document.get("metadata") or {}).get("continue") or "")


async def _wherever(web: Web, who: Caller, mark: _Mark, limit: int) -> Listing[ReconcilerOut]:
    """Namespace by namespace, in order; a page ends when it is full, or after a bounded number of them."""
    names = [name for name in await inhabited(web) if name >= mark.namespace]
    items: list[ReconcilerOut] = []
    for seen, name in enumerate(names):
        if seen >= MAX_NAMESPACES_A_PAGE or len(items) >= limit:
            return Listing(items=items, cursor=_Mark("", name).opaque())
        if not await web.access.may_do(who.user, Action.LIST, ReconcilerRef(name, "")):
            continue
        start = mark.token if name == mark.namespace else ""
        rows, token = await _page(web, who, name, start, limit - len(items))
        items += rows
        if token:
            return Listing(items=items, cursor=_Mark(token, name).opaque())
    return Listing(items=items, cursor=None)


async def inhabited(web: Web, *, most: int | None = None) -> list[str]:
    """The namespaces that have Reconcilers, sorted; names only, and shown to nobody as they are.

    Who has no use for more than `most` of them reads no further.
    """
    names: set[str] = set()
    token = ""
    while True:
        query = {"limit": "500"} | ({"continue": token} if token else {})
        answer = await web.read_own(resource_path(), accept=METADATA_LIST, query=query)
        document = cast("dict[str, Any]", answer.object()) if answer is not None else {}
        names |= {item["metadata"]["namespace"] for item in document.get("items") or []}
        token = str((document.get("metadata") or {}).get("continue") or "")
        if not token or (most is not None and len(names) >= most):
            return sorted(names)


@router.post(ONE, status_code=201, response_model=ReconcilerOut, **guarded(Action.CREATE))
async def create(body: CreateReconciler, web: Here, who: Who, target: Target, once: OnceOnly) -> Response:
    """Creates a Reconciler."""
    manifest = {
        "apiVersion": API_VERSION,
        "kind": "Reconciler",
        "metadata": {"namespace": target.namespace, "name": target.name},
        "spec": body.spec,
    }

    async def produce() -> tuple[int, ReconcilerOut]:
        sent = Sent("POST", named=False, query=MANAGER, body=_encode(manifest))
        act = _Act(
            done=AuditTag.RECONCILER_CREATE,
            refused=AuditTag.RECONCILER_CREATE_REFUSED,
            payload={"fields": sorted(body.spec)[:20]},
            keep=lambda made: once.keep(lambda _seq: (201, ReconcilerOut.of(made))),
        )
        return 201, ReconcilerOut.of(await _change(web, who, target, sent, act))

    return await once(produce)


@router.get(ONE, **guarded(Action.SEE))
async def read(web: Here, who: Who, target: Target) -> ReconcilerDetail:
    """A Reconciler, what runs, and what the caller may do with it."""
    resource = cast("dict[str, Any]", (await web.as_caller(who, Sent("GET"), ref=target)).object())
    fields = reconciler_fields(resource)
    identity = Identity(target, Uid(fields["uid"]))
    active = await web.deps.services.activations.current(identity)
    newest = await web.deps.services.submissions.list(identity, limit=1)
    return ReconcilerDetail(
        **fields,
        active=ActivationOut.of(active) if active else None,
        newest=newest.items[0].number if newest.items else None,
        rights=await rights(web, who, target, str(fields["spec"].get("serviceAccountName", ""))),
    )


@router.patch(ONE, **guarded(Action.CHANGE))
async def change(body: ChangeReconciler, web: Here, who: Who, target: Target) -> ReconcilerOut:
    """Changes the spec by a merge patch."""
    patch: dict[str, Any] = {"spec": body.spec}
    if body.resource_version is not None:
        patch["metadata"] = {"resourceVersion": body.resource_version}
    sent = Sent("PATCH", query=MANAGER, body=_encode(patch), content_type="application/merge-patch+json")
    payload = {"fields": sorted(body.spec)[:20]}
    act = _Act(AuditTag.RECONCILER_UPDATE, AuditTag.RECONCILER_UPDATE_REFUSED, payload)
    return ReconcilerOut.of(await _change(web, who, target, sent, act))


@router.delete(ONE, status_code=202, **guarded(Action.DELETE))
async def delete(web: Here, who: Who, target: Target) -> DeletedOut:
    """Deletes a Reconciler; its revisions and its audit trail stay."""
    act = _Act(AuditTag.RECONCILER_DELETE, AuditTag.RECONCILER_DELETE_REFUSED, {})
    answer = await _change(web, who, target, Sent("DELETE"), act)
    return DeletedOut(namespace=target.namespace, name=target.name, deleted=answer.get("kind") == "Status")


@dataclass(frozen=True, slots=True)
class _Act:
    """What the audit trail says of a change; `keep` makes of the resource what is stored with the entry."""

    done: AuditTag
    refused: AuditTag
    payload: dict[str, Any]
    keep: Callable[[dict[str, Any]], Keep[int] | None] = lambda _: None


async def _change(web: Web, who: Caller, target: ReconcilerRef, sent: Sent, act: _Act) -> dict[str, Any]:
    """Sends it with the caller's token, and writes down how it ended, also when nobody knows."""

    async def note(tag: AuditTag, keep: Keep[int] | None = None, **more: str) -> None:
        await web.deps.services.audit.append(
            who.actor,
            tag,
            namespace=target.namespace,
            subject=subject(target),
            payload=act.payload | more,
            keep=keep,
        )

    try:
        resource = cast("dict[str, Any]", (await web.as_caller(who, sent, ref=target)).object())
    except Forbidden:
        raise  # in the trail already, as access:denied
    except Unreachable as error:
        await note(act.done, result="unknown", why=error.message[:1000])
        raise
    except ChakratorError as error:
        await note(act.refused, why=error.message[:1000])
        raise
    # An object that goes at once is answered with a Status, which has its uid in the details.
    named = resource.get("details") if resource.get("kind") == "Status" else resource.get("metadata")
    await note(act.done, act.keep(resource), uid=str((named or {}).get("uid") or ""))
    return resource


def _encode(document: dict[str, Any]) -> bytes:
    try:
        return json.dumps(document, allow_nan=False).encode()
    except ValueError as error:
        raise Problem(422, "invalid", "body.spec: NaN and Infinity are not JSON") from error
