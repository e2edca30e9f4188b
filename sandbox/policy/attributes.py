"""The closed world: for every exact type that an author can hold, the public names to read on it.

ONE table, keyed by exact type; a type that is not here offers nothing. `FAST` are the names that the
transformer leaves as plain attribute access, so every object that can reach an author must be harmless
for *all* of them (a test crawls what is reachable and holds it against that rule).
"""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import ipaddress
import itertools
import json
import re
import types
from collections.abc import Iterable

from sandbox.policy.grammar import DENIED
from sandbox.policy.words import words


def _public(kind: type) -> frozenset[str]:
    return frozenset(name for name in dir(kind) if not name.startswith("_")) - DENIED


# Written down, not computed: a new Python must not vet a new name by itself.
FAST = frozenset(
    words(
        """
        capitalize casefold center count endswith expandtabs find index isalnum isalpha isascii
        isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust
        lower lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit
        rstrip split splitlines startswith strip swapcase title upper zfill clear copy fromkeys get
        items keys pop popitem setdefault update values append extend insert remove reverse sort add
        difference difference_update discard intersection intersection_update isdisjoint issubset
        issuperset symmetric_difference symmetric_difference_update union
        """
    )
)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IP = _names(
    """compressed exploded is_global is_link_local is_loopback is_multicast is_private is_reserved
    is_unspecified max_prefixlen packed reverse_pointer version"""
)
_NETWORK = _IP - {"packed"} | _names(
    """address_exclude broadcast_address hostmask hosts netmask network_address num_addresses overlaps prefixlen
    subnet_of subnets supernet supernet_of with_hostmask with_netmask with_prefixlen"""
)
_INTERFACE = _IP | _names("ip network netmask hostmask with_hostmask with_netmask with_prefixlen")
_DATE = _names("year month day ctime isocalendar isoformat isoweekday replace strftime toordinal weekday")
_TIME = _names("hour minute second microsecond tzinfo fold isoformat strftime replace utcoffset dst tzname")

_ATTRS: dict[type, frozenset[str]] = {
    str: FAST & _public(str),
    dict: FAST & _public(dict),
    list: FAST & _public(list),
    set: FAST & _public(set),
    tuple: FAST & _public(tuple),
    frozenset: FAST & _public(frozenset),
    bytes: _public(bytes) & (FAST | {"hex"}),
    int: _names("bit_length bit_count as_integer_ratio conjugate real imag numerator denominator to_bytes"),
    bool: _names("bit_length bit_count as_integer_ratio conjugate real imag numerator denominator to_bytes"),
    float: _names("as_integer_ratio is_integer hex conjugate real imag"),
    type(None): frozenset(),
    type(...): frozenset(),
    type(NotImplemented): frozenset(),
    range: _names("start stop step count index"),
    slice: _names("start stop step indices"),
    type({}.keys()): _names("isdisjoint"),
    type({}.items()): _names("isdisjoint"),
    type({}.values()): frozenset(),
    type(collections.OrderedDict().keys()): _names("isdisjoint"),
    type(collections.OrderedDict().items()): _names("isdisjoint"),
    type(collections.OrderedDict().values()): frozenset(),
    property: _names("getter setter deleter"),
    staticmethod: frozenset(),
    classmethod: frozenset(),
    collections.defaultdict: FAST & _public(dict) | {"default_factory"},
    collections.OrderedDict: FAST & _public(dict) | {"move_to_end"},
    collections.deque: _names(
        "append appendleft clear copy count extend extendleft index insert maxlen pop popleft remove reverse rotate"
    ),
    dt.timedelta: _names("days seconds microseconds total_seconds min max resolution"),
    dt.date: _DATE,
    dt.time: _TIME,
    dt.datetime: _DATE | _TIME | _names("astimezone date time timestamp timetz"),
    dt.timezone: _names("utcoffset tzname dst"),
    type(dt.date(2000, 1, 1).isocalendar()): _names("year week weekday count index"),
    decimal.Decimal: _names(
        """adjusted as_integer_ratio compare copy_abs copy_negate copy_sign exp fma is_finite is_infinite is_nan
        is_signed is_zero ln log10 max min normalize quantize remainder_near same_quantum scaleb sqrt
        to_eng_string to_integral to_integral_exact to_integral_value"""
    ),
    re.Match: _names("group groups groupdict start end span string lastgroup"),
    ipaddress.IPv4Address: _IP,
    ipaddress.IPv6Address: _IP | _names("ipv4_mapped is_site_local scope_id sixtofour teredo"),
    ipaddress.IPv4Network: _NETWORK,
    ipaddress.IPv6Network: _NETWORK | {"is_site_local"},
    ipaddress.IPv4Interface: _INTERFACE,
    ipaddress.IPv6Interface: _INTERFACE | _names("ipv4_mapped is_site_local scope_id sixtofour teredo"),
    json.JSONDecodeError: _names("args msg pos lineno colno"),
}

# What may be read on a builtin class itself, beyond what its instances have. Unbound methods do what
# bound ones do; `now` and its like are not here, they come from the run.
_CLASS_ATTRS: dict[type, frozenset[str]] = {
    **{kind: _ATTRS[kind] for kind in (str, dict, list, set, tuple, frozenset, bytes, int, float, range)},
    int: _ATTRS[int] | {"from_bytes"},
    float: _ATTRS[float] | {"fromhex"},
    bytes: _ATTRS[bytes] | {"fromhex"},
    collections.defaultdict: FAST & _public(dict),
    collections.OrderedDict: FAST & _public(dict) | {"move_to_end"},
    dt.timedelta: _ATTRS[dt.timedelta],
    dt.date: _DATE | _names("fromisoformat fromisocalendar fromordinal fromtimestamp min max resolution"),
    dt.time: _TIME | _names("fromisoformat min max resolution"),
    dt.datetime: _ATTRS[dt.datetime]
    | _names("combine fromisoformat fromisocalendar fromordinal fromtimestamp strptime min max resolution"),
    dt.timezone: _names("utc min max"),
    decimal.Decimal: _ATTRS[decimal.Decimal] | {"from_float"},
    itertools.chain: frozenset({"from_iterable"}),
}

ATTRS = types.MappingProxyType(_ATTRS)
CLASS_ATTRS = types.MappingProxyType(_CLASS_ATTRS)

# Item assignment on these is theirs alone to decide; nothing else but authors' own objects is written to.
WRITABLE = frozenset({dict, list, collections.defaultdict, collections.OrderedDict, collections.deque})

# Values that nothing can change; to try it is a mistake, not an attempt.
PLAIN = frozenset({str, bytes, int, float, bool, tuple, frozenset, range, type(None)})

# The builtin classes that may stand among the bases of an author's class. The exceptions are those
# without public attributes of their own: `AttributeError.obj` hands out the object that was asked.
EXCEPTION_BASES: frozenset[type] = frozenset(
    {
        Exception,
        ArithmeticError,
        AssertionError,
        LookupError,
        IndexError,
        KeyError,
        RuntimeError,
        NotImplementedError,
        TypeError,
        ValueError,
        ZeroDivisionError,
        OverflowError,
    }
)


def register_api_type(cls: type, names: Iterable[str]) -> None:
    """Open `names` on exact instances of a host's type; at warm-up only, before any author code ran."""
    chosen = frozenset(names)
    wrong = sorted(name for name in chosen if name.startswith("_") or name in DENIED)
    if wrong:
        raise ValueError(f"these names are refused on every object: {', '.join(wrong)}")
    if cls in _ATTRS and _ATTRS[cls] != chosen:
        raise ValueError(f"{cls.__name__} is in the table already, with other names")
    _ATTRS[cls] = chosen
