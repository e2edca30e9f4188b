"""`ipaddress`: constructors of the real immutable classes, whose properties are in the table of attributes.

An address keeps its number, so nothing but exact plain values comes in. What the real classes would keep for as long
as the process lives, their masks and the answers of their properties, they do not keep here: see `forget`.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sandbox.policy.attributes import register_api_type
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import fixed

MAX_ADDRESSES = 100_000
MAX_ADDRESS = 64

_PLAIN_TYPES: tuple[type, ...] = (
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
)


class Masks:
    """The memory of masks that a real class asks: it hands back what was put in just now, and keeps nothing."""

    __slots__ = ("_made",)

    def __contains__(self, _key: object) -> bool:
        # Whatever a run that was interrupted left is no other's to find.
        self._made: object = None
        return False

    def __setitem__(self, _key: object, value: object) -> None:
        self._made = value

    def __getitem__(self, _key: object) -> object:
        made, self._made = self._made, None
        return made


def forget() -> None:
    """Make the real classes keep nothing of a run: no masks, and no answers of their properties; for this process."""
    for real in (ipaddress.IPv4Interface, ipaddress.IPv6Interface, ipaddress.IPv4Network, ipaddress.IPv6Network):
        for owner in real.__mro__:
            if "_netmask_cache" in vars(owner):
                owner._netmask_cache = Masks()  # type: ignore[attr-defined]
            for name, member in list(vars(owner).items()):
                if isinstance(member, property) and hasattr(member.fget, "cache_info"):
                    setattr(owner, name, property(member.fget.__wrapped__, doc=member.__doc__))  # type: ignore[union-attr]


def _plain(value: object) -> object:
    if type(value) is tuple:
        return tuple(map(_single, value[:3]))
    return _single(value)


def _single(value: object) -> object:
    if type(value) not in (str, int, bytes):
        raise TypeError("an address is a string, an integer, bytes, or a tuple of an address and a mask")
    if type(value) is not int and len(value) > MAX_ADDRESS:  # type: ignore[arg-type]
        raise GuardRefused(f"an address of more than {MAX_ADDRESS} characters is not available here")
    return value


class Constructor:
    """A real class as authors see it: it makes instances, and isinstance() knows them."""

    __slots__ = ("_kinds", "_strict")

    def __init__(self, *kinds: type, strict: bool = False) -> None:
        self._kinds = kinds
        self._strict = strict

    def __call__(self, address: object, strict: object = True) -> object:
        """An instance; a network may be told to forgive host bits."""
        if len(self._kinds) != 1:
            raise TypeError("a union cannot be called")
        make: Callable[..., object] = self._kinds[0]
        if self._strict:
            return make(_plain(address), strict=bool(strict))
        if strict is not True:
            raise TypeError("nothing but a network is strict")
        return make(_plain(address))

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._kinds)

    def __or__(self, other: object) -> Constructor:
        if type(other) is not Constructor:
            return NotImplemented
        return Constructor(*self._kinds, *other._kinds)

    def __repr__(self) -> str:
        return " | ".join(f"<class 'ipaddress.{kind.__name__}'>" for kind in self._kinds)


register_api_type(Constructor, ())


def ip_address(address: object) -> object:
    """An address of either version."""
    return ipaddress.ip_address(_plain(address))  # type: ignore[arg-type]


def ip_interface(address: object) -> object:
    """An address and its network, of either version."""
    return ipaddress.ip_interface(_plain(address))  # type: ignore[arg-type]


def ip_network(address: object, strict: object = True) -> object:
    """A network of either version."""
    return ipaddress.ip_network(_plain(address), strict=bool(strict))  # type: ignore[arg-type]


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
            "IPv4Address": Constructor(ipaddress.IPv4Address),
            "IPv6Address": Constructor(ipaddress.IPv6Address),
            "IPv4Network": Constructor(ipaddress.IPv4Network, strict=True),
            "IPv6Network": Constructor(ipaddress.IPv6Network, strict=True),
            "IPv4Interface": Constructor(ipaddress.IPv4Interface),
            "IPv6Interface": Constructor(ipaddress.IPv6Interface),
            "collapse_addresses": collapse_addresses,
            "summarize_address_range": summarize_address_range,
            "ip_address": ip_address,
            "ip_interface": ip_interface,
            "ip_network": ip_network,
            "AddressValueError": ipaddress.AddressValueError,
            "NetmaskValueError": ipaddress.NetmaskValueError,
        },
    ),
)
