"""`ipaddress`: the real immutable classes, their properties in the table of attributes."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed

MAX_ADDRESSES = 100_000
_CLASSES = ["IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network", "IPv4Interface", "IPv6Interface"]


_PLAIN_TYPES: tuple[type, ...] = (
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
)


def _plain(real: Callable[..., object], *, strict: bool = False) -> Callable[..., object]:
    def parse(address: object, **options: object) -> object:
        if type(address) not in (str, int):
            raise TypeError("an address is a string or an integer")
        return real(address, **{key: bool(value) for key, value in options.items() if strict and key == "strict"})

    return parse


def collapse_addresses(addresses: Iterable[object]) -> Iterator[object]:
    """The fewest networks that cover the same addresses."""
    given: Any = exact.of_types(itertools.islice(addresses, MAX_ADDRESSES), _PLAIN_TYPES)
    return ipaddress.collapse_addresses(given)


def summarize_address_range(first: object, last: object) -> Iterator[object]:
    """The networks from one address to another."""
    ends: Any = exact.of_types((first, last), (ipaddress.IPv4Address, ipaddress.IPv6Address))
    return ipaddress.summarize_address_range(*ends)


SPECS = (
    fixed(
        "ipaddress",
        {
            **{name: getattr(ipaddress, name) for name in _CLASSES},
            "collapse_addresses": collapse_addresses,
            "summarize_address_range": summarize_address_range,
            "ip_address": _plain(ipaddress.ip_address),
            "ip_interface": _plain(ipaddress.ip_interface),
            "ip_network": _plain(ipaddress.ip_network, strict=True),
            "AddressValueError": ipaddress.AddressValueError,
            "NetmaskValueError": ipaddress.NetmaskValueError,
        },
    ),
)
