"""The live log as the library's own client meets it: it begins by polling, and may bring its token in a header."""

from __future__ import annotations

import queue
import time
from typing import Any

import pytest
import socketio

pytestmark = pytest.mark.controlplane

GREETING = 11  # seconds; a connection that is nobody's by then is closed


@pytest.mark.parametrize("transports", [None, ["polling"], ["websocket"]], ids=["default", "polling", "websocket"])
@pytest.mark.parametrize("by_header", [True, False], ids=["header", "auth"])
def test_a_client_reads_the_log(product: Any, transports: list[str] | None, by_header: bool) -> None:
    """Whatever it begins with, lines that were written before are replayed, in order."""
    token = (product.data / "token").read_text().strip()
    client = socketio.Client(reconnection=False)
    batches: queue.Queue[dict[str, Any]] = queue.Queue()
    client.on("lines", batches.put, namespace="/logs")
    client.connect(
        product.url,
        namespaces=["/logs"],
        transports=transports,
        headers={"Authorization": f"Bearer {token}"} if by_header else {},
        auth=None if by_header else {"token": token},
        wait_timeout=10,
    )
    try:
        asked = {"namespace": "default", "name": "greeter", "since": 0, "credit": 100}
        answer = client.call("subscribe", asked, namespace="/logs", timeout=10)
        assert answer["ok"] is True, answer
        lines = batches.get(timeout=10)["lines"]
        assert "converged" in {line["message"] for line in lines}
        assert [line["seq"] for line in lines] == sorted(line["seq"] for line in lines)
    finally:
        client.disconnect()


def test_a_connection_that_was_upgraded_is_kept(product: Any) -> None:
    """Who has joined while polling is not taken for a stranger after the upgrade."""
    token = (product.data / "token").read_text().strip()
    client = socketio.Client(reconnection=False)
    client.connect(product.url, namespaces=["/logs"], auth={"token": token}, wait_timeout=10)
    try:
        assert client.transport() == "websocket"
        time.sleep(GREETING)
        asked = {"namespace": "default", "name": "greeter", "credit": 1}
        assert client.call("subscribe", asked, namespace="/logs", timeout=10)["ok"] is True
    finally:
        client.disconnect()


def test_a_stranger_does_not_get_in(product: Any) -> None:
    """Without a token the namespace is refused, by its code."""
    client = socketio.Client(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(product.url, namespaces=["/logs"], wait_timeout=10)
    client.disconnect()
