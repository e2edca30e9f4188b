"""Who may do what: the table of actions and rights, and the API server that decides.

Nothing is decided here by role: each action names the right it needs, and the API server is asked by a
SubjectAccessReview as that user. `code`, `activation`, `runs` and `audit` are subresources that it does not serve:
names, so that ordinary RBAC can grant them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import msgspec

from core.clock import Clock
from core.domain.keys import GROUP, PLURAL, ReconcilerRef
from core.kube.client import KubeTransport
from core.kube.errors import ApiError, MalformedAnswer, check
from core.kube.reviews import REVIEW_TIMEOUT, Attributes, UserInfo, access_review
from webui.errors import own_identity_refused


class Action(StrEnum):
    """What a route lets a person do."""

    OPEN = "open"
    SIGNED_IN = "signed-in"
    LIST = "list"
    SEE = "see"
    VALIDATE = "validate"
    SAVE = "save"
    ACTIVATE = "activate"
    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    RUNS = "runs"
    AUDIT = "audit"
    METRICS = "metrics"


class Decider(StrEnum):
    """Who answers: we ask by review, or the API server decides on the request made with the caller's own token."""

    NOBODY = "nobody"
    REVIEW = "review"
    TOKEN = "token"  # noqa: S105 - the name of a way, not a secret


@dataclass(frozen=True, slots=True)
class Right:
    """A verb on `reconcilers`, or on one of its subresources."""

    verb: str = ""
    subresource: str = ""
    decider: Decider = Decider.REVIEW

    def on(self, namespace: str, name: str = "") -> Attributes:
        """As the API server is asked. An empty namespace means all of them."""
        return Attributes(
            verb=self.verb, resource=PLURAL, group=GROUP, namespace=namespace, name=name, subresource=self.subresource
        )


# The table of docs/how-to/give-rights.md as data; every route names one of these, and a test walks the router.
RIGHTS: Mapping[Action, Right] = MappingProxyType(
    {
        Action.OPEN: Right(decider=Decider.NOBODY),
        Action.SIGNED_IN: Right(decider=Decider.NOBODY),
        Action.LIST: Right("list", decider=Decider.TOKEN),
        Action.SEE: Right("get"),
        Action.VALIDATE: Right("get"),
        Action.SAVE: Right("update", "code"),
        Action.ACTIVATE: Right("update", "activation"),
        Action.CREATE: Right("create", decider=Decider.TOKEN),
        Action.CHANGE: Right("patch", decider=Decider.TOKEN),
        Action.DELETE: Right("delete", decider=Decider.TOKEN),
        Action.RUNS: Right("get", "runs"),
        Action.AUDIT: Right("get", "audit"),
        Action.METRICS: Right("get"),
    }
)
# What these do has to be provable afterwards: with a broken audit trail nobody may.
CHANGES = frozenset({Action.SAVE, Action.ACTIVATE, Action.CREATE, Action.CHANGE, Action.DELETE})
SHOWN = (
    Action.SEE,
    Action.VALIDATE,
    Action.SAVE,
    Action.ACTIVATE,
    Action.CREATE,
    Action.CHANGE,
    Action.DELETE,
    Action.RUNS,
    Action.AUDIT,
)


def impersonation(namespace: str, service_account: str) -> Attributes:
    """The second half of `activate`: whoever decides which code runs as a ServiceAccount must be allowed to be it."""
    return Attributes(verb="impersonate", resource="serviceaccounts", namespace=namespace, name=service_account)


class _Status(msgspec.Struct):
    allowed: bool
    denied: bool = False


class _Review(msgspec.Struct):
    status: _Status


_review_decoder = msgspec.json.Decoder(_Review)
_Key = tuple[str, tuple[str, ...], Attributes]


class Access:
    """Asks the API server. A yes is remembered for seconds; a no only for who asks about many places at once
    (`brief_no`), so that elsewhere a right just granted counts at once."""

    def __init__(self, *, transport: KubeTransport, clock: Clock, keep: float = 3.0, size: int = 4096) -> None:
        self._transport = transport
        self._clock = clock
        self._keep = keep
        self._size = size
        self._yes: OrderedDict[_Key, float] = OrderedDict()
        self._no: OrderedDict[_Key, float] = OrderedDict()

    async def may(self, user: UserInfo, attributes: Attributes, *, fresh: bool = False, brief_no: bool = False) -> bool:
        """Whether the user may, now (`fresh`) or a few seconds ago. Raises when nobody answers: that is never a yes."""
        key = (user.username, user.groups, attributes)
        now = self._clock.monotonic()
        until = self._yes.get(key)
        if until is not None and until > now and not fresh:
            return True
        if brief_no and not fresh and self._no.get(key, 0.0) > now:
            return False
        self._yes.pop(key, None)
        try:
            allowed = await access_review(self._transport, user.username, user.groups, attributes)
        except ApiError as error:
            raise own_identity_refused(error) from error
        if allowed or brief_no:
            kept = self._yes if allowed else self._no
            kept[key] = now + self._keep
            while len(kept) > self._size:
                kept.popitem(last=False)
        return allowed

    async def may_do(
        self, user: UserInfo, action: Action, ref: ReconcilerRef, *, fresh: bool = False, brief_no: bool = False
    ) -> bool:
        """`may` for an action on one Reconciler; an empty name means any, an empty namespace all."""
        return await self.may(user, RIGHTS[action].on(ref.namespace, ref.name), fresh=fresh, brief_no=brief_no)

    async def may_get_path(self, user: UserInfo, path: str) -> bool:
        """Whether the user may `get` a non-resource path: that is how Prometheus is granted `/metrics`."""
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": user.username,
                "groups": list(user.groups),
                "nonResourceAttributes": {"verb": "get", "path": path},
            },
        }
        try:
            answer = check(
                await self._transport.request(
                    "POST",
                    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
                    body=msgspec.json.encode(review),
                    timeout=REVIEW_TIMEOUT,
                )
            )
            status = _review_decoder.decode(answer.body).status
        except ApiError as error:
            raise own_identity_refused(error) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MalformedAnswer("the SubjectAccessReview came back without a status") from error
        return status.allowed and not status.denied
