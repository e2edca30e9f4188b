"""The closed world: the table itself, and a crawl over everything an author can reach."""

from __future__ import annotations

import types
from collections.abc import Iterator

import pytest

from sandbox.policy import attributes
from sandbox.policy.attributes import ATTRS, CLASS_ATTRS, FAST, register_api_type
from sandbox.policy.classes import USER_METAS, UserMeta
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades.base import Facade
from sandbox.policy.facades.registry import specs
from sandbox.policy.grammar import DENIED
from sandbox.policy.runtime import fresh_globals

from .support import env

# The hooks; an author cannot name them, but what they are is reachable by running code.
HIDDEN = {"__builtins__", "__metaclass__", "_write_", "_import_", "_import_from_"}
# Types that offer nothing and lead nowhere: functions and what iteration makes.
INERT = {
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.GeneratorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.WrapperDescriptorType,
    property,
    object,
}
NEVER = (types.ModuleType, types.FrameType, types.CodeType, types.TracebackType, types.CellType, types.MappingProxyType)
# The types with public names of FAST; each was looked at, and is harmless for all of them.
FAST_TYPES = [
    "str",
    "bytes",
    "dict",
    "list",
    "set",
    "frozenset",
    "tuple",
    "range",
    "defaultdict",
    "OrderedDict",
    "deque",
    "Counter",
    "ChainMap",
    "date",
    "time",
    "datetime",
    "Digest",
    "Pattern",
    "dict_keys",
    "dict_items",
    "odict_keys",
    "odict_items",
    "IsoCalendarDate",
    "Enum",
    "StrEnum",
    "IntEnum",
]


def test_no_private_or_denied_name_is_in_the_table() -> None:
    """The table opens nothing that the names alone would close."""
    for table in (ATTRS, CLASS_ATTRS):
        for names in table.values():
            assert not {name for name in names if name.startswith("_")}
            assert not names & DENIED
    assert not FAST & DENIED
    assert not {"encode", "decode", "format", "translate", "maketrans", "send", "throw", "close"} & FAST


@pytest.mark.parametrize("kind", [str, dict, list, set, tuple], ids=lambda kind: kind.__name__)
def test_fast_names_are_those_of_five_plain_types(kind: type) -> None:
    """Nothing is vetted that none of them has, and what they have is vetted or refused on purpose."""
    public = {name for name in dir(kind) if not name.startswith("_")}
    assert public - FAST <= {"format", "format_map", "translate", "maketrans", "encode"}


def test_every_vetted_name_belongs_to_a_plain_type() -> None:
    """A name that is on none of the five has no business being vetted."""
    everywhere = set().union(*(dir(kind) for kind in (str, dict, list, set, tuple)))
    assert everywhere >= FAST


@pytest.mark.parametrize("kind", sorted(ATTRS, key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_names_in_the_table_exist(kind: type) -> None:
    """A row with a name that the type lacks was written in error (one Python version may lack a few)."""
    newer = {"is_integer", "is_site_local", "scope_id", "ipv4_mapped", "sixtofour", "teredo"}
    missing = {name for name in ATTRS[kind] if not hasattr(kind, name)} - newer
    of_instances = {"msg", "pos", "lineno", "colno", "netmask", "network", "network_address"}
    assert missing - of_instances == set()


def test_registering_a_type_of_the_host() -> None:
    """Public names only; twice with the same names is fine, with others it is not."""

    class Api:
        """A host's type."""

        def act(self) -> None:
            """Something."""

    register_api_type(Api, {"act"})
    register_api_type(Api, {"act"})
    assert ATTRS[Api] == {"act"}
    for wrong in ({"_x"}, {"format"}, {"other"}):
        with pytest.raises(ValueError, match=r"refused|table"):
            register_api_type(Api, wrong)
    del attributes._ATTRS[Api]


def _roots() -> Iterator[tuple[str, object]]:
    space = fresh_globals(env())
    for name, value in space.items():
        if name not in HIDDEN:
            yield name, value
    importer = space["_import_"]
    for name in specs():
        yield name, importer(name)  # type: ignore[operator]


def _readable(obj: object) -> set[str]:
    kind = type(obj)
    if isinstance(obj, Facade):
        return set(obj._table)
    names = set(ATTRS.get(kind, ()))
    if isinstance(obj, type):
        names |= set(CLASS_ATTRS.get(obj, ()))
    if kind in USER_METAS or type(kind) in USER_METAS:
        names |= {name for name in dir(obj) if not name.startswith("_")} - DENIED
    return names | {name for name in FAST if hasattr(obj, name)}


def _next(path: str, obj: object, getter: object) -> Iterator[tuple[str, object]]:
    for name in sorted(_readable(obj)):
        try:
            found = getattr(obj, name) if name in FAST else getter(obj, name)  # type: ignore[operator]
        except (GuardRefused, AttributeError, ValueError, NotImplementedError):
            continue
        yield f"{path}.{name}", found
    if type(obj) in (dict, list, tuple, set, frozenset):
        for index, item in enumerate(list(obj)):  # type: ignore[call-overload]
            yield f"{path}[{index}]", item
    if callable(obj) and path not in ("print", "iter", "StopIteration"):
        try:
            yield f"{path}()", obj()
        except Exception as error:
            yield f"{path}!", error


def test_crawl_finds_nothing_outside_the_closed_world() -> None:
    """From a fresh namespace, by every allowed attribute, item and call, to a depth of six."""
    getter = fresh_globals(env())["_getattr_"]
    seen: dict[int, object] = {}
    fast_types: set[str] = set()
    level = list(_roots())
    kinds: dict[str, str] = {}
    for _ in range(6):
        following: list[tuple[str, object]] = []
        for path, obj in level:
            if id(obj) in seen:
                continue
            seen[id(obj)] = obj
            kind = type(obj)
            assert not isinstance(obj, NEVER), path
            known = (
                kind in ATTRS
                or kind in INERT
                or isinstance(obj, (type, Facade, BaseException))
                or type(kind) in USER_METAS
                or not _readable(obj)
            )
            assert known, (path, kind)
            assert obj not in (type, object, super, UserMeta) if isinstance(obj, type) else True, path
            if not isinstance(obj, (type, Facade)) and any(hasattr(obj, name) for name in FAST):
                fast_types.add(kind.__name__)
            kinds.setdefault(kind.__name__, path)
            following.extend(_next(path, obj, getter))
        level = following
    assert len(seen) > 500
    assert fast_types <= set(FAST_TYPES), fast_types - set(FAST_TYPES)
