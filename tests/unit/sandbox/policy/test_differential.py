"""Generated programs: what the policy accepts gives what plain Python gives, value or error."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.policy.errors import GuardRefused

from .support import body, codes, plain, run

NAMES = st.sampled_from(["a", "b", "c"])
ATOMS = st.one_of(
    st.integers(-3, 20).map(repr),
    st.sampled_from(["'x'", "'ab c'", "''", "1.5", "None", "True", "[1, 2]", "{'k': 1}", "(3, 4)", "[]", "{1, 2}"]),
    NAMES,
)
BINARY = st.sampled_from(["+", "-", "*", "//", "%", "&", "|", "^", "<<", "==", "<", "in", "is", "and", "or", "not in"])
METHODS = st.sampled_from(
    [".upper()", ".split()", ".get('k')", ".keys()", ".copy()", ".count(1)", ".strip('x')", ".items()", ".bit_length()"]
)
CALLS = st.sampled_from(["len", "str", "repr", "sorted", "list", "bool", "int", "sum", "max", "tuple", "abs"])


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, BINARY, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, METHODS).map("".join),
        st.tuples(CALLS, inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"{t[0]}[{t[1]}]" if t[0] in "abc" else f"({t[0]})[{t[1]}]"),
        st.tuples(inner, inner).map(lambda t: f"[{t[0]} for c in {t[1]}]"),
        st.tuples(inner, inner).map(lambda t: f"{{c: {t[0]} for c in {t[1]} if c}}"),
        inner.map(lambda e: f"(lambda c, *d: ({e}, d))(1, 2)"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        inner.map(lambda e: f'f"{{{e}!r:>4}}"' if '"' not in e and "\\" not in e and "'" not in e else e),
        st.tuples(NAMES, inner).map(lambda t: f"({t[0]} := {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"getattr({t[0]}, 'upper', {t[1]})"),
    )


EXPRESSIONS = st.recursive(ATOMS, _grow, max_leaves=6)
AUGMENTED = st.sampled_from(["+=", "-=", "*=", "//=", "%=", "|=", "&=", "<<="])


@st.composite
def statements(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """A block of one to four statements."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3 if depth else 4))):
        kind = draw(st.integers(0, 9 if depth < 2 else 3))
        name, value = draw(NAMES), draw(EXPRESSIONS)
        if kind == 0:
            lines.append(f"{name} = {value}")
        elif kind == 1:
            lines.append(f"{name} {draw(AUGMENTED)} {value}")
        elif kind == 2:
            lines.append(f"{name}[{draw(EXPRESSIONS)}] {draw(st.sampled_from(['=', '+=', '*=']))} {value}")
        elif kind == 3:
            lines.append(
                draw(st.sampled_from([f"a, *b = {value}", f"a = b = {value}", f"a, (b, c) = {value}, (1, 2)"]))
            )
        else:
            inner = ["    " + line for line in draw(statements(depth=depth + 1))]
            heads = {
                4: [f"if {value}:", *inner, "else:", "    pass"],
                5: [f"for {name} in list({value})[:3]:", *inner],
                6: [
                    "try:",
                    *inner,
                    "except (TypeError, ValueError, KeyError, IndexError) as e:",
                    f"    {name} = {value}",
                ],
                7: ["def f(c=1):", "    nonlocal a, b", *inner, "    return c", f"{name} = f({value})"],
                8: [
                    f"match {value}:",
                    "    case [c, *_] | {'k': c}:",
                    *("    " + i for i in inner),
                    "    case str(b):",
                    "        pass",
                ],
                9: ["class K:", "    c = 1", *inner, "a = K.c"],
            }
            lines.extend(heads[kind])
    return lines


@dataclass
class Tally:
    """How much of what was generated said anything."""

    programs: int = 0
    accepted: int = 0
    refused_at_run: int = 0
    kinds: set[str] = field(default_factory=set)


def compiles(source: str) -> bool:
    """Whether it is a Python program at all; the generator does not know every rule of scopes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(body(source), "<generated>", "exec", dont_inherit=True)
        except SyntaxError:
            return False
        return True


def outcome(execute: object, source: str) -> tuple[str, str]:
    """The value, or the kind of error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return "value", repr(execute(source))  # type: ignore[operator]
        except GuardRefused:
            return "refused", ""
        except Exception as error:
            return "error", type(error).__name__


def test_accepted_programs_mean_the_same() -> None:
    """A guard may refuse what grows without bound; nothing else may differ."""
    tally = Tally()

    @settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(statements())
    def hold(lines: list[str]) -> None:
        source = "\n".join(["a, b, c = 1, [2, 3], {'k': 4}", "def work():", "    nonlocal a, b, c"])
        source += "\n" + "\n".join("    " + line for line in lines) + "\nwork()\nreturn a, b, c"
        if not compiles(source):
            return
        tally.programs += 1
        if codes(source):
            return
        tally.accepted += 1
        expected = outcome(plain, source)
        got = outcome(run, source)
        tally.kinds.add(expected[0])
        if got[0] == "refused":
            tally.refused_at_run += 1
            return
        assert got == expected, source

    hold()
    print(f"{tally.programs} programs, {tally.accepted} accepted, {tally.refused_at_run} refused at run time")
    assert tally.accepted > tally.programs * 0.6
    assert tally.refused_at_run < tally.accepted * 0.03
    assert tally.kinds == {"value", "error"}
