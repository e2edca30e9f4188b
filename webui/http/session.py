"""Signing in and out, and what the signed-in person may do."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.actor import Actor
from core.domain.audit import AuditTag
from core.domain.keys import ReconcilerRef
from webui.access import SHOWN, Action, impersonation
from webui.context import Caller, Web
from webui.deps import API, COOKIE, Here, Name, Namespace, Who, guarded, source_of
from webui.errors import Problem
from webui.schemas import RightsOut, SessionOut, SignIn, UserOut

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

router = APIRouter(prefix=API, tags=["session"])


@router.post("/session", status_code=201, **guarded(Action.OPEN))
async def sign_in(body: SignIn, request: Request, response: Response, web: Here) -> SessionOut:
    """Signs in with a token, or with the single-use code of a sign-in link; sets the session cookie."""
    if (body.token is None) == (body.code is None):
        raise Problem(422, "invalid", "body: give either token or code")
    source = source_of(request)
    if body.code is not None:
        secret, session = await web.sign_in_by_link(body.code, source)
    else:
        secret, session = await web.sign_in(body.token or "", source)
    who = Caller(session.user, session.token, session.via, source, session)
    await web.deps.services.audit.append(who.actor, AuditTag.SIGNIN)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(web.deps.config.session_seconds),
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.hostname not in LOOPBACK,
    )
    return await _describe(web, who, ReconcilerRef("", ""))


@router.get("/session", **guarded(Action.SIGNED_IN))
async def who_am_i(web: Here, who: Who, namespace: Namespace = None, name: Name = None) -> SessionOut:
    """Who the caller is, and what they may do in a namespace, or in all of them when none is given."""
    return await _describe(web, who, ReconcilerRef(namespace or "", (name or "") if namespace else ""))


@router.delete("/session", status_code=204, **guarded(Action.SIGNED_IN))
async def sign_out(request: Request, response: Response, web: Here, who: Who) -> None:
    """Ends the session; a bearer token has none to end."""
    cookie = request.cookies.get(COOKIE)
    if who.session is not None and cookie:
        web.sessions.close(cookie)
        await web.deps.services.audit.append(
            Actor(who.user.username, who.user.groups, who.via, who.source), AuditTag.SIGNOUT
        )
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


async def rights(web: Web, who: Caller, ref: ReconcilerRef, service_account: str | None = None) -> RightsOut:
    """What the caller may do, asked of the API server, all at once."""
    answers = await asyncio.gather(*(web.access.may_do(who.user, action, ref) for action in SHOWN))
    held = {action.value: answer for action, answer in zip(SHOWN, answers, strict=True)}
    if service_account is not None:
        held["impersonate"] = await web.access.may(who.user, impersonation(ref.namespace, service_account))
    return RightsOut.model_validate(held)


async def _describe(web: Web, who: Caller, ref: ReconcilerRef) -> SessionOut:
    return SessionOut(
        user=UserOut(name=who.user.username, groups=list(who.user.groups)),
        via=who.via,
        csrf=who.session.csrf if who.session else None,
        rights=await rights(web, who, ref),
        rights_namespace=ref.namespace or None,
    )
