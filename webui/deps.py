"""What FastAPI hands to routes: the parts, the caller, and the right to be here.

The only module with `Depends`. A route says what it needs as data, `**guarded(Action.SAVE)`; the guard asks for it
before the body is looked at, and writes a refusal to the audit trail.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request
from fastapi import Path as PathParam
from fastapi.responses import Response
from pydantic import BaseModel

from core.domain.keys import ReconcilerRef
from core.services.protocols import Keep
from webui.access import CHANGES, RIGHTS, Action, Decider
from webui.context import Caller, Found, Web
from webui.errors import Problem, unauthenticated
from webui.schemas import ErrorBody

API = "/api/v1"
ONE = "/namespaces/{ns}/reconcilers/{name}"
COOKIE = "chakrator_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def web_of(request: Request) -> Web:
    """The application's parts."""
    web = request.app.state.web
    assert isinstance(web, Web)
    return web


def source_of(request: Request) -> str:
    """The peer's address. Forwarded headers are not believed: anybody may send them."""
    return request.client.host if request.client else "unknown"


def bearer_of(header: str | None) -> str | None:
    """The token of an Authorization header; None without one. Raises Problem 401 for another scheme."""
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthenticated("only bearer tokens are accepted")
    return token.strip()


Here = Annotated[Web, Depends(web_of)]


async def signed_in(request: Request, web: Here) -> Caller:
    """The caller, by bearer token or session cookie. Raises Problem 401, 403 (CSRF), 429."""
    token = bearer_of(request.headers.get("authorization"))
    if token is not None:
        return await web.by_bearer(token, source_of(request))
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise unauthenticated()
    who = await web.by_cookie(cookie, source_of(request))
    if request.method not in SAFE and who.session is not None:
        sent = request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(sent.encode(), who.session.csrf.encode()):
            raise Problem(403, "csrf", "the X-CSRF-Token header does not belong to this session")
    return who


Who = Annotated[Caller, Depends(signed_in)]


def target_of(
    ns: Annotated[str, PathParam(pattern=DNS_LABEL, max_length=63)],
    name: Annotated[str, PathParam(pattern=DNS_NAME, max_length=50)],
) -> ReconcilerRef:
    """The Reconciler that the path names."""
    return ReconcilerRef(ns, name)


Target = Annotated[ReconcilerRef, Depends(target_of)]
Namespace = Annotated[str | None, Query(pattern=DNS_LABEL, max_length=63)]
Name = Annotated[str | None, Query(pattern=DNS_NAME, max_length=50)]
Cursor = Annotated[str | None, Query(max_length=4096)]
Limit = Annotated[int, Query(ge=1, le=200)]


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets a caller pass who holds the right of `action` on the Reconciler in the path."""

    action: Action

    async def __call__(self, request: Request, web: Here, who: Who, target: Target) -> None:
        """Raises Problem 403 after its audit entry."""
        if not await web.access.may_do(who.user, self.action, target, fresh=request.method not in SAFE):
            right = RIGHTS[self.action].on(target.namespace, target.name)
            raise await web.deny(who, right, ref=target, request=f"{request.method} {request.url.path}")


async def found(web: Here, target: Target) -> Found:
    """The Reconciler in the path. A route's guard comes first: dependencies of the decorator are solved before."""
    return await web.find(target)


There = Annotated[Found, Depends(found)]

ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorBody, "description": "Refused; the code says why."},
    "5XX": {"model": ErrorBody, "description": "Cannot answer now."},
}


async def provable(web: Here) -> None:
    """Raises Unavailable, 503, while the audit trail is broken."""
    web.must_be_provable()


def guarded(
    action: Action, *, path_names_it: bool = True, answers: Mapping[int, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Keyword arguments of a route that needs the right of `action`, which its OpenAPI entry then names.

    `path_names_it` false: the namespace is in the query, and the route asks for itself. `answers`: further successes.
    """
    by_review = RIGHTS[action].decider is Decider.REVIEW and path_names_it
    needs: list[Any] = []
    if action is not Action.OPEN:
        needs.append(Depends(Guard(action)) if by_review else Depends(signed_in))
    if action in CHANGES:
        needs.append(Depends(provable))
    return {
        "dependencies": needs,
        "openapi_extra": {"x-chakrator-action": action.value},
        "responses": {**(answers or {}), **ERRORS},
    }


T = TypeVar("T")
Produce = Callable[[], Awaitable[tuple[int, BaseModel]]]


class Once:
    """Answers a POST that carries an `Idempotency-Key` once, and repeats that answer for a day.

    Only successes are kept, and the act itself stores its answer (`keep`): whatever breaks after it, a repetition
    gets the answer. After a refusal nothing has happened, and the same key may try again.
    """

    def __init__(self, request: Request, web: Here, who: Who) -> None:
        self._request = request
        self._web = web
        self._actor = who.user.username
        self._key: str | None = request.headers.get("idempotency-key")
        self._sha = ""

    async def __call__(self, produce: Produce) -> Response:
        """The answer of `produce`, or the one that the same request got before. Raises Conflict, Problem 422."""
        if self._key is None:
            return _json(*_rendered(await produce()))
        if not _KEY.fullmatch(self._key):
            raise Problem(422, "invalid", "Idempotency-Key: 1 to 200 printable ASCII characters without spaces")
        async with self._web.turns.turn((self._actor, self._key)):
            line = f"{self._request.method} {self._request.url.path}\n".encode()
            self._sha = hashlib.sha256(line + await self._request.body()).hexdigest()
            known = await self._web.deps.services.idempotency.recall(self._actor, self._key, self._sha)
            if known is not None:
                return _json(*known, headers={"Idempotency-Replayed": "true"})
            return _json(*_rendered(await produce()))

    def keep(self, answer: Callable[[T], tuple[int, BaseModel]]) -> Keep[T] | None:
        """For the service that does the act: what to keep with it. To be called within `produce`."""
        if self._key is None:
            return None
        return Keep(self._actor, self._key, self._sha, lambda made: _rendered(answer(made)))


OnceOnly = Annotated[Once, Depends(Once)]


def _rendered(answer: tuple[int, BaseModel]) -> tuple[int, bytes]:
    status, model = answer
    return status, model.model_dump_json().encode()


def _json(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status_code=status, media_type="application/json", headers=headers)
