"""Every guard, with what it lets through and what it refuses."""

from __future__ import annotations

import collections
import datetime as dt
import re
import types
from typing import Any

import pytest

from sandbox.policy import guards
from sandbox.policy.classes import UserMeta
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades.base import Facade
from sandbox.policy.grammar import DENIED

from .support import run

get = guards.make_getattr({})


class Text(str):
    """A string that lies."""

    __slots__ = ()


Author = UserMeta("Author", (), {"__module__": "<reconciler>", "x": 1})


def _generator() -> types.GeneratorType[int, None, None]:
    return (n for n in [1])


@pytest.mark.parametrize("name", [Text("get"), b"get", ("get",), None, 1])
def test_getattr_wants_a_plain_string(name: object) -> None:
    """A subclass of str could be one name when checked and another when used."""
    with pytest.raises(GuardRefused):
        get({}, name)


@pytest.mark.parametrize(
    "obj",
    [
        len,
        _generator,
        _generator(),
        [].append,
        re,
        types,
        type,
        object,
        test_getattr_wants_a_plain_string.__code__,
        iter([]),
        memoryview(b""),
        types.SimpleNamespace(a=1),
        re.compile("a"),
        Facade.__getattr__,
    ],
    ids=repr,
)
def test_getattr_offers_nothing_on_unknown_types(obj: object) -> None:
    """Functions, generators, methods, modules, classes: no name at all, whatever the name is."""
    for name in dir(obj):
        with pytest.raises(GuardRefused):
            get(obj, name)
    with pytest.raises(GuardRefused):
        get(obj, "nothing_of_the_kind", None)


@pytest.mark.parametrize("name", sorted(DENIED | {"__class__", "_x", "__dict__", "_"}))
@pytest.mark.parametrize("obj", [{}, "", Author(), Author, ValueError("a"), dt.date(2000, 1, 1), str], ids=repr)
def test_getattr_refuses_denied_names_on_everything(obj: object, name: str) -> None:
    """With a default as without: the default is honoured after the checks, not instead."""
    with pytest.raises(GuardRefused):
        get(obj, name)
    with pytest.raises(GuardRefused):
        get(obj, name, None)


def test_getattr_answers_as_python_does_where_it_is_allowed() -> None:
    """Known names, missing names, defaults."""
    assert get({}, "get") is not None
    assert get(ValueError(1), "args") == (1,)
    assert get(Author(), "x") == get(Author, "x") == 1
    assert get({}, "nothing", 5) == 5
    assert get(Author(), "nothing", 6) == 6
    for obj in ({}, Author(), Author):
        with pytest.raises(AttributeError):
            get(obj, "nothing")


def test_getattr_does_not_open_what_a_known_type_has_beyond_the_table() -> None:
    """`datetime.now` reads a clock; it exists, so a default does not hide the refusal."""
    with pytest.raises(GuardRefused):
        get(dt.datetime.fromtimestamp(0, dt.UTC), "now", None)
    with pytest.raises(GuardRefused):
        get(dt.datetime, "now")


def test_hasattr_answers_what_getattr_does() -> None:
    """It is no oracle for what is refused."""
    has = guards.make_hasattr(get)
    assert has({}, "get")
    assert not has({}, "nothing")
    with pytest.raises(GuardRefused):
        has({}, "__class__")


@pytest.mark.parametrize(
    "obj", [{}, [], collections.defaultdict(list), collections.deque(), collections.OrderedDict(), Author()], ids=repr
)
def test_write_hands_back_the_very_object(obj: object) -> None:
    """No wrapper: identity and speed stay."""
    assert guards.guarded_write(obj) is obj


@pytest.mark.parametrize(
    "obj",
    [set(), len, _generator, re, str, Author, ValueError(), Facade("m", {}), bytearray(), dt, Text(), object()],
    ids=repr,
)
def test_write_refuses_all_else(obj: object) -> None:
    """Modules, functions, classes, facades, whatever is not the author's own."""
    with pytest.raises(GuardRefused):
        guards.guarded_write(obj)


@pytest.mark.parametrize("obj", [(), "", b"", 1, 1.5, True, None, frozenset(), range(1)], ids=repr)
def test_write_to_a_plain_value_is_an_ordinary_mistake(obj: object) -> None:
    """`None["x"] = 1` is what everybody writes once: Python refuses it, and nothing is changed by it."""
    value: Any = guards.guarded_write(obj)
    assert value is obj
    for attempt in (lambda: value.__setitem__(0, 1), lambda: setattr(value, "x", 1), lambda: value.__delitem__(0)):
        with pytest.raises((TypeError, AttributeError)):
            attempt()


@pytest.mark.parametrize(
    ("op", "left", "right"),
    [("*", 1 << 9000, 1 << 9000), ("**", 2, 1 << 14), ("<<", 1, 1 << 14)],
)
def test_growth_is_bounded(op: str, left: object, right: object) -> None:
    """In an operation between literals and in an augmented assignment."""
    for attempt in (
        lambda: guards.bounded_binop(op, left, right),
        lambda: guards.bounded_inplace(op, left, right),
    ):
        with pytest.raises(GuardRefused):
            attempt()


def test_growth_within_the_bound() -> None:
    """The results are Python's."""
    assert guards.bounded_binop("**", 2, 10) == 1024
    assert guards.bounded_binop("**", 2, -1) == 0.5
    assert guards.bounded_binop("*", "ab", -1) == ""
    assert guards.bounded_inplace("*", 2.5, 2) == 5.0
    items = [1]
    assert guards.bounded_inplace("*", items, 2) is items
    with pytest.raises(ValueError, match="negative shift"):
        guards.bounded_binop("<<", 1, -1)


def test_print_writes_to_the_run_and_nowhere_else() -> None:
    """Only sep, end and flush; no more text at a time than a log line may have."""
    out: list[str] = []
    say = guards.make_print(out.append)
    say("a", 1, [2], sep="-", end="!")
    say("b", sep=None, end=None, flush=True)
    say("x" * 100_000, "y")
    assert out[:2] == ["a-1-[2]!", "b\n"]
    assert len(out[2]) == guards.MAX_PRINT
    with pytest.raises(TypeError):
        say("a", file=out)
    with pytest.raises(GuardRefused):
        say("a", sep=Text(","))


@pytest.mark.parametrize("encoding", ["idna", "punycode", "hex", "unicode_escape", "mbcs", "utf-16", "../x"])
def test_encodings_are_three(encoding: str) -> None:
    """The real ones import a module by a name that the author gives."""
    with pytest.raises(GuardRefused):
        run(f"return 'a'.encode({encoding!r})")
    with pytest.raises(GuardRefused):
        run(f"return b'a'.decode({encoding!r})")


def test_encode_and_decode() -> None:
    """The three that everybody needs, and the errors that do not import anything."""
    assert run("return 'é'.encode(), 'é'.encode('latin-1'), 'é'.encode('ascii', 'replace')") == (
        b"\xc3\xa9",
        b"\xe9",
        b"?",
    )
    assert run("return b'\\xc3\\xa9'.decode(), b'\\xff'.decode('utf-8', errors='ignore')") == ("é", "")


def test_a_refusal_is_an_ordinary_exception_that_keeps_its_type() -> None:
    """Authors may catch it; uncaught, or raised again, it is still a refusal to whoever looks."""
    assert run("try:\n    getattr(obj, '__class__')\nexcept Exception as e:\n    return 'caught'", 1) == "caught"
    with pytest.raises(GuardRefused):
        run("try:\n    getattr(obj, '__class__')\nexcept Exception as e:\n    raise", 1)
    with pytest.raises(GuardRefused):
        run("try:\n    getattr(obj, '__class__')\nexcept Exception as e:\n    raise e", 1)
