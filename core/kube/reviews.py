"""Who is this, and may they: TokenReview and SubjectAccessReview, asked by our own identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from core.kube.client import Response
from core.kube.errors import MalformedAnswer, check

MAX_TOKEN = 16 * 1024


@dataclass(frozen=True, slots=True)
class UserInfo:
    """An authenticated user as the API server names them."""

    username: str
    uid: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is to be done. An empty `namespace` means all of them; our own acts are made-up subresources."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    version: str = ""

    def __str__(self) -> str:
        """As a person reads it in a refusal."""
        thing = self.resource + (f"/{self.subresource}" if self.subresource else "")
        thing += f".{self.group}" if self.group else ""
        what = f" {self.name!r}" if self.name else ""
        where = f"in namespace {self.namespace}" if self.namespace else "in all namespaces"
        return f"{self.verb} {thing}{what} {where}"


class Requests(Protocol):
    """What a review needs of the transport."""

    async def request(self, method: str, path: str, *, body: bytes | None = None, timeout: float = ...) -> Response: ...


class _User(msgspec.Struct):
    username: str = ""
    uid: str = ""
    groups: list[str] = []


class _TokenStatus(msgspec.Struct):
    authenticated: bool = False
    user: _User = msgspec.field(default_factory=_User)
    error: str = ""


class _TokenReview(msgspec.Struct):
    status: _TokenStatus


class _AccessStatus(msgspec.Struct):
    allowed: bool
    denied: bool = False


class _AccessReview(msgspec.Struct):
    status: _AccessStatus


_token_decoder = msgspec.json.Decoder(_TokenReview)
_access_decoder = msgspec.json.Decoder(_AccessReview)
REVIEW_TIMEOUT = 10.0


async def token_review(transport: Requests, token: str) -> UserInfo | None:
    """The token's user, or None when the API server does not accept it. Raises what a request raises."""
    if not token or len(token) > MAX_TOKEN:
        return None
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    body = await _post(transport, "/apis/authentication.k8s.io/v1/tokenreviews", review)
    try:
        status = _token_decoder.decode(body).status
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedAnswer("the TokenReview came back without a status") from error
    if not status.authenticated or status.error or not status.user.username:
        return None
    user = status.user
    return UserInfo(username=user.username, uid=user.uid, groups=tuple(user.groups))


async def access_review(transport: Requests, user: str, groups: Sequence[str], attributes: Attributes) -> bool:
    """Whether this user may do that now. Raises what a request raises: no answer is never a yes.

    `uid` and `extra` of the user are not sent: RBAC does not look at them, and an Actor does not keep them.
    """
    wanted = {
        "verb": attributes.verb,
        "resource": attributes.resource,
        "group": attributes.group,
        "version": attributes.version,
        "namespace": attributes.namespace,
        "name": attributes.name,
        "subresource": attributes.subresource,
    }
    spec = {
        "user": user,
        "groups": list(groups),
        "resourceAttributes": {key: value for key, value in wanted.items() if value},
    }
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    body = await _post(transport, "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    try:
        status = _access_decoder.decode(body).status
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedAnswer("the SubjectAccessReview came back without a status") from error
    return status.allowed and not status.denied


async def _post(transport: Requests, path: str, review: object) -> bytes:
    return check(await transport.request("POST", path, body=msgspec.json.encode(review), timeout=REVIEW_TIMEOUT)).body
