"""What a refusal says to do instead can be done."""

from __future__ import annotations

import pytest

from sandbox.policy.compiler import check
from sandbox.policy.errors import GuardRefused
from sandbox.worker import api

from .support import body, run


@pytest.mark.parametrize(
    "statement", ["ctx.status = {'a': 1}", "ctx.status |= {'a': 1}", "ctx.seen = 1", "del ctx.status"]
)
def test_who_sets_the_status_as_a_whole_is_told_how_it_is_set(statement: str) -> None:
    """The object that an author tries this on is `ctx`, whatever they call it."""
    with pytest.raises(GuardRefused, match=r'ctx\.status\["key"\] = value or ctx\.status\.update'):
        run(statement, ctx=api.Context.__new__(api.Context))


def test_who_reaches_for_the_constructor_of_a_base_is_told_of_another_method() -> None:
    """`super` leads to what is not to be had either, so its hint does not name that."""
    source = "class A:\n    x = 1\nclass B(A):\n    def __init__(self, x):\n        {}\n"
    for call in ("A.__init__(self, x)", "super().__init__(x)"):
        hints = {finding.code: finding.hint for finding in check(body(source.format(call)))}
        assert "let __init__ call a method of another name" in hints["CHK120"]
    assert hints["CHK110"] == "call the method as Base.method(self)"


def test_what_the_hint_says_can_be_done() -> None:
    """A constructor that calls a method, and a derived class that calls the base's."""
    source = """
class A:
    def __init__(self, x):
        self.setup(x)
    def setup(self, x):
        self.x = x
class B(A):
    def setup(self, x):
        A.setup(self, x + 1)
return B(1).x
"""
    assert run(source) == 2
