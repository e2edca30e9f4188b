"""Authors' classes: which bases, which hooks, and what a hook is given."""

from __future__ import annotations

import pytest

from sandbox.policy.attributes import EXCEPTION_BASES
from sandbox.policy.classes import USER_METAS, UserMeta, register_exception_base
from sandbox.policy.errors import GuardRefused

from .support import API, Fail, env, run


@pytest.mark.parametrize("base", sorted(kind.__name__ for kind in EXCEPTION_BASES))
def test_plain_exceptions_may_be_extended(base: str) -> None:
    """With attributes of the author's own, and `args`."""
    assert run(
        f"class E({base}): pass\ntry:\n    raise E(1)\nexcept {base} as e:\n    e.n = 2\n    return e.args, e.n"
    ) == ((1,), 2)


@pytest.mark.parametrize(
    "kind", sorted(EXCEPTION_BASES, key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__
)
def test_no_base_brings_attributes_of_its_own(kind: type) -> None:
    """`AttributeError.obj` hands out the object that was asked; such bases are not in the table."""
    assert {name for name in dir(kind) if not name.startswith("_")} <= {"args", "with_traceback", "add_note"}


@pytest.mark.parametrize(
    "base",
    [
        "dict",
        "list",
        "str",
        "int",
        "tuple",
        "property",
        "AttributeError",
        "UnicodeError",
        "StopIteration",
        "slice",
        "dt.date",
        "col.deque",
        "col.Counter",
        "dec.Decimal",
        "Fail",
    ],
)
def test_other_bases_are_refused(base: str) -> None:
    """A subclass of a builtin has hooks in places where C code expects none."""
    source = "import datetime as dt, collections as col, decimal as dec\nfrom chakrator import Fail\n"
    with pytest.raises(GuardRefused):
        run(f"{source}class Mine({base}): pass")


def test_the_hosts_exceptions_when_registered() -> None:
    """`class NotReady(Retry)` is what an author expects to write."""

    class Retry(Exception):
        """The host's own."""

    register_exception_base(Retry)
    modules = {"chakrator": type(API["chakrator"])("chakrator", {"Retry": Retry})}
    run_env = type(env())(write=print, now=env().now, seed=b"", modules=modules)
    source = "from chakrator import Retry\nclass NotReady(Retry): pass\nraise NotReady('later')"
    with pytest.raises(Retry, match="later"):
        run(source, run_env=run_env)
    with pytest.raises(TypeError):
        register_exception_base(int)  # type: ignore[arg-type]
    assert not UserMeta._may_extend(Fail)


def test_exit_never_sees_a_traceback() -> None:
    """It leads to frames; kind and error are what the author needs."""
    source = """
seen = []
class C:
    def __enter__(self): return self
    def __exit__(self, kind, error, trace):
        seen.append((kind is ValueError, error.args, trace))
        return True
with C():
    raise ValueError(1)
return seen
"""
    assert run(source.strip()) == [(True, (1,), None)]


def test_exit_is_not_given_the_class_of_a_refusal() -> None:
    """With it an author could raise a refusal of their own, in the guard's name and in their words."""
    source = """
class C:
    def __enter__(self): return self
    def __exit__(self, kind, error, trace):
        raise kind("forged")
with C():
    getattr(obj, "format")
"""
    with pytest.raises(Exception, match=r"^forged$") as caught:
        run(source.strip(), "text")
    assert caught.type is Exception


def test_exit_cannot_swallow_the_deadline() -> None:
    """What is not an ordinary exception passes, and is not shown; the author may still clean up."""

    class Deadline(BaseException):
        """The run's time is over."""

    class Ctx:
        """Raises in the middle of a run."""

        def __call__(self) -> None:
            raise Deadline

    seen: list[object] = []
    source = """
class C:
    def __enter__(self): return self
    def __exit__(self, kind, error, trace):
        obj.append((kind, error, trace))
        return True
with C():
    ctx()
"""
    with pytest.raises(Deadline):
        run(source.strip(), seen, Ctx())
    assert seen == [(None, None, None)]


@pytest.mark.parametrize("wrapper", ["property", "staticmethod", "lambda f: 5"])
def test_hooks_are_plain_functions(wrapper: str) -> None:
    """A property in the place of `__exit__` would be given what its function never sees."""
    with pytest.raises(GuardRefused):
        run(f"deco = {wrapper}\nclass C:\n    @deco\n    def __exit__(self, *a): return True")


def test_no_address_in_a_repr() -> None:
    """All workers of a host share their memory layout."""
    assert run("class A: pass\nclass B(A): pass\nreturn repr(A()), str(B()), f'{A()}'") == (
        "<A object>",
        "<B object>",
        "<A object>",
    )


def test_classes_cannot_be_changed_afterwards() -> None:
    """A class lives as long as its run; its attributes are what the body made."""
    with pytest.raises(GuardRefused):
        run("class A: pass\nA.x = 1")
    with pytest.raises(GuardRefused):
        run("class A:\n    x = 1\ndel A.x")


def test_a_metaclass_shows_nothing() -> None:
    """What is public on a metaclass can be read on every class of an author."""
    for meta in USER_METAS:
        assert {name for name in dir(meta) if not name.startswith("_")} == {"mro"}
