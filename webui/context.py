"""The parts of one running web application, and what every route and socket does with them.

Free of the web framework: `deps` hands these to routes, `sockets` uses them as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from core.clock import Clock
from core.domain.actor import Actor
from core.domain.audit import AuditTag
from core.domain.keys import API_VERSION, PLURAL, ReconcilerRef, Uid
from core.domain.revision import Identity
from core.kube.client import KubeTransport, Response
from core.kube.errors import ApiError, Forbidden, Missing, check
from core.kube.reviews import Attributes, UserInfo, token_review
from core.logstream import LogStream
from core.services.protocols import Services, TrailBroken
from core.telemetry.metrics import Metrics
from sandbox.pool.config import Code, Limits, LoadResult, PoolStatus
from webui.access import Access
from webui.errors import Problem, own_identity_refused, too_many, unauthenticated
from webui.limits import Buckets
from webui.lines import LineFull, Lines
from webui.sessions import Session, SessionLimits, Sessions, SignInCodes
from webui.validation.gate import Gate

LATE_LENGTH = 20  # unknown tokens of one address that may wait, once it has failed too often
LATE_PAUSE = 0.05  # how long a wrong one of them holds up the next: 20 guesses a second at most
LATE_WAIT = LATE_LENGTH * LATE_PAUSE
UNKNOWN_TOKEN = "the API server does not accept this token"  # noqa: S105 - a sentence
DENIED_OFTEN = "too many requests that you have no right to make"


class PoolLike(Protocol):
    """What the web asks of the pool of workers: a start in the cage, before anything is activated, and how it is."""

    async def warm(self, code: Code) -> LoadResult: ...
    async def retire(self, code_id: str) -> None: ...
    def status(self) -> PoolStatus: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """How a Reconciler's code runs: as whom, within which limits, with which kinds (`apiVersion/kind`)."""

    uid: Uid
    service_account: str
    limits: Limits
    owns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WebConfig:
    """`hosts`: the names we answer to, without ports, `*.` for subdomains. `static`: where the built page lies."""

    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    static: Path = Path(__file__).parent / "static"
    session_seconds: float = 12 * 3600.0
    max_body: int = 512 * 1024
    max_sockets: int = 256
    activation_seconds: float = 30.0
    gate_seconds: float = 10.0
    live_gate_seconds: float = 3.0  # a checker starts anew each time: 0.2 s, and more where others work too


@dataclass(frozen=True, slots=True)
class WebDeps:
    """What wiring hands over. `read_terms` takes a Reconciler's JSON, and raises Invalid for one we cannot run."""

    transport: KubeTransport
    services: Services
    pool: PoolLike
    gate: Gate
    logs: LogStream
    metrics: Metrics
    clock: Clock
    problems: Callable[[], list[str]]
    sign_in_codes: SignInCodes
    read_terms: Callable[[bytes], Terms]
    config: WebConfig = WebConfig()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and the token they ask with; `source` is the address they ask from."""

    user: UserInfo
    token: str = field(repr=False)
    via: str
    source: str
    session: Session | None = None

    @property
    def actor(self) -> Actor:
        """As the audit trail remembers them."""
        return Actor(name=self.user.username, groups=self.user.groups, via=self.via, source=self.source)


@dataclass(frozen=True, slots=True)
class Found:
    """A Reconciler as the API server has it now."""

    ref: ReconcilerRef
    terms: Terms

    @property
    def identity(self) -> Identity:
        """What its revisions and activations belong to."""
        return Identity(self.ref, self.terms.uid)


class Web:
    """The parts of one running web application."""

    def __init__(self, deps: WebDeps, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.deps = deps
        self._pause = pause
        self.access = Access(transport=deps.transport, clock=deps.clock)
        limits = SessionLimits(max_age=deps.config.session_seconds)
        self.sessions = Sessions(review=self._review, clock=deps.clock, limits=limits)
        self.validating: dict[str, int] = {}
        self.turns = Lines()  # of requests with the same idempotency key
        self._late = Lines(length=LATE_LENGTH)
        self._failed = Buckets(burst=10, interval=6.0)
        self._denied = Buckets(burst=60, interval=1.0)

    async def _review(self, token: str) -> UserInfo | None:
        try:
            return await token_review(self.deps.transport, token)
        except ApiError as error:
            raise own_identity_refused(error) from error

    # ── who ──────────────────────────────────────────────────────────────────────────────────────
    def admit(self, source: str) -> None:
        """Raises Problem 429 while this address has been wrong too often."""
        wait = self._failed.wait(source, self.deps.clock.monotonic())
        if wait > 0:
            raise too_many("too many failed sign-ins from this address", wait)

    async def refuse_sign_in(self, source: str, via: str) -> Problem:
        """Counts and audits a failed sign-in; gives the 401. Raises Problem 429, unaudited, beyond the bound."""
        self.admit(source)
        self._failed.charge(source, self.deps.clock.monotonic())
        await self.deps.services.audit.append(Actor(name="", via=via, source=source), AuditTag.SIGNIN_REFUSED)
        if via == "link":
            return unauthenticated("this sign-in link was used already, or is too old")
        return unauthenticated(UNKNOWN_TOKEN)

    async def by_bearer(self, token: str, source: str) -> Caller:
        """The caller of a bearer token. Raises Problem 401, 429."""
        if self.sessions.knows(token):
            user = await self.sessions.bearer(token)
        else:
            user = await self._unknown(token, source, self.sessions.bearer)
        if user is None:
            raise await self.refuse_sign_in(source, "token")
        return Caller(user, token, "token", source)

    async def sign_in(self, token: str, source: str) -> tuple[str, Session]:
        """(cookie value, session) of a token that a person typed in. Raises Problem 401, 429, 503."""
        user = await self._unknown(token, source, self.sessions.ask)
        if user is None:
            raise await self.refuse_sign_in(source, "session")
        return self.sessions.open(token, user, via="session")

    async def sign_in_by_link(self, code: str, source: str) -> tuple[str, Session]:
        """The same for the code of a link; the token behind it is one of ours, and waits for nobody."""
        token = self.deps.sign_in_codes.redeem(code)
        user = await self.sessions.ask(token) if token is not None else None
        if token is None or user is None:
            raise await self.refuse_sign_in(source, "link")
        return self.sessions.open(token, user, via="link")

    async def _unknown(
        self, token: str, source: str, ask: Callable[[str], Awaitable[UserInfo | None]]
    ) -> UserInfo | None:
        """The user of a token that nobody vouches for yet. Raises Problem 401, 429.

        No token is refused for the failures of others: it is reviewed, and only its own answer counts. What bounds
        the reviews: a token that was refused seconds ago is not asked about again, and tokens from an address that
        failed too often wait in a line of that address, which a wrong one holds up for a moment. A full line is 429.
        """
        if self.sessions.known_bad(token):
            raise self._refused_again(source)
        if not self._failed.wait(source, self.deps.clock.monotonic()):
            return await ask(token)
        try:
            async with self._late.turn(source):
                if self.sessions.known_bad(token):
                    raise self._refused_again(source)
                user = await ask(token)
                if user is None:
                    await self._pause(LATE_PAUSE)
                return user
        except LineFull:
            raise too_many("too many unknown tokens from this address wait to be reviewed", LATE_WAIT) from None

    def _refused_again(self, source: str) -> Problem:
        """For a token that was refused seconds ago: nothing is learnt from it, so nothing is counted or audited."""
        self.admit(source)
        return unauthenticated(UNKNOWN_TOKEN)

    async def by_cookie(self, cookie: str, source: str) -> Caller:
        """The caller of a session cookie. Raises Problem 401."""
        session = await self.sessions.find(cookie)
        if session is None:
            raise unauthenticated("this session is over: sign in again")
        return Caller(session.user, session.token, session.via, source, session)

    # ── may they ─────────────────────────────────────────────────────────────────────────────────
    async def deny(self, who: Caller, right: Attributes, *, ref: ReconcilerRef, request: str) -> Problem:
        """The 403 that names the right, after its audit entry; a 429 for who collects them."""
        await self.audit_denial(who, str(right), ref=ref, request=request)
        details = {
            "verb": right.verb,
            "resource": right.resource + (f"/{right.subresource}" if right.subresource else ""),
            "namespace": right.namespace,
            "name": right.name,
        }
        return Problem(403, "forbidden", f"{who.user.username} may not {right}", details=details)

    def admit_denied(self, who: Caller) -> None:
        """Raises Problem 429 while this user was denied too often."""
        wait = self._denied.wait(who.user.username, self.deps.clock.monotonic())
        if wait > 0:
            raise too_many(DENIED_OFTEN, wait)

    async def audit_denial(self, who: Caller, right: str, *, ref: ReconcilerRef, request: str) -> None:
        """Writes `access:denied`. Raises Problem 429 instead when this user was denied too often."""
        now = self.deps.clock.monotonic()
        if not self._denied.charge(who.user.username, now):
            wait = self._denied.wait(who.user.username, now)
            raise too_many(DENIED_OFTEN, wait)
        payload = {"right": right, "request": request}
        await self.deps.services.audit.append(
            who.actor, AuditTag.ACCESS_DENIED, namespace=ref.namespace, subject=subject(ref), payload=payload
        )

    def must_be_provable(self) -> None:
        """Raises TrailBroken while the audit trail is broken: nothing is changed that could not be proven."""
        report = self.deps.services.audit.broken()
        if report is not None:
            raise TrailBroken(report)

    # ── the API server ───────────────────────────────────────────────────────────────────────────
    async def read_own(
        self, path: str, *, accept: str = "application/json", query: Mapping[str, str] | None = None
    ) -> Response | None:
        """A GET as ourselves; None where there is nothing. Our own lack of a right is never the caller's 403."""
        try:
            return check(await self.deps.transport.request("GET", path, accept=accept, query=query, timeout=10.0))
        except Missing:
            return None
        except ApiError as error:
            raise own_identity_refused(error) from error

    async def find(self, ref: ReconcilerRef) -> Found:
        """The Reconciler, read as ourselves, once its caller was let pass. Raises Problem 404, Invalid."""
        answer = await self.read_own(resource_path(ref.namespace, ref.name))
        if answer is None:
            raise Problem(404, "not_found", f"there is no Reconciler {ref}")
        return Found(ref, self.deps.read_terms(answer.body))

    async def as_caller(self, who: Caller, sent: Sent, *, ref: ReconcilerRef) -> Response:
        """A request with the caller's own token: the API server decides, and its no is audited."""
        answer = await self.deps.transport.request(
            sent.method,
            resource_path(ref.namespace, ref.name if sent.named else ""),
            query=sent.query,
            body=sent.body,
            content_type=sent.content_type,
            token=who.token,
            timeout=35.0 if sent.body or sent.method == "DELETE" else 10.0,
        )
        try:
            return check(answer)
        except Forbidden as error:
            await self.audit_denial(who, error.message[:1000], ref=ref, request=f"{sent.method} {ref}")
            raise


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent to the Reconcilers of a namespace, or to one of them (`named`)."""

    method: str
    named: bool = True
    query: Mapping[str, str] | None = None
    body: bytes | None = None
    content_type: str = "application/json"


def subject(ref: ReconcilerRef) -> str:
    """As audit entries name a Reconciler; empty where a request is about no one of them."""
    return str(ref) if ref.name else ""


def resource_path(namespace: str = "", name: str = "") -> str:
    """Path of one Reconciler, of a namespace's, or of all. The parts have passed the patterns of `deps`."""
    place = f"/namespaces/{namespace}" if namespace else ""
    return f"/apis/{API_VERSION}{place}/{PLURAL}" + (f"/{name}" if name else "")
