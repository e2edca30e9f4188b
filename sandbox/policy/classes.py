"""The metaclass of every class that an author defines; the guards know authors' objects by it."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TypeGuard

from sandbox.policy.attributes import EXCEPTION_BASES
from sandbox.policy.errors import GuardRefused
from sandbox.policy.grammar import HOOKS

AUTHOR_MODULE = "<reconciler>"
Exit = Callable[[object, object, object, object], object]


def _shielded(leave: Exit) -> Exit:
    """Keep what is not an ordinary exception, and every traceback, away from an author's `__exit__`.

    A traceback leads to frames; the deadline is a BaseException, which returning True would swallow. The class of
    a refusal stays with us: who has it can raise one in the guard's name, with words of their own.
    """

    def __exit__(self: object, kind: object, error: object, _traceback: object) -> object:
        if isinstance(error, GuardRefused):
            return leave(self, Exception, error, None)
        if kind is None or isinstance(error, Exception):
            return leave(self, kind, error, None)
        leave(self, None, None, None)
        return False

    return __exit__


def _plain_repr(self: object) -> str:
    # `object.__repr__` prints an address, and all workers of a host share their memory layout.
    return f"<{type(self).__name__} object>"


class UserMeta(type):
    """Marks authors' classes, and refuses bases that would hand out more than they should."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, object], **options: bool) -> UserMeta:
        if options:
            raise TypeError(f"{name}.__init_subclass__() takes no keyword arguments")
        mcls._admit(bases, namespace)
        return super().__new__(mcls, name, bases, namespace)

    @classmethod
    def _admit(mcls, bases: tuple[type, ...], namespace: dict[str, object]) -> None:
        """Refuse bases that are not available; make the hooks of the body harmless."""
        # The class statement takes the module from a global that authors cannot write to.
        ours = str(namespace.get("__module__")).startswith("sandbox.policy.facades.")
        for base in () if ours else bases:
            if not mcls._may_extend(base):
                raise GuardRefused(f"a class cannot extend {getattr(base, '__name__', 'this object')!s:.100}")
        for hook, function in namespace.items():
            # A property in a hook's place would be given what its function never sees.
            if hook in HOOKS and type(function) is not FunctionType:
                raise GuardRefused(f"{hook} must be a plain function")
        leave = namespace.get("__exit__")
        if type(leave) is FunctionType:
            namespace["__exit__"] = _shielded(leave)
        if not bases and "__repr__" not in namespace:
            namespace["__repr__"] = _plain_repr

    @staticmethod
    def _may_extend(base: object) -> bool:
        """Authors' own classes, plain exceptions, and what a facade offers to be extended."""
        if base in EXCEPTION_BASES or base in API_EXCEPTIONS:
            return True
        kind = type(base)
        if not (isinstance(base, type) and issubclass(kind, UserMeta)):
            return False
        return base.__module__ == AUTHOR_MODULE or base in EXTENSIBLE


def is_authors(cls: object) -> TypeGuard[UserMeta]:
    """Whether a class is of an author's own source; a facade's has the same metaclass, and all runs share it."""
    return type(cls) is UserMeta and cls.__module__ == AUTHOR_MODULE


# Facades' classes that authors may extend (`enum.Enum`, `typing.TypedDict`); filled where they are defined.
EXTENSIBLE: set[type] = set()
# The host's own exceptions that authors may extend (`Retry`, `Fail`).
API_EXCEPTIONS: set[type] = set()
# The metaclasses, for an exact look-up: a subclass of UserMeta that is not here is nobody's.
USER_METAS: set[type] = {UserMeta}


def register_exception_base(cls: type[Exception]) -> None:
    """Let authors extend an exception of the host's; at warm-up only. They see its `args` and nothing else."""
    if not issubclass(cls, Exception):
        raise TypeError(f"{cls.__name__} is not an exception")
    API_EXCEPTIONS.add(cls)
