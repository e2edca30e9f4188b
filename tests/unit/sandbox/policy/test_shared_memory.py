"""Nothing of a run is kept in the memory of the real modules, which all runs of a worker share."""

from __future__ import annotations

import gc
import ipaddress
import itertools
import weakref
from collections.abc import Iterator

import pytest

from sandbox.policy.attributes import CLASS_ATTRS
from sandbox.policy.compiler import compile_source
from sandbox.policy.facades.base import Facade
from sandbox.policy.facades.ipaddress_ import Masks, forget
from sandbox.policy.facades.registry import specs
from sandbox.policy.runtime import fresh_globals

from .support import env, run

_HOSTILE = """
from enum import IntEnum, StrEnum

class Text(StrEnum):
    A = "%Y"
    B = "10.0.0.0/8"
    C = "a"
    def __hash__(self): return 5
    def __eq__(self, other): return False

class Number(IntEnum):
    A = 8
    def __hash__(self): return 24
    def __eq__(self, other): return False

def reconcile(obj, ctx):
    return None
"""
_PLAIN = ("2020", 8, "10.0.0.0")


def _values(text: object, number: object) -> Iterator[tuple[object, ...]]:
    odd = [*text, *number]  # type: ignore[misc]
    for one in odd:
        yield (one,)
        yield (["10.0.0.0", one],)
        yield (("10.0.0.0", one),)
        for plain in _PLAIN:
            yield one, plain
            yield plain, one
    yield from itertools.product(odd[:2], odd[:2])


def _callables(module: str, space: dict[str, object]) -> Iterator[object]:
    facade = space["_import_"](module)  # type: ignore[operator]
    assert isinstance(facade, Facade)
    for name in sorted(facade._table):
        found = facade._table[name]
        if callable(found):
            yield found
        if isinstance(found, type):
            for attribute in sorted(CLASS_ATTRS.get(found, ())):
                method = space["_getattr_"](found, attribute)  # type: ignore[operator]
                if callable(method):
                    yield method


def _use(module: str) -> list[weakref.ref[object]]:
    """Call everything with an author's texts and numbers; what is left are weak references to their classes."""
    space = fresh_globals(env())
    exec(compile_source(_HOSTILE).code, space)
    called = 0
    for function in _callables(module, space):
        for arguments in _values(space["Text"], space["Number"]):
            called += 1
            try:
                function(*arguments)  # type: ignore[operator]
            except Exception:
                continue
    assert called or module in ("string", "urllib", "chakrator.kinds")
    return [weakref.ref(space["Text"]), weakref.ref(space["Number"])]


@pytest.mark.parametrize("module", sorted(specs()))
def test_no_object_of_an_author_outlives_its_run(module: str) -> None:
    """Whatever a facade was called with, its classes are gone when the run is."""
    left = _use(module)
    gc.collect()
    assert [kept() for kept in left] == [None, None]


REAL = tuple(dict.fromkeys(ipaddress.IPv4Interface.__mro__ + ipaddress.IPv6Interface.__mro__))[:-1]


@pytest.fixture
def masks() -> Iterator[Masks]:
    """The classes as in a worker; the real ones are put back."""
    owners = {owner for real in (*REAL, ipaddress.IPv4Network, ipaddress.IPv6Network) for owner in real.__mro__}
    before = {owner: dict(vars(owner)) for owner in owners - {object}}
    forget()
    yield ipaddress.IPv4Network._netmask_cache
    for owner, known in before.items():
        for name, member in known.items():
            if vars(owner)[name] is not member:
                setattr(owner, name, member)


def test_masks_are_not_kept(masks: Masks) -> None:
    """Each network has a mask of its own, and none is left behind: no text, no object, nothing to time."""
    assert type(masks) is Masks
    assert type(ipaddress.IPv6Network._netmask_cache) is Masks
    for network in ("10.0.0.0/8", "fd00::/8"):
        first, second = ipaddress.ip_network(network), ipaddress.ip_network(network)
        assert str(first) == network
        assert first.netmask == second.netmask
        assert first.netmask is not second.netmask
        assert type(first)._netmask_cache._made is None
        kept = [one for one in gc.get_referrers(first.netmask) if one is not vars(first) and type(one) is dict]
        assert kept == []


def test_a_mask_that_an_interrupted_run_left_is_nobodys(masks: Masks) -> None:
    """A deadline between putting in and taking out leaves one; the next question drops it."""
    masks["8"] = "left"
    assert "8" not in masks
    assert masks["8"] is None


def test_no_property_of_an_address_is_remembered(masks: Masks) -> None:
    """The interpreter's own classes keep answers, and the addresses that they were asked of."""
    members = [member for owner in REAL for member in vars(owner).values()]
    assert not [one for one in members if hasattr(getattr(one, "fget", one), "cache_info")]
    address = ipaddress.ip_address("10.1.2.3")
    assert address.is_private
    assert not address.is_global
    gone = weakref.ref(address)
    del address
    assert gone() is None


@pytest.mark.parametrize("wrong", ["True", "1.5", "('10.0.0.0', True)", "(('10.0.0.0', 8), 8)", "['10.0.0.0', 8]"])
@pytest.mark.parametrize("name", ["IPv4Address", "IPv4Network", "IPv6Interface", "ip_network", "ip_address"])
def test_an_address_is_plain(name: str, wrong: str) -> None:
    """Exact strings, numbers and bytes, or a tuple of them."""
    with pytest.raises(TypeError):
        run(f"import ipaddress\nipaddress.{name}({wrong})")


def test_the_classes_still_know_their_own() -> None:
    """isinstance() against one, several, and a union of them; networks may be told to be lenient."""
    found = run(
        "from ipaddress import IPv4Address as A, IPv6Address as B, IPv4Network as N\n"
        "a = A(b'\\x01\\x02\\x03\\x04')\n"
        "return [isinstance(a, A), isinstance(a, B), isinstance(a, (B, A)), isinstance(a, A | B), str(a),\n"
        "    str(N(('10.1.2.3', 8), False)), str(N('10.1.2.3/8', strict=False))]"
    )
    assert found == [True, False, True, True, "1.2.3.4", "10.0.0.0/8", "10.0.0.0/8"]
