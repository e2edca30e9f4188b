"""The builtins of author code: what computes, and nothing that looks around.

Left out on purpose: type, object, super (they hand out the metaclass or its like); id, hash (memory layout
and hash seed are shared by all workers); vars, dir, globals, locals; open, input, eval, exec, compile;
memoryview, bytearray; setattr, delattr; BaseException and its exits; help, breakpoint, complex.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from types import FunctionType, MappingProxyType

from sandbox.policy.errors import GuardRefused
from sandbox.policy.words import words

_FUNCTIONS = words(
    """
    abs all any ascii bin bool bytes callable chr dict divmod enumerate filter float format frozenset hex
    int isinstance issubclass iter len list map max min next oct ord pow property range repr reversed round
    set slice sorted staticmethod str sum tuple zip
    """
)
_EXCEPTIONS = words(
    """
    ArithmeticError AssertionError AttributeError Exception FloatingPointError IndexError KeyError
    LookupError MemoryError NameError NotImplementedError OverflowError RecursionError RuntimeError
    StopIteration TypeError UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError ZeroDivisionError
    """
)
_CONSTANTS = ("None", "True", "False", "Ellipsis", "NotImplemented")
# Given to each run by `fresh_globals`, as they close over the run.
OF_THE_RUN = ("getattr", "hasattr", "print")


def _classmethod(function: object, /) -> object:
    """The real one takes any descriptor, and would run it with our class in its hand."""
    if type(function) is not FunctionType:
        raise GuardRefused("classmethod decorates a plain function")
    return classmethod(function)


SAFE_BUILTINS: Mapping[str, object] = MappingProxyType(
    {
        **{name: getattr(builtins, name) for name in (*_FUNCTIONS, *_EXCEPTIONS, *_CONSTANTS)},
        "classmethod": _classmethod,
    }
)
KNOWN_NAMES = frozenset(SAFE_BUILTINS) | frozenset(OF_THE_RUN)

# Hints at save time for names that other Python code uses.
NAME_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "open": "a reconciler has no files",
        "input": "a reconciler has no terminal",
        "eval": "there is no evaluation of text; json.loads reads data",
        "exec": "there is no evaluation of text; json.loads reads data",
        "compile": "there is no evaluation of text; json.loads reads data",
        "type": "use isinstance()",
        "object": "a class needs no base",
        "super": "call the method as Base.method(self)",
        "BaseException": "use Exception",
        "setattr": "assign to the attribute, or use a dict",
        "delattr": "use a dict",
        "vars": "use a dict",
        "dir": "use a dict",
        "globals": "use a module variable",
        "locals": "use a dict",
        "hash": "use hashlib",
        "id": "use `is`, or a key of your own",
        "bytearray": "use bytes or a list of numbers",
        "quit": "use return",
        "exit": "use return",
    }
)
