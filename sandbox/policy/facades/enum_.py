"""`enum` by a metaclass of our own; the real one executes hooks and shows its modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sandbox.policy.attributes import register_api_type
from sandbox.policy.classes import EXTENSIBLE, USER_METAS, UserMeta
from sandbox.policy.codecs import encode
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades.base import fixed


class auto:
    """The next value: one more than the last number, or the name in lower case for a StrEnum."""

    __slots__ = ()


register_api_type(auto, ())
_MIXINS: tuple[type, ...] = (str, int)


def _is_member(name: str, value: object) -> bool:
    return (
        not name.startswith("_")
        and not callable(value)
        and not isinstance(value, (property, staticmethod, classmethod))
    )


def _all(cls: type) -> dict[str, object]:
    # No method: a class finds its author's own before its metaclass's, and theirs may be called anything.
    return type.__getattribute__(cls, "__dict__")["_members_"]  # type: ignore[no-any-return]


class EnumMeta(UserMeta):
    """Makes the plain values in the body of a class its members; a class with members is final."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, object]) -> EnumMeta:
        if any(getattr(base, "_members_", None) for base in bases):
            raise TypeError("an enumeration with members cannot be extended")
        mixins = [base for base in bases if base in _MIXINS]
        mcls._admit(tuple(base for base in bases if base not in _MIXINS), namespace)
        values = {key: value for key, value in namespace.items() if _is_member(key, value)}
        body = {key: value for key, value in namespace.items() if key not in values}
        if mixins:
            # `class Phase(str, Enum)` is printed as an enumeration, not as the text that it is too.
            hooks = ("__repr__", "__str__", "__format__")
            body = {**{hook: Enum.__dict__[hook] for hook in hooks}, **body}
        if str in mixins:
            body = {"encode": encode, **body}
        cls = type.__new__(mcls, name, bases, body)
        data = mixins[0] if mixins else next((kind for kind in _MIXINS if issubclass(cls, kind)), None)
        members: dict[str, object] = {}
        last: object = 0
        for key, value in values.items():
            last = value if type(value) is not auto else _next(cls, key, last)
            members[key] = next((m for m in members.values() if m.value == last), None) or _member(cls, data, key, last)  # type: ignore[attr-defined]
            type.__setattr__(cls, key, members[key])
        type.__setattr__(cls, "_members_", members)
        return cls

    def __call__(cls, value: object) -> object:
        for member in _all(cls).values():
            if member is value or member.value == value:  # type: ignore[attr-defined]
                return member
        raise ValueError(f"{value!r} is not a valid {cls.__name__}")

    def __iter__(cls) -> Iterator[object]:
        return iter(dict.fromkeys(_all(cls).values()))

    def __len__(cls) -> int:
        return len(set(map(id, _all(cls).values())))

    def __bool__(cls) -> bool:
        return True

    def __contains__(cls, value: object) -> bool:
        return any(member is value or member.value == value for member in _all(cls).values())  # type: ignore[attr-defined]

    def __getitem__(cls, name: str) -> object:
        return _all(cls)[name]

    def __repr__(cls) -> str:
        return f"<enum {cls.__name__}>"


def _next(cls: type, key: str, last: object) -> object:
    if issubclass(cls, StrEnum):
        return key.lower()
    return last + 1 if isinstance(last, int) else 1


def _member(cls: type, data: type | None, key: str, value: object) -> object:
    if data is not None and type(value) is not data:
        raise GuardRefused(f"the value of {key} must be a plain {data.__name__}")
    made: Callable[..., object] = (data or object).__new__
    member = made(cls) if data is None else made(cls, value)
    object.__setattr__(member, "name", key)
    object.__setattr__(member, "value", value)
    return member


class Enum(metaclass=EnumMeta):
    """The base of enumerations."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}.{self.name}: {self.value!r}>"  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return f"{type(self).__name__}.{self.name}"  # type: ignore[attr-defined]

    def __format__(self, spec: str) -> str:
        return str.__format__(str(self), spec)

    def __hash__(self) -> int:
        return hash(self.name)  # type: ignore[attr-defined]


class StrEnum(str, Enum):
    """Members are texts."""

    def __str__(self) -> str:
        return str.__str__(self)

    def __hash__(self) -> int:
        return str.__hash__(self)


class IntEnum(int, Enum):
    """Members are numbers."""

    def __str__(self) -> str:
        return int.__repr__(self)

    def __hash__(self) -> int:
        return int.__hash__(self)


USER_METAS.add(EnumMeta)
EXTENSIBLE.update({Enum, StrEnum, IntEnum})


def unique(enumeration: object) -> object:
    """Refuse two names for one value."""
    if type(enumeration) is not EnumMeta or len(enumeration) != len(_all(enumeration)):
        raise ValueError("an enumeration with a value for each name is needed here")
    return enumeration


SPECS = (fixed("enum", {"Enum": Enum, "StrEnum": StrEnum, "IntEnum": IntEnum, "auto": auto, "unique": unique}),)
