"""`contextlib`: three ways to make a `with`. None of them lets the run's deadline, or a traceback, reach an author."""

from __future__ import annotations

from collections.abc import Callable
from types import GeneratorType

from sandbox.policy.facades.base import fixed

Function = Callable[..., object]


class _Suppress:
    __slots__ = ("_kinds",)

    def __init__(self, *exceptions: type[Exception]) -> None:
        for kind in exceptions:
            if not (isinstance(kind, type) and issubclass(kind, Exception)):
                raise TypeError("suppress takes classes of exceptions")
        self._kinds = exceptions

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: object, _traceback: object) -> bool:
        return isinstance(error, self._kinds)


class _Null:
    __slots__ = ("_result",)

    def __init__(self, enter_result: object = None) -> None:
        self._result = enter_result

    def __enter__(self) -> object:
        return self._result

    def __exit__(self, *_what: object) -> None:
        return None


class _Managed:
    __slots__ = ("_generator",)

    def __init__(self, generator: GeneratorType[object, None, None]) -> None:
        self._generator = generator

    def __enter__(self) -> object:
        try:
            return next(self._generator)
        except StopIteration:
            raise RuntimeError("generator didn't yield") from None

    def __exit__(self, _kind: object, error: object, _traceback: object) -> bool:
        if error is None:
            if next(self._generator, self) is not self:
                raise RuntimeError("generator didn't stop")
            return False
        if not isinstance(error, Exception):
            # The deadline: the generator could keep it, and go on.
            return False
        try:
            self._generator.throw(error)
        except StopIteration as ended:
            return ended is not error
        except Exception as raised:
            if raised is error:
                return False
            raise
        raise RuntimeError("generator didn't stop after throw()")


def contextmanager(function: Function) -> Function:
    """A function with one `yield` as a context."""

    def make(*args: object, **named: object) -> _Managed:
        generator = function(*args, **named)
        if type(generator) is not GeneratorType:
            raise TypeError("contextmanager decorates a function that yields")
        return _Managed(generator)

    return make


def suppress(*exceptions: type[Exception]) -> _Suppress:
    """Forget these exceptions."""
    return _Suppress(*exceptions)


def nullcontext(enter_result: object = None) -> _Null:
    """Nothing happens on the way in and out."""
    return _Null(enter_result)


SPECS = (fixed("contextlib", {"contextmanager": contextmanager, "nullcontext": nullcontext, "suppress": suppress}),)
