"""`typing`: names without behaviour. Annotations are never evaluated, so nothing here needs to be real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sandbox.policy.classes import EXTENSIBLE, USER_METAS, UserMeta
from sandbox.policy.facades.base import fixed
from sandbox.policy.facades.namedtuples import NamedTuple
from sandbox.policy.words import words

_FORMS = words(
    """
    AbstractSet Annotated Any AnyStr AsyncGenerator AsyncIterable AsyncIterator Awaitable ByteString Callable ChainMap
    ClassVar Collection Concatenate Container ContextManager Coroutine Counter DefaultDict Deque Dict Final FrozenSet
    Generator Generic Hashable IO ItemsView Iterable Iterator KeysView List Literal LiteralString Mapping MappingView
    Match MutableMapping MutableSequence MutableSet Never NoReturn NotRequired Optional OrderedDict ParamSpec Pattern
    Protocol ReadOnly Required Reversible Self Sequence Set Sized SupportsAbs SupportsFloat SupportsIndex SupportsInt
    SupportsRound Text TextIO Tuple Type TypeAlias TypeGuard TypeIs TypeVar TypeVarTuple Union Unpack ValuesView
    """
)
# As in collections.abc, with the plain types that an isinstance() against them accepts.
_KINDS: Mapping[str, tuple[type, ...]] = {
    "Callable": (),
    "Container": (str, bytes, list, tuple, set, frozenset, dict, range),
    "ItemsView": (type({}.items()),),
    "KeysView": (type({}.keys()),),
    "ValuesView": (type({}.values()),),
    "Awaitable": (),
    "Coroutine": (),
    "Reversible": (list, tuple, dict, range, str),
    "Collection": (str, bytes, list, tuple, set, frozenset, dict, range),
    "Generator": (),
    "Hashable": (str, bytes, int, float, bool, tuple, frozenset),
    "Iterable": (str, bytes, list, tuple, set, frozenset, dict, range),
    "Iterator": (),
    "Mapping": (dict,),
    "MutableMapping": (dict,),
    "MutableSequence": (list,),
    "MutableSet": (set,),
    "Sequence": (str, bytes, list, tuple, range),
    "Set": (set, frozenset),
    "Sized": (str, bytes, list, tuple, set, frozenset, dict, range),
}


class Form:
    """A name to write in annotations and among bases: subscripting and joining give the same name."""

    __slots__ = ("_kinds", "_name")

    def __init__(self, name: str, kinds: tuple[type, ...] = ()) -> None:
        self._name = name
        self._kinds = kinds

    def __repr__(self) -> str:
        return self._name

    def __getitem__(self, _arguments: object) -> Form:
        return self

    def __or__(self, _other: object) -> Form:
        return self

    def __ror__(self, _other: object) -> Form:
        return self

    def __call__(self, *_arguments: object, **_options: object) -> Form:
        return self

    def __mro_entries__(self, _bases: tuple[object, ...]) -> tuple[type, ...]:
        return ()

    def __instancecheck__(self, instance: object) -> bool:
        if not self._kinds:
            raise TypeError(f"isinstance() cannot be asked about {self._name}")
        return isinstance(instance, self._kinds)


class TypedDictMeta(UserMeta):
    """A TypedDict is a plain dict when it is called: only a checker knows more."""

    def __new__(
        mcls, name: str, bases: tuple[type, ...], namespace: dict[str, object], *, total: bool = True
    ) -> UserMeta:
        return super().__new__(mcls, name, bases, namespace)

    def __call__(cls, *args: object, **named: object) -> object:
        return dict(*args, **named)


class TypedDict(metaclass=TypedDictMeta):
    """The base of typed dicts."""

    __slots__ = ()


USER_METAS.add(TypedDictMeta)
EXTENSIBLE.add(TypedDict)


def cast(_kind: object, value: object) -> object:
    """The value."""
    return value


def new_type(_name: str, _kind: object) -> Callable[[object], object]:
    """The identity, as at run time."""

    def same(value: object) -> object:
        return value

    return same


def unchanged(thing: object) -> object:
    """A decorator that only a checker understands."""
    return thing


def assert_never(arg: object) -> object:
    """Nobody comes here, says a checker."""
    raise AssertionError(f"Expected code to be unreachable, but got: {arg!r:.100}")


ABC_SPEC: Mapping[str, object] = MappingProxyType({name: Form(name, kinds) for name, kinds in _KINDS.items()})

SPECS = (
    fixed(
        "typing",
        {
            **{name: Form(name, _KINDS.get(name, ())) for name in _FORMS},
            "NamedTuple": NamedTuple,
            "TypedDict": TypedDict,
            "TYPE_CHECKING": False,
            "assert_never": assert_never,
            "no_type_check": unchanged,
            "runtime_checkable": unchanged,
            "cast": cast,
            "NewType": new_type,
            "overload": unchanged,
            "final": unchanged,
            "override": unchanged,
        },
    ),
)
