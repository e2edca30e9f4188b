"""Packets between host and zygote: whole, of the protocol, and with the descriptors that belong to them."""

from __future__ import annotations

from socket import MSG_CTRUNC, MSG_TRUNC

import pytest

from sandbox.wire import control
from sandbox.wire.control import Allow, Broken, ControlError, Fork, Forked, NotForked, Reap, Reaped, Up

TO_ZYGOTE = (Fork(1, 4096), Reap(1), Allow(1, 3))
FROM_ZYGOTE = (
    Up({"seccomp": "on"}, "v"),
    Broken("proc", "gone"),
    Forked(1, 2),
    NotForked(1, "no"),
    Reaped(1, 9, 0.5, 1),
)
CARRIERS = (Fork, Forked)
MALFORMED = {
    "nothing of ours": b"hello",
    "an empty object": b"{}",
    "no object": b"[]",
    "an unknown tag": b'{"t":"exec","n":1}',
    "an unknown field": b'{"t":"reap","n":1,"root":true}',
    "a missing field": b'{"t":"reap"}',
    "a wrong type": b'{"t":"reap","n":"1"}',
    "half of one": b'{"t":"reap","n":1',
    "one and a half": b'{"t":"reap","n":1}{',
    "no UTF-8": b'{"t":"broken","layer":"\xff","why":""}',
    "a number beyond all": b'{"t":"reap","n":' + b"9" * 5000 + b"}",
    "deep nesting": b"[" * 10_000,
}


@pytest.mark.parametrize("message", TO_ZYGOTE, ids=repr)
def test_what_a_host_asks_for(message: control.ToZygote) -> None:
    """It comes back as it was, with its own number of descriptors and no other."""
    packet, own = control.encode(message), int(isinstance(message, CARRIERS))
    assert control.decode_to_zygote(packet, own, 0) == message
    for fds, flags in ((1 - own, 0), (2, 0), (own, MSG_CTRUNC), (0, MSG_CTRUNC)):
        with pytest.raises(ControlError, match="descriptors"):
            control.decode_to_zygote(packet, fds, flags)


@pytest.mark.parametrize("message", FROM_ZYGOTE, ids=repr)
def test_what_a_zygote_reports(message: control.FromZygote) -> None:
    """The same; but a worker whose descriptor found no room here is one, and its packet is whole."""
    packet, own = control.encode(message), int(isinstance(message, CARRIERS))
    assert control.decode_from_zygote(packet, own, 0) == message
    for fds, flags in ((1 - own, 0), (2, 0), (1, MSG_CTRUNC)):
        with pytest.raises(ControlError, match="descriptors"):
            control.decode_from_zygote(packet, fds, flags)
    if own:
        assert control.decode_from_zygote(packet, 0, MSG_CTRUNC) == message
    else:
        with pytest.raises(ControlError, match="descriptors"):
            control.decode_from_zygote(packet, 0, MSG_CTRUNC)


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_packet_is_one_kind_of_error(name: str) -> None:
    """Whatever is wrong with it, and at both ends; what it held is not repeated."""
    for decode in (control.decode_to_zygote, control.decode_from_zygote):
        with pytest.raises(ControlError, match=r"^not a packet of this protocol: [A-Za-z]+$"):
            decode(MALFORMED[name], 0, 0)


def test_each_end_knows_only_what_it_is_told() -> None:
    """A host does not fork, and a zygote is not told that it is up."""
    for asked in TO_ZYGOTE:
        with pytest.raises(ControlError):
            control.decode_from_zygote(control.encode(asked), 0, 0)
    for told in FROM_ZYGOTE:
        with pytest.raises(ControlError):
            control.decode_to_zygote(control.encode(told), 0, 0)


def test_a_packet_has_a_size() -> None:
    """Nothing larger is sent, and what was cut on its way is not read."""
    assert len(control.encode(Broken("a", "x" * (control.MAX_PACKET - 100)))) <= control.MAX_PACKET
    with pytest.raises(ControlError, match="bytes"):
        control.encode(Broken("a", "x" * control.MAX_PACKET))
    with pytest.raises(ControlError, match="bytes"):
        control.decode_from_zygote(control.encode(Reaped(1, 9, 0.5, 1)), 0, MSG_TRUNC)
