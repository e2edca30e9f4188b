"""The transport before a server that misbehaves: each fault that ends the stock client's watch, or blinds it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.kube.client import KubeTransport, Limits
from core.kube.errors import (
    AnswerTooLarge,
    ApiError,
    Forbidden,
    Gone,
    LineTooLong,
    StreamBroken,
    StreamStalled,
    Unreachable,
    check,
)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk of HTTP."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def answer(body: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    """A whole answer."""
    return f"HTTP/1.1 {status}\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


def plays(*parts: bytes | float | None):
    """A server that writes bytes, pauses for seconds, aborts (None); then it closes the connection."""

    async def play(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            if part is None:
                writer.transport.abort()
                return
            if isinstance(part, float):
                await asyncio.sleep(part)
            else:
                writer.write(part)
                await writer.drain()
        writer.close()

    return play


async def collect(transport: KubeTransport) -> list[bytes]:
    """All lines of a watch."""
    return [line async for line in transport.watch("/api/v1/pods", query={"watch": "1"})]


async def broken(transport: KubeTransport, expected: type[Exception]) -> list[bytes]:
    """The lines before the error that is expected."""
    lines: list[bytes] = []

    async def read() -> None:
        async for line in transport.watch("/api/v1/pods", query={"watch": "1"}):
            lines.append(line)

    with pytest.raises(expected) as caught:
        await read()
    assert type(caught.value) is expected
    return lines


async def test_a_clean_end(server, transport: KubeTransport) -> None:
    """Lines come whole however they were cut, and the server's end is the end."""
    server.play = plays(HEAD, chunk(b"on"), chunk(b"e\ntwo\nth"), chunk(b"ree\n"), END)
    assert await collect(transport) == [b"one", b"two", b"three"]


async def test_fin_in_a_line(server, transport: KubeTransport) -> None:
    """A connection that ends in the middle of a line: what was whole is kept, the rest is dropped."""
    server.play = plays(HEAD, chunk(b"one\n"), chunk(b'{"type":"ADD'))
    assert await broken(transport, StreamBroken) == [b"one"]


async def test_a_partial_line_at_a_clean_end(server, transport: KubeTransport) -> None:
    """Also when HTTP ends properly, half a line is no line."""
    server.play = plays(HEAD, chunk(b"one\nhalf"), END)
    assert await collect(transport) == [b"one"]


async def test_rst(server, transport: KubeTransport) -> None:
    """A reset connection, as after a kill -9 of the API server."""
    server.play = plays(HEAD, chunk(b"one\n"), 0.05, None)
    assert await broken(transport, StreamBroken) == [b"one"]


async def test_six_megabytes_in_a_line(server, transport: KubeTransport) -> None:
    """One object with 1 MB of `<` passes; the stock client dies of it for ever."""
    poison = b'{"data":"' + rb"\u003c" * 1_000_000 + b'"}'
    parts = [chunk(poison[at : at + 50_000]) for at in range(0, len(poison), 50_000)]
    server.play = plays(HEAD, *parts, chunk(b"\nafter\n"), END)
    assert await collect(transport) == [poison, b"after"]


async def test_a_line_over_the_cap(server, transport: KubeTransport, tmp_path: Path) -> None:
    """Memory is bounded: a line without end is cut off."""
    small = await KubeTransport.from_kubeconfig(tmp_path / "kubeconfig", limits=Limits(line=1000))
    server.play = plays(HEAD, chunk(b"one\n" + b"x" * 900), chunk(b"x" * 900), 5.0)
    try:
        await broken(small, LineTooLong)
    finally:
        await small.close()


async def test_a_silent_watch(server, transport: KubeTransport) -> None:
    """A blackholed watch is noticed by the watchdog, not after the 300 s of the stock client."""
    server.play = plays(HEAD, chunk(b"one\n"), 30.0)
    assert await broken(transport, StreamStalled) == [b"one"]


async def test_a_drip(server, transport: KubeTransport) -> None:
    """Bytes that never make a line do not keep a watch alive: lines are counted, not bytes."""
    drip: list[bytes | float] = []
    for _ in range(200):
        drip += [chunk(b"x"), 0.02]
    server.play = plays(HEAD, chunk(b"one\n"), *drip)
    assert await broken(transport, StreamStalled) == [b"one"]


async def test_slow_lines_are_alive(server, transport: KubeTransport) -> None:
    """A watch that gives a line now and then is healthy for longer than the watchdog."""
    lines: list[bytes | float] = []
    for _ in range(10):
        lines += [chunk(b"line\n"), 0.1]
    server.play = plays(HEAD, *lines, END)
    assert await collect(transport) == [b"line"] * 10


async def test_a_slow_reader_is_not_the_servers_silence(server, transport: KubeTransport) -> None:
    """Time that the consumer takes between lines does not trip the watchdog."""
    server.play = plays(HEAD, chunk(b"one\n"), chunk(b"two\n"), 0.3, chunk(b"three\n"), END)
    seen = []
    async for line in transport.watch("/api/v1/pods", query={}):
        seen.append(line)
        await asyncio.sleep(0.7)
    assert seen == [b"one", b"two", b"three"]


async def test_no_answer_to_a_watch(server, transport: KubeTransport) -> None:
    """A server that accepts the connection and says nothing is given up."""
    assert await broken(transport, StreamBroken) == []


async def test_a_refused_watch(server, transport: KubeTransport) -> None:
    """A refusal is an ApiError of its status, not a broken stream."""
    status = b'{"kind":"Status","code":403,"message":"pods is forbidden"}'
    server.play = plays(answer(status, "403 Forbidden"))
    with pytest.raises(Forbidden, match="pods is forbidden"):
        await collect(transport)
    server.play = plays(answer(b"", "410 Gone"))
    with pytest.raises(Gone):
        await collect(transport)
    server.play = plays(answer(b"", "204 No Content"))
    assert await broken(transport, StreamBroken) == []


async def test_a_consumer_may_leave(server, transport: KubeTransport) -> None:
    """Closing the iterator closes its connection at once."""
    left = asyncio.Event()

    async def until_left(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"one\n"))
        try:
            await reader.read()
        finally:
            left.set()

    server.play = until_left
    lines = transport.watch("/api/v1/pods", query={})
    assert await anext(lines) == b"one"
    assert not left.is_set()
    await lines.aclose()
    async with asyncio.timeout(5):
        await left.wait()


async def test_no_answer_to_a_request(server, transport: KubeTransport) -> None:
    """A request without an answer is unknown after its deadline."""
    with pytest.raises(Unreachable, match="no answer in time"):
        await transport.request("PATCH", "/api/v1/x", body=b"{}", timeout=0.2)


async def test_an_answer_cut_short(server, transport: KubeTransport) -> None:
    """Half an answer is none."""
    server.play = plays(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"kind":')
    with pytest.raises(Unreachable, match="connection was lost"):
        await transport.request("GET", "/api/v1/x")


async def test_nobody_listens(server, transport: KubeTransport, tmp_path: Path) -> None:
    """A refused connection is Unreachable; the message holds no address that a tenant need not know."""
    config = (tmp_path / "kubeconfig").read_text().replace(f":{server.port}", ":1")
    (tmp_path / "kubeconfig").write_text(config)
    nobody = await KubeTransport.from_kubeconfig(tmp_path / "kubeconfig")
    try:
        with pytest.raises(Unreachable, match="cannot connect") as caught:
            await nobody.request("GET", "/api")
        assert "127.0.0.1" not in caught.value.message
    finally:
        await nobody.close()


async def test_a_body_over_the_cap(server, transport: KubeTransport) -> None:
    """An answer without end is cut off."""
    server.play = plays(answer(b"x" * 200_000))
    with pytest.raises(AnswerTooLarge):
        await transport.request("GET", "/api/v1/x")


async def test_redirects_are_not_followed(server, transport: KubeTransport) -> None:
    """A redirect would carry our credentials elsewhere: it is an error."""
    server.play = plays(answer(b"", "302 Found", "Location: http://127.0.0.1:1/\r\n"))
    response = await transport.request("GET", "/api/v1/x")
    assert (response.status, len(server.heads)) == (302, 1)
    with pytest.raises(ApiError):
        check(response)
    with pytest.raises(ApiError):
        await collect(transport)


async def test_a_rotated_token_costs_one_retry(server, transport: KubeTransport, tmp_path: Path) -> None:
    """After a 401 the token is read again, and the request sent once more; not when it is still the same."""
    rejected = answer(b"{}", "401 Unauthorized")

    async def accepts_new(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"{}") if "Bearer new" in head else rejected)
        if "Bearer new" not in head:
            (tmp_path / "token").write_text("new")

    server.play = accepts_new
    assert (await transport.request("GET", "/api")).status == 200
    assert len(server.heads) == 2
    server.play = plays(rejected)
    assert (await transport.request("GET", "/api")).status == 401
    assert len(server.heads) == 3


async def test_whose_credentials_are_sent(server, transport: KubeTransport) -> None:
    """Ours, ours with impersonation, or a caller's own alone."""

    async def ok(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"{}"))

    server.play = ok
    await transport.request("GET", "/api")
    await transport.request("GET", "/api", impersonate="system:serviceaccount:ns:a")
    await transport.request("GET", "/api", token="theirs")
    ours, impersonated, theirs = (head.lower() for head in server.heads)
    assert "authorization: bearer ours" in ours
    assert "impersonate-user" not in ours
    assert "authorization: bearer ours" in impersonated
    assert "impersonate-user: system:serviceaccount:ns:a" in impersonated
    assert "authorization: bearer theirs" in theirs
    assert "ours" not in theirs
    assert "impersonate" not in theirs
    assert all("accept-encoding: identity" in head for head in (ours, impersonated, theirs))


async def test_every_request_is_observed(server, transport: KubeTransport, tmp_path: Path) -> None:
    """The metrics hook hears of answers, of failures, and of opened watches."""
    heard: list[tuple[str, int]] = []
    observed = await KubeTransport.from_kubeconfig(
        tmp_path / "kubeconfig", observe=lambda method, status, seconds: heard.append((method, status))
    )
    try:
        server.play = plays(answer(b"{}", "404 Not Found"))
        await observed.request("DELETE", "/api/v1/x")
        server.play = plays(None)
        with pytest.raises(Unreachable):
            await observed.request("PATCH", "/api/v1/x", body=b"{}")
        server.play = plays(HEAD, END)
        assert await collect(observed) == []
    finally:
        await observed.close()
    assert heard == [("DELETE", 404), ("PATCH", 0), ("WATCH", 200)]
