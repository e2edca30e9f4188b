"""The live tail: authorised, against credit, bounded, and gap-free after a reconnect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx
import pytest
import socketio

from core.domain.keys import ReconcilerRef
from core.logstream import LogRecord
from tests.integration.webui.running import Site
from webui.sessions import REVIEW_EVERY
from webui.sockets.logs import MAX_BATCH, MAX_SUBSCRIPTIONS

DEADLINE = 20.0


class Refused(Exception):
    """The server did not let the client in; the text is its reason."""


class Tail:
    """A client of `/logs` that remembers what it was told."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.batches: list[dict[str, Any]] = []
        self.closed: list[dict[str, Any]] = []
        self.changed = asyncio.Event()
        client.on("lines", self._lines, namespace="/logs")
        client.on("closed", self._closed, namespace="/logs")

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [line for batch in self.batches for line in batch["lines"]]

    async def say(self, event: str, **said: Any) -> dict[str, Any]:
        """Sends a message and gives its acknowledgement."""
        answer = await self.client.call(event, said, namespace="/logs", timeout=DEADLINE)
        assert isinstance(answer, dict)
        return answer

    async def until(self, holds: Callable[[], object]) -> None:
        """Waits for messages until it holds."""
        async with asyncio.timeout(DEADLINE):
            while not holds():
                self.changed.clear()
                await self.changed.wait()

    async def _lines(self, batch: dict[str, Any]) -> None:
        self.batches.append(batch)
        self.changed.set()

    async def _closed(self, said: dict[str, Any]) -> None:
        self.closed.append(said)
        self.changed.set()


@asynccontextmanager
async def tailing(site: Site, *, auth: Any = None, **headers: str) -> AsyncIterator[Tail]:
    """A connected client."""
    async with aiohttp.ClientSession(trust_env=False) as http:
        client = socketio.AsyncClient(http_session=http, reconnection=False)
        reasons: list[object] = []
        client.on("connect_error", reasons.append, namespace="/logs")
        try:
            await client.connect(
                site.url, headers=headers, auth=auth, transports=["websocket"], namespaces=["/logs"], wait_timeout=10
            )
            yield Tail(client)
        except socketio.exceptions.ConnectionError as error:
            raise Refused(str(reasons)) from error
        finally:
            await client.disconnect()


def ref(site: Site) -> ReconcilerRef:
    return ReconcilerRef(site.namespace, "greeter")


def write(site: Site, *messages: str) -> list[int]:
    """Log lines as the controller appends them; their numbers."""
    return [
        site.deps.logs.append(
            ref(site), LogRecord("2026-01-02T03:04:05.006Z", "info", text, {"k": "v"}, "MyResource a", "r", 3)
        ).seq
        for text in messages
    ]


def where(site: Site) -> dict[str, str]:
    return {"namespace": site.namespace, "name": "greeter"}


async def test_lines_arrive_as_they_are_written(greeter: Site) -> None:
    """First what the ring holds, then what comes; every field is there, and text stays text."""
    write(greeter, "<script>before</script>")
    async with tailing(greeter, auth={"token": greeter.tokens["operator"]}) as tail:
        answer = await tail.say("subscribe", **where(greeter), credit=100)
        assert answer["ok"], answer
        await tail.until(lambda: len(tail.lines) == 1)
        (seq,) = write(greeter, "after")
        await tail.until(lambda: len(tail.lines) == 2)
    assert tail.lines[0]["message"] == "<script>before</script>"
    assert tail.lines[1] == {
        "seq": seq,
        "ts": "2026-01-02T03:04:05.006Z",
        "level": "info",
        "message": "after",
        "fields": {"k": "v"},
        "object": "MyResource a",
        "run_id": "r",
        "revision": 3,
    }
    assert {batch["id"] for batch in tail.batches} == {answer["id"]}


async def test_nothing_is_sent_without_credit(greeter: Site) -> None:
    """What waits meanwhile is bounded: the oldest lines go, and their number is told."""
    async with tailing(greeter, auth={"token": greeter.tokens["operator"]}) as tail:
        answer = await tail.say("subscribe", **where(greeter), credit=2)
        write(greeter, *(f"line {number}" for number in range(1500)))
        await tail.until(lambda: len(tail.lines) == 2)
        # An acknowledgement comes after everything that was sent before it: so nothing else was.
        assert not (await tail.say("credit", id="none", n=1))["ok"]
        assert len(tail.lines) == 2
        for _ in range(30):
            await tail.say("credit", id=answer["id"], n=100)
            if tail.lines and tail.lines[-1]["message"] == "line 1499":
                break
            await tail.until(lambda: len(tail.lines) > 2)
        await tail.until(lambda: tail.lines[-1]["message"] == "line 1499")
    assert len(tail.lines) + sum(batch["dropped"] for batch in tail.batches) == 1500
    assert sum(batch["dropped"] for batch in tail.batches) > 0
    assert max(len(batch["lines"]) for batch in tail.batches) <= MAX_BATCH
    numbers = [line["seq"] for line in tail.lines]
    assert numbers == sorted(set(numbers))


async def test_a_client_that_does_not_read_costs_a_bounded_amount(greeter: Site) -> None:
    """It gives credit all the time and takes nothing: its lines are dropped and counted, not queued for it."""
    total, at_once = 4000, 50
    async with aiohttp.ClientSession(trust_env=False) as http:
        url = greeter.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        async with http.ws_connect(url, max_msg_size=0) as raw:
            await raw.receive_str()
            await raw.send_str("40/logs," + json.dumps({"token": greeter.tokens["operator"]}))
            assert (await raw.receive_str()).startswith("40/logs,{")
            await raw.send_str("42/logs,1" + json.dumps(["subscribe", {**where(greeter), "credit": 1000}]))
            answer = json.loads((await raw.receive_str()).removeprefix("43/logs,1"))[0]
            for _ in range(total // at_once):
                write(greeter, *["x" * 8000] * at_once)
                await raw.send_str("42/logs," + json.dumps(["credit", {"id": answer["id"], "n": 1000}]))
                await asyncio.sleep(0.05)
    dropped = greeter.deps.metrics.registry.get_sample_value("chakrator_log_lines_dropped_total")
    assert dropped is not None
    assert dropped > total // 4, "what does not fit the ring and the buffers of TCP"


async def test_a_reconnect_misses_nothing(greeter: Site) -> None:
    """`since` is the last number that was seen."""
    seqs = write(greeter, "a", "b", "c")
    async with tailing(greeter, auth={"token": greeter.tokens["operator"]}) as tail:
        assert (await tail.say("subscribe", **where(greeter), since=seqs[0], credit=10))["ok"]
        await tail.until(lambda: len(tail.lines) == 2)
    assert [line["message"] for line in tail.lines] == ["b", "c"]
    assert tail.batches[0]["dropped"] == 0


async def test_subscribing_needs_the_right(greeter: Site) -> None:
    """A viewer may connect, not read logs; the refusal is in the audit trail."""
    async with tailing(greeter, auth={"token": greeter.tokens["viewer"]}) as tail:
        answer = await tail.say("subscribe", **where(greeter), credit=1)
    assert (answer["ok"], answer["error"]["code"]) == (False, "forbidden")
    assert answer["error"]["details"]["resource"] == "reconcilers/runs"
    entry = (await greeter.audit(action="access:denied"))[0]
    assert entry["payload"]["request"] == "subscribe to logs"


async def test_messages_are_read_strictly(greeter: Site) -> None:
    """Wrong shapes are answered in the one shape of errors, and end nothing."""
    async with tailing(greeter, auth={"token": greeter.tokens["operator"]}) as tail:
        wrong: list[Any] = [
            {},
            {**where(greeter), "credit": 0},
            {**where(greeter), "credit": 100_000},
            {**where(greeter), "credit": "1"},
            {**where(greeter), "credit": 1, "extra": 1},
            {"namespace": "../x", "name": "greeter", "credit": 1},
        ]
        for said in wrong:
            assert (await tail.say("subscribe", **said))["error"]["code"] == "invalid"
        unknown = await tail.say("subscribe", namespace=greeter.namespace, name="absent", credit=1)
        assert unknown["error"]["code"] == "not_found"
        answers = [await tail.say("subscribe", **where(greeter), credit=1) for _ in range(MAX_SUBSCRIPTIONS + 1)]
        assert [one["ok"] for one in answers] == [True] * MAX_SUBSCRIPTIONS + [False]
        assert (await tail.say("unsubscribe", id=answers[0]["id"]))["ok"]
        assert (await tail.say("subscribe", **where(greeter), credit=1))["ok"]


@pytest.mark.parametrize(
    ("auth", "why"),
    [
        (None, "unauthenticated"),
        ({"token": "wrong"}, "unauthenticated"),
        ({"token": 7}, "unauthenticated"),
        ("cookie", "bad_origin"),
    ],
    ids=["nobody", "wrong token", "no text", "cookie without origin"],
)
async def test_strangers_are_not_let_in(greeter: Site, auth: Any, why: str) -> None:
    """The reason is a code, not a story."""
    headers = {} if auth != "cookie" else {"Cookie": await cookie(greeter)}
    with pytest.raises(Refused, match=why):
        async with tailing(greeter, auth=None if auth == "cookie" else auth, **headers):
            pass


@pytest.mark.parametrize("header", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}])
async def test_other_pages_are_not_let_in(greeter: Site, header: dict[str, str]) -> None:
    """Not even with a good token: the socket is refused before the library sees it."""
    with pytest.raises(Refused):
        async with tailing(greeter, auth={"token": greeter.tokens["operator"]}, **header):
            pass


async def test_a_browser_follows_by_its_session(greeter: Site) -> None:
    """Until it signs out: then the tail ends, and says why."""
    async with greeter.client() as http:
        csrf = await sign_in(http, greeter)
        headers = {"Cookie": f"chakrator_session={http.cookies['chakrator_session']}", "Origin": greeter.url}
        async with tailing(greeter, **headers) as tail:
            assert (await tail.say("subscribe", **where(greeter), credit=10))["ok"]
            write(greeter, "seen")
            await tail.until(lambda: tail.lines)
            await http.delete("/session", headers={"X-CSRF-Token": csrf})
            write(greeter, "not seen")
            await tail.until(lambda: tail.closed)
    assert tail.closed[0]["error"]["code"] == "unauthenticated"
    assert [line["message"] for line in tail.lines] == ["seen"]


async def test_a_right_that_is_lost_ends_the_tail(greeter: Site, kubectl: Any) -> None:
    """At the next review, within a minute; here it is made due."""
    async with tailing(greeter, auth={"token": greeter.tokens["operator"]}) as tail:
        assert (await tail.say("subscribe", **where(greeter), credit=1000))["ok"]
        kubectl("delete", "rolebinding", "operator-chakrator-operator", "-n", greeter.namespace)
        async with asyncio.timeout(DEADLINE):
            while not tail.closed:
                greeter.clock.shift(REVIEW_EVERY)
                write(greeter, "tick")
                await asyncio.sleep(0.2)
    assert tail.closed[0]["error"]["code"] == "forbidden"


async def cookie(site: Site) -> str:
    async with site.client() as http:
        await sign_in(http, site)
        return f"chakrator_session={http.cookies['chakrator_session']}"


async def sign_in(http: httpx.AsyncClient, site: Site) -> str:
    """The CSRF secret of a fresh session."""
    return str((await http.post("/session", json={"token": site.tokens["operator"]})).json()["csrf"])
