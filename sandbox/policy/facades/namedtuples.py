"""Tuples with names, made of properties instead of evaluated text: `collections.namedtuple`, `typing.NamedTuple`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping

from sandbox.policy.classes import AUTHOR_MODULE, EXTENSIBLE, USER_METAS, UserMeta, is_authors
from sandbox.policy.facades import exact

MAX_FIELDS = 200


def _checked(name: str, fields: list[str]) -> None:
    exact.whole(len(fields), 0, MAX_FIELDS)
    for field in (name, *fields):
        if not field.isidentifier() or field.startswith("_"):
            raise ValueError(f"{field!r} cannot be a name")
    if len(set(fields)) != len(fields):
        raise ValueError("a field is named twice")


def _constructor(name: str, fields: list[str], defaults: Mapping[str, object]) -> Callable[..., object]:
    def __new__(cls: type, *args: object, **named: object) -> object:
        rest = fields[len(args) :]
        missing = [field for field in rest if field not in named and field not in defaults]
        if len(args) > len(fields) or not set(named) <= set(rest) or missing:
            raise TypeError(f"{name} takes {', '.join(fields)}")
        later = (named[field] if field in named else defaults[field] for field in rest)
        return tuple.__new__(cls, (*args, *later))

    return __new__


def _public(fields: list[str]) -> Mapping[str, object]:
    """What a tuple with names offers under names that no field can have."""

    def _make(cls: type, iterable: Iterable[object]) -> object:
        values = tuple(iterable)
        if len(values) != len(fields):
            raise TypeError(f"Expected {len(fields)} arguments, got {len(values)}")
        return tuple.__new__(cls, values)

    def _replace(self: tuple[object, ...], /, **named: object) -> object:
        if wrong := [name for name in named if name not in known]:
            raise ValueError(f"Got unexpected field names: {wrong!r}")
        # The function can be taken from the class and given anything: it makes an author's own tuple or nothing.
        cls = type(self)
        if not is_authors(cls):
            raise TypeError(f"an object of type {cls.__name__} has no fields")
        return tuple.__new__(type(self), [named.get(field, value) for field, value in zip(fields, self, strict=True)])

    def _asdict(self: tuple[object, ...]) -> dict[str, object]:
        return dict(zip(fields, self, strict=True))

    known = frozenset(fields)

    return {"_fields": tuple(fields), "_make": classmethod(_make), "_replace": _replace, "_asdict": _asdict}


def make(name: str, fields: list[str], defaults: Mapping[str, object], body: Mapping[str, object]) -> type:
    """The class; `body` is what its author wrote beside the fields."""
    _checked(name, fields)

    def __repr__(self: tuple[object, ...]) -> str:
        pairs = ", ".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"{name}({pairs})"

    # It is the author's own class like any other, and may be extended by them.
    namespace: dict[str, object] = {"__repr__": __repr__, **body, "__slots__": (), "__module__": AUTHOR_MODULE}
    namespace["__new__"] = _constructor(name, fields, defaults)
    namespace.update(_public(fields))
    namespace.update({field: property(operator.itemgetter(index)) for index, field in enumerate(fields)})
    return type.__new__(UserMeta, name, (tuple,), namespace)


def namedtuple(typename: str, field_names: str | Iterable[str], *, defaults: Iterable[object] | None = None) -> type:
    """A tuple with names."""
    name = exact.text(typename, 100)
    if type(field_names) is str:
        field_names = field_names.replace(",", " ").split()
    fields = [exact.text(field, 100) for field in field_names]
    values = [] if defaults is None else list(defaults)
    if len(values) > len(fields):
        raise TypeError("Got more default values than field names")
    return make(name, fields, dict(zip(fields[len(fields) - len(values) :], values, strict=True)), {})


class NamedTupleMeta(UserMeta):
    """Turns a class body with annotated fields into a tuple with names."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, object]) -> type:
        if not bases:
            return super().__new__(mcls, name, bases, namespace)
        if len(bases) != 1:
            raise TypeError("a NamedTuple has no other bases")
        mcls._admit(bases, namespace)
        declared = namespace.get("_fields_", ())
        fields = [field for field, _text in declared]  # type: ignore[attr-defined]
        defaults = {field: namespace[field] for field in fields if field in namespace}
        for field in fields[next((i for i, field in enumerate(fields) if field in defaults), len(fields)) :]:
            if field not in defaults:
                raise TypeError(f"non-default namedtuple field {field} cannot follow a default field")
        kept = {key: value for key, value in namespace.items() if key not in defaults and key != "_fields_"}
        return make(name, fields, defaults, kept)


class NamedTuple(metaclass=NamedTupleMeta):
    """The base of classes whose annotated names are the fields."""

    __slots__ = ()


USER_METAS.add(NamedTupleMeta)
EXTENSIBLE.add(NamedTuple)
