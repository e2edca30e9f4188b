"""Live logs over Socket.IO, namespace `/logs`.

The library's send queue has no bound: a client that does not read would grow the server. So three bounds hold here:
lines leave only against credit that the client has given, no batch is put into a queue that has not drained, and what
waits meanwhile waits in the subscription's ring, whose oldest line goes first, counted.

Each subscription is authorised when it is made and every minute after; a reconnect subscribes anew.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar

import engineio
import socketio
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.domain.keys import ReconcilerRef
from core.kube.reviews import UserInfo
from core.logstream import LogBatch, Subscription
from webui.access import RIGHTS, Action
from webui.context import Caller, Web
from webui.deps import COOKIE, DNS_LABEL, DNS_NAME, bearer_of
from webui.errors import Problem, crash, invalid, to_problem, unauthenticated
from webui.sockets.wire import JOINED, Wire

SPACE = "/logs"
MAX_MESSAGE = 16 * 1024
MAX_SUBSCRIPTIONS = 8  # of one connection
MAX_CREDIT = 1000
MAX_BATCH = 100
BATCH_SECONDS = 0.06  # about 16 batches a second
QUEUE_ROOM = 2  # packets that may wait in the library's queue
REVIEW_SECONDS = 60.0

log = structlog.stdlib.get_logger("webui.sockets")


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Subscribe(_Message):
    """Lines of one Reconciler, later than `since` where that is given."""

    namespace: str = Field(pattern=DNS_LABEL, max_length=63)
    name: str = Field(pattern=DNS_NAME, max_length=50)
    since: int | None = Field(default=None, ge=0, le=2**53)
    credit: int = Field(ge=1, le=MAX_CREDIT)


class Credit(_Message):
    """The client has taken `n` lines, and will take as many more."""

    id: str = Field(max_length=64)
    n: int = Field(ge=1, le=MAX_CREDIT)


class Unsubscribe(_Message):
    """No more of this."""

    id: str = Field(max_length=64)


@dataclass(slots=True)
class Tail:
    """One subscription of one connection."""

    id: str
    ref: ReconcilerRef
    lines: Subscription
    credit: int
    more: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Connection:
    """One client that has joined the namespace."""

    who: Caller
    tails: dict[str, Tail] = field(default_factory=dict)


class LogSockets:
    """The Socket.IO server of `/logs`."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._connections: dict[str, Connection] = {}
        self._engine_sids: dict[str, str] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._server = socketio.AsyncServer(
            async_mode="asgi",
            namespaces=[SPACE],
            cors_allowed_origins=[],  # the shell has checked: the library would believe forwarded headers
            max_http_buffer_size=MAX_MESSAGE,
            async_handlers=False,
            logger=_quiet("socketio"),
            engineio_logger=_quiet("engineio"),
        )
        self._server.on("connect", self._connect, namespace=SPACE)
        self._server.on("disconnect", self._disconnect, namespace=SPACE)
        for name, handler in (("subscribe", self._subscribe), ("credit", self._credit), ("unsubscribe", self._cease)):
            self._server.on(name, self._answered(handler), namespace=SPACE)
        self.asgi = Wire(
            engineio.ASGIApp(self._server, engineio_path="socket.io"),
            most=web.deps.config.max_sockets,
            open_now=lambda: len(self._server.eio.sockets),
            joined=lambda engine_sid: engine_sid in self._engine_sids.values(),
        )

    @asynccontextmanager
    async def running(self, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
        """Lets tails run in this group, and ends them all."""
        self._tasks = tasks
        try:
            yield
        finally:
            self._tasks = None
            for sid in tuple(self._connections):
                self._drop(sid)
            await self._server.shutdown()

    # ── coming and going ─────────────────────────────────────────────────────────────────────────
    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: object = None) -> None:
        scope = environ["asgi.scope"]
        try:
            who = await self._authenticate(scope, auth)
        except Exception as error:
            raise socketio.exceptions.ConnectionRefusedError(_described(error)["code"]) from None
        scope[JOINED] = True
        self._connections[sid] = Connection(who)
        self._engine_sids[sid] = self._server.manager.eio_sid_from_sid(sid, SPACE)

    async def _authenticate(self, scope: Mapping[str, Any], auth: object) -> Caller:
        """By a token in the greeting, or by the session cookie, which only a page of ours may use."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        source = scope["client"][0] if scope.get("client") else "unknown"
        token = auth.get("token") if isinstance(auth, dict) else None
        if not isinstance(token, str) or not token:
            token = bearer_of(headers.get("authorization"))
        if token:
            return await self._web.by_bearer(token, source)
        cookie = _cookie(headers.get("cookie", ""))
        if cookie is None:
            raise unauthenticated()
        if "origin" not in headers:
            raise Problem(403, "bad_origin", "a cookie is only taken from a browser, which sends its Origin")
        return await self._web.by_cookie(cookie, source)

    async def _disconnect(self, sid: str, *_reason: object) -> None:
        self._drop(sid)

    def _drop(self, sid: str) -> None:
        connection = self._connections.pop(sid, None)
        self._engine_sids.pop(sid, None)
        for tail in tuple(connection.tails.values()) if connection else ():
            self._end(tail)

    @staticmethod
    def _end(tail: Tail) -> None:
        tail.lines.close()
        if tail.task is not None:
            tail.task.cancel()

    # ── what a client may say ────────────────────────────────────────────────────────────────────
    def _answered(
        self, handler: Callable[[str, Connection, object], Awaitable[dict[str, object]]]
    ) -> Callable[..., Awaitable[dict[str, object]]]:
        """Answers by acknowledgement, in the one shape of errors."""

        async def answered(sid: str, *said: object) -> dict[str, object]:
            try:
                connection = self._connections.get(sid)
                if connection is None:
                    raise unauthenticated()
                return {"ok": True, **await handler(sid, connection, said[0] if said else None)}
            except Exception as error:
                return {"ok": False, "error": _described(error)}

        return answered

    async def _subscribe(self, sid: str, connection: Connection, said: object) -> dict[str, object]:
        wanted = _read(Subscribe, said)
        ref = ReconcilerRef(wanted.namespace, wanted.name)
        if len(connection.tails) >= MAX_SUBSCRIPTIONS:
            raise Problem(429, "too_many_requests", f"at most {MAX_SUBSCRIPTIONS} subscriptions at once")
        await self._authorise(connection.who, ref)
        await self._web.find(ref)
        if self._tasks is None or sid not in self._connections:
            raise Problem(503, "unavailable", "closing")
        lines = self._web.deps.logs.subscribe(ref, wanted.since)
        tail = Tail(id=secrets.token_hex(8), ref=ref, lines=lines, credit=wanted.credit)
        connection.tails[tail.id] = tail
        tail.task = self._tasks.create_task(self._follow(sid, connection, tail))
        return {"id": tail.id}

    async def _credit(self, _sid: str, connection: Connection, said: object) -> dict[str, object]:
        given = _read(Credit, said)
        tail = connection.tails.get(given.id)
        if tail is None:
            raise Problem(404, "not_found", "there is no such subscription")
        tail.credit = min(MAX_CREDIT, tail.credit + given.n)
        tail.more.set()
        return {}

    async def _cease(self, _sid: str, connection: Connection, said: object) -> dict[str, object]:
        tail = connection.tails.pop(_read(Unsubscribe, said).id, None)
        if tail is not None:
            self._end(tail)
        return {}

    async def _authorise(self, who: Caller, ref: ReconcilerRef) -> None:
        """Raises Problem 401, 403."""
        user: UserInfo | None
        if who.session is not None:
            user = who.session.user if await self._web.sessions.refresh(who.session) else None
        else:
            user = await self._web.sessions.bearer(who.token)
        if user is None:
            raise unauthenticated("this session, or this token, is over: sign in again")
        if not await self._web.access.may_do(user, Action.RUNS, ref):
            right = RIGHTS[Action.RUNS].on(ref.namespace, ref.name)
            raise await self._web.deny(who, right, ref=ref, request="subscribe to logs")

    # ── the tail ─────────────────────────────────────────────────────────────────────────────────
    async def _follow(self, sid: str, connection: Connection, tail: Tail) -> None:
        """Sends batches until the client goes, the Reconciler is gone, or the right is lost."""
        try:
            await self._send_batches(sid, connection.who, tail)
            problem = Problem(404, "not_found", "the log of this Reconciler has ended")
        except Problem as refused:
            problem = refused
        except Exception as error:
            described = to_problem(error)
            if described is None:
                log.exception("a log tail failed", reconciler=str(tail.ref))
            problem = described or crash()
        connection.tails.pop(tail.id, None)
        tail.lines.close()
        await self._server.emit("closed", {"id": tail.id, **problem.body()}, to=sid, namespace=SPACE)

    async def _send_batches(self, sid: str, who: Caller, tail: Tail) -> None:
        clock = self._web.deps.clock
        reviewed = clock.monotonic()
        while True:
            if clock.monotonic() - reviewed >= REVIEW_SECONDS:
                await self._authorise(who, tail.ref)
                reviewed = clock.monotonic()
            batch = await self._next(sid, tail)
            if batch is None:
                continue
            if not batch.entries and tail.lines.closed:
                return
            if who.session is not None and who.session.ended:
                raise unauthenticated("this session is over: sign in again")
            tail.credit -= len(batch.entries)
            await self._server.emit("lines", _lines(tail.id, batch), to=sid, namespace=SPACE)
            await asyncio.sleep(BATCH_SECONDS)

    async def _next(self, sid: str, tail: Tail) -> LogBatch | None:
        """The next batch that the client has credit and the connection has room for; None when a review is due."""
        try:
            async with asyncio.timeout(REVIEW_SECONDS):
                while tail.credit <= 0:
                    tail.more.clear()
                    await tail.more.wait()
                while self._waiting(sid) > QUEUE_ROOM:  # noqa: ASYNC110 - the library's queue tells nobody
                    await asyncio.sleep(BATCH_SECONDS)
                return await tail.lines.next(min(MAX_BATCH, tail.credit))
        except TimeoutError:
            return None

    def _waiting(self, sid: str) -> int:
        """Packets in the library's queue of this connection."""
        eio_sid = self._server.manager.eio_sid_from_sid(sid, SPACE)
        socket = self._server.eio.sockets.get(eio_sid)
        return int(socket.queue.qsize()) if socket is not None else 0


def _lines(tail: str, batch: LogBatch) -> dict[str, object]:
    lines = [
        {
            "seq": entry.seq,
            "ts": entry.record.at,
            "level": entry.record.level,
            "message": entry.record.message,
            "fields": dict(entry.record.fields),
            "object": entry.record.target,
            "run_id": entry.record.run_id,
            "revision": entry.record.revision,
        }
        for entry in batch.entries
    ]
    return {"id": tail, "lines": lines, "dropped": batch.dropped, "restarted": batch.restarted}


M = TypeVar("M", bound=BaseModel)


def _read(model: type[M], said: object) -> M:
    try:
        return model.model_validate(said, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise invalid([{"where": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in found]) from None


def _cookie(header: str) -> str | None:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel is not None else None


def _described(error: Exception) -> dict[str, Any]:
    problem = to_problem(error)
    if problem is None:
        log.exception("a socket message failed", exc_info=error)
        problem = crash()
    return {"code": problem.code, "message": problem.message, "details": problem.details}


def _quiet(name: str) -> logging.Logger:
    """The library logs what it receives, tokens included, and a traceback for each malformed packet."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.CRITICAL)
    return logger
