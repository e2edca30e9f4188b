"""Who is signed in: sessions that hold a token in memory, and the codes of the sign-in link.

A session lives as long as its token: the API server reviews it again every minute. Nothing is written anywhere, so
a restart means signing in again. Secrets are looked up by their digest, so that no comparison leaks them.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from core.clock import Clock
from core.kube.reviews import UserInfo
from webui.errors import Problem
from webui.lines import Lines

Review = Callable[[str], Awaitable[UserInfo | None]]

REVIEW_EVERY = 60.0
CODE_LIFE = 600.0
BAD_FOR = 10.0  # short: a token of a user who is made a moment later becomes good


V = TypeVar("V")


def _remember(kept: OrderedDict[bytes, V], digest: bytes, value: V, most: int) -> None:
    """As the newest; the oldest of too many is forgotten."""
    kept.pop(digest, None)
    kept[digest] = value
    while len(kept) > most:
        kept.popitem(last=False)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


@dataclass(slots=True)
class Session:
    """One signed-in browser. The token never leaves this object except towards the API server."""

    user: UserInfo
    via: str
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    opened: float
    reviewed: float
    ended: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How many are kept; a person's oldest makes room for their newest, never somebody else's."""

    total: int = 2000
    per_user: int = 20
    bearers: int = 4096
    max_age: float = 12 * 3600.0


class Sessions:
    """Opens, finds and ends sessions; remembers the user of a bearer token for a minute."""

    def __init__(self, *, review: Review, clock: Clock, limits: SessionLimits | None = None) -> None:
        self._review = review
        self._clock = clock
        self._limits = limits or SessionLimits()
        self._sessions: OrderedDict[bytes, Session] = OrderedDict()
        self._bearers: OrderedDict[bytes, tuple[UserInfo, float]] = OrderedDict()
        self._bad: OrderedDict[bytes, float] = OrderedDict()
        self._asking = Lines()

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, token: str, user: UserInfo, *, via: str) -> tuple[str, Session]:
        """(cookie value, session) for a token that was reviewed just now. Raises Problem 503 when full."""
        now = self._clock.monotonic()
        self.sweep()
        own = [digest for digest, session in self._sessions.items() if session.user.username == user.username]
        for digest in own[: max(0, len(own) - self._limits.per_user + 1)]:
            self._end(digest)
        if len(self._sessions) >= self._limits.total:
            raise Problem(503, "unavailable", "too many people are signed in", headers={"Retry-After": "60"})
        secret = secrets.token_urlsafe(32)
        session = Session(user=user, via=via, token=token, csrf=secrets.token_urlsafe(32), opened=now, reviewed=now)
        self._sessions[_digest(secret)] = session
        return secret, session

    async def find(self, secret: str) -> Session | None:
        """The session of a cookie, its token reviewed within the last minute; None when it is over."""
        digest = _digest(secret)
        session = self._sessions.get(digest)
        if session is None or not await self.refresh(session):
            self._end(digest)
            return None
        return session

    async def refresh(self, session: Session) -> bool:
        """Whether the session still holds; asks the API server when the last review is a minute old."""
        async with session.lock:
            now = self._clock.monotonic()
            if session.ended or now - session.opened > self._limits.max_age:
                return False
            if now - session.reviewed < REVIEW_EVERY:
                return True
            user = await self._review(session.token)
            if user is None or user.username != session.user.username:
                session.ended = True
                return False
            session.user = user
            session.reviewed = now
            return not session.ended

    def close(self, secret: str) -> None:
        """Signs out."""
        self._end(_digest(secret))

    async def bearer(self, token: str) -> UserInfo | None:
        """The user of a bearer token, reviewed within the last minute."""
        digest = _digest(token)
        after = self._clock.monotonic() - REVIEW_EVERY
        return self._reviewed(digest, after) or await self._ask(digest, token, after)

    async def ask(self, token: str) -> UserInfo | None:
        """The user of a token, reviewed now."""
        return await self._ask(_digest(token), token, self._clock.monotonic())

    async def _ask(self, digest: bytes, token: str, after: float) -> UserInfo | None:
        """Who asks about the same token at the same time shares an answer that is as new as theirs has to be."""
        async with self._asking.turn(digest):
            meanwhile = self._reviewed(digest, after)
            if meanwhile is not None:
                return meanwhile
            if self.known_bad(token):
                return None
            now = self._clock.monotonic()
            user = await self._review(token)
            if user is None:
                self._bearers.pop(digest, None)
                _remember(self._bad, digest, self._clock.monotonic(), self._limits.bearers)
            else:
                _remember(self._bearers, digest, (user, now), self._limits.bearers)
            return user

    def _reviewed(self, digest: bytes, after: float) -> UserInfo | None:
        """The user, where the last review began later than that."""
        known = self._bearers.get(digest)
        return known[0] if known is not None and known[1] > after else None

    def known_bad(self, token: str) -> bool:
        """Whether the API server refused this token within the last seconds."""
        at = self._bad.get(_digest(token))
        return at is not None and self._clock.monotonic() - at < BAD_FOR

    def knows(self, token: str) -> bool:
        """Whether this token was reviewed within the last minute."""
        return self._reviewed(_digest(token), self._clock.monotonic() - REVIEW_EVERY) is not None

    def sweep(self) -> None:
        """Forgets what is too old to count."""
        now = self._clock.monotonic()
        for digest, session in list(self._sessions.items()):
            if session.ended or now - session.opened > self._limits.max_age:
                self._end(digest)
        for digest, (_, at) in list(self._bearers.items()):
            if now - at >= REVIEW_EVERY:
                del self._bearers[digest]

    def _end(self, digest: bytes) -> None:
        session = self._sessions.pop(digest, None)
        if session is not None:
            session.ended = True


@dataclass(frozen=True, slots=True)
class _Code:
    digest: bytes
    token: str = field(repr=False)
    until: float
    issued: datetime


class SignInCodes:
    """Single-use codes for the link that `up` prints: ten minutes, then worthless."""

    def __init__(self, *, clock: Clock, limit: int = 16) -> None:
        self._clock = clock
        self._limit = limit
        self._codes: list[_Code] = []

    def issue(self, token: str) -> str:
        """A code that signs in with this token once; the oldest of too many is dropped."""
        code = secrets.token_urlsafe(24)
        now = self._clock.monotonic()
        self._codes.append(_Code(digest=_digest(code), token=token, until=now + CODE_LIFE, issued=self._clock.now()))
        del self._codes[: -self._limit]
        return code

    def redeem(self, code: str) -> str | None:
        """The token, once; None for a code that is unknown, used or too old. Takes as long for each of them."""
        wanted = _digest(code)
        now = self._clock.monotonic()
        hits = [entry for entry in self._codes if hmac.compare_digest(entry.digest, wanted)]
        for entry in hits:
            self._codes.remove(entry)
        return hits[0].token if hits and hits[0].until > now else None
