"""Loopback ports."""

from __future__ import annotations

import socket

import pytest

from chakrator.up import ports


def test_a_listener_makes_its_port_taken_and_its_end_frees_it() -> None:
    """The question is whether a listener could be opened now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not ports.is_free(port)
    assert ports.is_free(port)


def test_a_chosen_port_is_free_and_below_the_ephemeral_range() -> None:
    """No outgoing connection can take it while its owner restarts."""
    port = ports.choose()
    assert ports.FIRST <= port < ports.LAST
    assert ports.is_free(port)


def test_a_port_promised_to_another_is_not_chosen() -> None:
    """With every port but one promised, none is left to choose by luck."""
    with pytest.raises(OSError, match="no free port"):
        ports.choose(taken=range(ports.FIRST, ports.LAST))
