"""`dataclasses` as closures over the annotations' text; the real one executes generated source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass as _record

from sandbox.policy.attributes import register_api_type
from sandbox.policy.classes import UserMeta, is_authors
from sandbox.policy.facades.base import fixed

_NOTHING = object()


class FrozenInstanceError(AttributeError):
    """A frozen instance was assigned to."""


class Field:
    """What `field()` says about one field."""

    __slots__ = ("_compare", "_default", "_factory", "_init", "_kw_only", "_repr")

    def __init__(
        self, default: object, factory: object, *, init: bool, shown: bool, compare: bool, kw_only: bool
    ) -> None:
        self._default = default
        self._factory = factory
        self._init = init
        self._repr = shown
        self._compare = compare
        self._kw_only = kw_only


register_api_type(Field, ())


@_record(frozen=True)
class _Slot:
    name: str
    default: object
    factory: Callable[[], object] | None
    init: bool = True
    shown: bool = True
    compare: bool = True
    kw_only: bool = False
    text: str = ""


def field(  # noqa: PLR0913 - its name and arguments are the real one's
    *,
    default: object = _NOTHING,
    default_factory: object = _NOTHING,
    init: bool = True,
    repr: bool = True,
    compare: bool = True,
    hash: bool | None = None,
    metadata: object = None,
    kw_only: bool = False,
) -> Field:
    """A field with more than a default; `hash` and `metadata` are taken, and change nothing."""
    if default is not _NOTHING and default_factory is not _NOTHING:
        raise ValueError("cannot specify both default and default_factory")
    return Field(
        default, default_factory, init=bool(init), shown=bool(repr), compare=bool(compare), kw_only=bool(kw_only)
    )


class FieldInfo:
    """What `fields()` tells about one field: its name, and its annotation as text."""

    __slots__ = ("name", "type")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.type = text


register_api_type(FieldInfo, ("name", "type"))


def _slot(cls: type, name: str, text: str, kw_only: bool) -> _Slot:
    value = cls.__dict__.get(name, _NOTHING)
    if type(value) is not Field:
        if type(value) in (list, dict, set):
            raise ValueError(f"mutable default for field {name} is not allowed: use default_factory")
        return _Slot(name, value, None, kw_only=kw_only, text=text)
    if value._default is _NOTHING:
        type.__delattr__(cls, name)
    else:
        type.__setattr__(cls, name, value._default)
    factory = value._factory if callable(value._factory) else None
    by_name = kw_only or value._kw_only
    return _Slot(name, value._default, factory, value._init, value._repr, value._compare, by_name, text)


_KW_ONLY = ("KW_ONLY", "dataclasses.KW_ONLY")


def _slots(cls: type, kw_only: bool) -> list[_Slot]:
    found: dict[str, _Slot] = {}
    for base in reversed(cls.__mro__[1:]):
        found.update({slot.name: slot for slot in base.__dict__.get("_slots_", ())})
    for name, text in cls.__dict__.get("_fields_", ()):
        if text in _KW_ONLY:
            kw_only = True
        elif not text.startswith(("ClassVar", "typing.ClassVar")):
            found[name] = _slot(cls, name, text, kw_only)
    return list(found.values())


def _initialiser(cls_name: str, slots: list[_Slot]) -> Callable[..., None]:
    taken = {slot.name for slot in slots if slot.init}
    names = [slot.name for slot in slots if slot.init and not slot.kw_only]
    optional = False
    for slot in slots:
        has_default = slot.default is not _NOTHING or slot.factory is not None
        if not slot.init or slot.kw_only:
            continue
        if optional and not has_default:
            raise TypeError(f"non-default argument {slot.name!r} follows default argument")
        optional = optional or has_default

    def __init__(self: object, *args: object, **named: object) -> None:
        if len(args) > len(names):
            raise TypeError(f"{cls_name} takes {len(names)} arguments, {len(args)} were given")
        given = dict(zip(names, args, strict=False))
        for name, value in named.items():
            if name not in taken or name in given:
                raise TypeError(f"{cls_name} got an unexpected or repeated argument {name!r}")
            given[name] = value
        for slot in slots:
            if slot.name in given:
                value = given[slot.name]
            elif slot.factory is not None:
                value = slot.factory()
            elif slot.default is not _NOTHING:
                value = slot.default
            elif slot.init:
                raise TypeError(f"{cls_name} is missing the argument {slot.name!r}")
            else:
                continue
            object.__setattr__(self, slot.name, value)
        after = getattr(type(self), "__post_init__", None)
        if after is not None:
            after(self)

    return __init__


def _frozen_setattr(self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _frozen_delattr(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _key(slots: list[_Slot]) -> Callable[[object], tuple[object, ...]]:
    names = [slot.name for slot in slots if slot.compare]
    return lambda self: tuple(getattr(self, name) for name in names)


def _comparison(key: Callable[[object], tuple[object, ...]], hook: str) -> Callable[[object, object], object]:
    def compare(self: object, other: object) -> object:
        if type(other) is not type(self):
            return NotImplemented
        return getattr(key(self), hook)(key(other))

    return compare


def _made(cls: object, options: dict[str, bool]) -> object:
    if not is_authors(cls):
        raise TypeError("dataclass decorates a class of yours")
    slots = _slots(cls, options["kw_only"])
    key = _key(slots)
    shown = [slot.name for slot in slots if slot.shown]

    def __repr__(self: object) -> str:
        pairs = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__name__}({pairs})"

    def __hash__(self: object) -> int:
        return hash(key(self))

    hooks: dict[str, object] = {}
    if options["init"]:
        hooks["__init__"] = _initialiser(cls.__name__, slots)
    if options["repr"]:
        hooks["__repr__"] = __repr__
    if options["eq"]:
        hooks["__eq__"] = _comparison(key, "__eq__")
        hooks["__hash__"] = __hash__ if options["frozen"] or options["unsafe_hash"] else None
    if options["order"]:
        hooks.update({hook: _comparison(key, hook) for hook in ("__lt__", "__le__", "__gt__", "__ge__")})
    for hook, function in hooks.items():
        # What the author wrote in the class stays; the metaclass's own plain repr does not count.
        own = cls.__dict__.get(hook)
        if own is None or (hook == "__repr__" and own.__module__ == UserMeta.__module__):
            type.__setattr__(cls, hook, function)
    if options["frozen"]:
        type.__setattr__(cls, "__setattr__", _frozen_setattr)
        type.__setattr__(cls, "__delattr__", _frozen_delattr)
    type.__setattr__(cls, "_slots_", tuple(slots))
    return cls


_OPTIONS = {"init": True, "repr": True, "eq": True, "order": False, "frozen": False, "kw_only": False}
_OPTIONS |= {"unsafe_hash": False, "slots": False, "match_args": True, "weakref_slot": False}


def dataclass(cls: object = None, /, **options: bool) -> object:
    """With or without parentheses; `slots` and `match_args` are taken, and change nothing."""
    unknown = set(options) - set(_OPTIONS)
    if unknown:
        raise TypeError(f"dataclass has no option {sorted(unknown)[0]!r}")
    chosen = {**_OPTIONS, **{name: bool(value) for name, value in options.items()}}
    if cls is None:
        return lambda decorated: _made(decorated, chosen)
    return _made(cls, chosen)


def _slots_of(obj: object) -> tuple[_Slot, ...]:
    slots = type(obj).__dict__.get("_slots_") if type(type(obj)) is UserMeta else None
    if slots is None:
        raise TypeError("a dataclass instance is needed here")
    return slots  # type: ignore[no-any-return]


def asdict(obj: object) -> dict[str, object]:
    """The fields as a dict, dataclasses in them too."""
    return {slot.name: _converted(getattr(obj, slot.name), asdict) for slot in _slots_of(obj)}


def _converted(value: object, record: Callable[[object], object]) -> object:
    """A copy of plain data in which each dataclass is what `record` makes of it."""
    if type(type(value)) is UserMeta and "_slots_" in type(value).__dict__:
        return record(value)
    if type(value) is dict:
        return {key: _converted(item, record) for key, item in value.items()}
    if type(value) is list:
        return [_converted(item, record) for item in value]
    if type(value) is tuple:
        return tuple(_converted(item, record) for item in value)
    return value


def replace(obj: object, /, **changes: object) -> object:
    """A copy with some fields changed."""
    values = {slot.name: getattr(obj, slot.name) for slot in _slots_of(obj) if slot.init}
    return type(obj)(**{**values, **changes})


def astuple(obj: object) -> tuple[object, ...]:
    """The fields as a tuple, dataclasses in them too."""
    return tuple(_converted(getattr(obj, slot.name), astuple) for slot in _slots_of(obj))


def fields(class_or_instance: object) -> tuple[FieldInfo, ...]:
    """The fields of a dataclass, or of an instance of one."""
    cls = class_or_instance if isinstance(class_or_instance, type) else type(class_or_instance)
    slots = cls.__dict__.get("_slots_") if type(cls) is UserMeta else None
    if slots is None:
        raise TypeError("must be called with a dataclass type or instance")
    return tuple(FieldInfo(slot.name, slot.text) for slot in slots)


class _Sentinel:
    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


def is_dataclass(obj: object) -> bool:
    """Whether an object or a class was made by `dataclass`."""
    cls = obj if isinstance(obj, type) else type(obj)
    return type(cls) is UserMeta and "_slots_" in cls.__dict__


SPECS = (
    fixed(
        "dataclasses",
        {
            "dataclass": dataclass,
            "field": field,
            "KW_ONLY": _Sentinel("KW_ONLY"),
            "asdict": asdict,
            "astuple": astuple,
            "fields": fields,
            "replace": replace,
            "is_dataclass": is_dataclass,
            "FrozenInstanceError": FrozenInstanceError,
        },
    ),
)
