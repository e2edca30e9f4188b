"""What an author's value must be to leave the worker."""

from __future__ import annotations

import json
import math
from collections import Counter, OrderedDict, defaultdict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.wire import limits
from sandbox.worker.values import LimitReached, cut, encode

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=30,
)


@given(JSON)
def test_json_values_are_encoded_as_any_encoder_would(value: object) -> None:
    """What passes the check means the same to another JSON implementation."""
    assert json.loads(encode(value, "x")) == value


class Sneaky(dict):  # type: ignore[type-arg]
    """A subclass, whose methods an encoder might call."""


class Text(str):
    """A text that is not one."""


@pytest.mark.parametrize(
    "value",
    [
        {1: 2},
        {"a": {None: 1}},
        {"a": {1, 2}},
        [object()],
        {"a": b"x"},
        Sneaky(a=1),
        [Text("a")],
        {Text("a"): 1},
        Counter("a"),
    ],
    ids=repr,
)
def test_other_types_are_the_authors_mistake(value: object) -> None:
    """Only exact builtin types: nothing of the author's runs while it is encoded."""
    with pytest.raises(TypeError, match=r"^ctx"):
        encode(value, "ctx.apply")


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**64, -(2**63) - 1, "\ud800", {"\udfff": 1}], ids=repr)
def test_values_that_json_cannot_hold_are_refused(value: object) -> None:
    """They would be changed silently, or break the frame."""
    with pytest.raises(ValueError, match=r"^x: "):
        encode({"a": [value]}, "x")


@pytest.mark.parametrize("value", [defaultdict(list, a=[1]), OrderedDict(a=[1]), {"a": (1,)}], ids=repr)
def test_harmless_relatives_are_taken(value: object) -> None:
    """What the standard library's own types hold is JSON."""
    assert msgspec.json.decode(encode(value, "x")) == {"a": [1]}


def test_a_value_that_contains_itself_is_refused() -> None:
    """The walk ends at the depth limit."""
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="contains itself"):
        encode(loop, "x")


def test_a_value_that_shares_its_parts_meets_the_budget() -> None:
    """Ten to the tenth values in a few bytes are counted before they are copied."""
    bomb: object = ["x"]
    for _ in range(10):
        bomb = [bomb] * 10
    with pytest.raises(LimitReached):
        encode(bomb, "x")


def test_a_text_shared_many_times_meets_the_budget() -> None:
    """The size counts what would be written, not what is held."""
    with pytest.raises(LimitReached):
        encode(["x" * 100_000] * 1000, "x")


def test_a_limit_is_no_exception_that_an_author_can_catch() -> None:
    """`except Exception` must not go on after it."""
    assert not issubclass(LimitReached, Exception)


@given(st.text())
def test_a_cut_text_always_travels(text: str) -> None:
    """Bounded, and valid UTF-8."""
    short = cut(text, 10)
    assert len(short) <= 10
    assert msgspec.json.decode(msgspec.json.encode(short)) == short


def test_the_deepest_allowed_value_passes() -> None:
    """The limit is where it says."""
    value: object = 1
    for _ in range(limits.MAX_DEPTH - 1):
        value = [value]
    assert encode(value, "x")
