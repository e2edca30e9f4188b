"""`ipaddress`: the real immutable classes, their properties in the table of attributes."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from sandbox.policy.facades.base import fixed

_CLASSES = ["IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network", "IPv4Interface", "IPv6Interface"]


def _plain(real: Callable[..., object], *, strict: bool = False) -> Callable[..., object]:
    def parse(address: object, **options: object) -> object:
        if type(address) not in (str, int):
            raise TypeError("an address is a string or an integer")
        return real(address, **{key: bool(value) for key, value in options.items() if strict and key == "strict"})

    return parse


SPECS = (
    fixed(
        "ipaddress",
        {
            **{name: getattr(ipaddress, name) for name in _CLASSES},
            "ip_address": _plain(ipaddress.ip_address),
            "ip_interface": _plain(ipaddress.ip_interface),
            "ip_network": _plain(ipaddress.ip_network, strict=True),
            "AddressValueError": ipaddress.AddressValueError,
            "NetmaskValueError": ipaddress.NetmaskValueError,
        },
    ),
)
