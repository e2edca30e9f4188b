"""A grammar of sources: all of Python's statements, what the policy takes and what it must refuse.

Half of the sources are tame: made of what is accepted, so that code is compiled and not only refused.
"""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

Texts = st.SearchStrategy[str]


def _words(tame: bool, good: str, bad: str) -> Texts:
    return st.sampled_from(good.split() if tame else [*good.split(), *bad.split()])


def _lines(tame: bool, good: str, bad: str) -> Texts:
    lines = (good if tame else good + "\n" + bad).splitlines()
    return st.sampled_from([line.strip() for line in lines if line.strip()])


@cache
def names(tame: bool) -> Texts:
    """Names that are bound, and in a wild source all others."""
    return _words(
        tame, "a b c obj ctx len str dict sorted print", "self x re _ _a __class__ __builtins__ open type super"
    )


@cache
def expressions(tame: bool) -> Texts:
    """Every kind of expression."""
    atoms = st.one_of(
        names(tame),
        st.integers(-(2**70), 2**70).map(repr),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.text("abc é😀\n{}%'", max_size=12).map(repr),
        _words(tame, "None ... [] {} () {*a} [*b] {**c} '\\\\N{BULLET}' b'x'", f"1j yield 0x{'f' * 80} __debug__"),
    )
    return st.recursive(atoms, lambda inner: _grown(tame, inner), max_leaves=6)


def _formatted(e: str) -> str:
    # An f-string of 3.11 cannot hold its own quotes, nor a backslash; what cannot be held stands by itself.
    return e if set(e) & set("'\\{}\n") else "f'{(" + e + ")!r:>{a}}'"


def _grown(tame: bool, e: Texts) -> Texts:
    operators = _lines(
        tame,
        "+\n-\n*\n/\n//\n%\n**\n<<\n>>\n&\n|\n^\nand\nor\n==\n!=\n<\n>\nin\nis\nnot in\nis not",
        "@",
    )
    attributes = _words(
        tame, "get items append upper split", "format format_map mro args __class__ __dict__ _x f_globals func sys"
    )
    kinds = [
        st.tuples(e, operators, e).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["-", "~", "not "]), e).map(lambda t: f"({t[0]}{t[1]})"),
        st.tuples(e, attributes).map(lambda t: f"({t[0]}).{t[1]}"),
        st.tuples(e, e).map(lambda t: f"({t[0]})[{t[1]}]"),
        st.tuples(e, e, e).map(lambda t: f"({t[0]})[{t[1]}:{t[2]}]"),
        st.tuples(names(tame), e, e).map(lambda t: f"{t[0]}({t[1]}, *{t[2]}, k={t[1]}, **{t[2]})"),
        st.tuples(e, e).map(lambda t: f"({t[0]})({t[1]})"),
        st.tuples(e, e, e).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(st.sampled_from("abc"), e).map(lambda t: f"({t[0]} := {t[1]})"),
        st.tuples(names(tame), e).map(lambda t: f"(lambda {t[0]}=1, *z, k=2: {t[1]})"),
        st.tuples(e, names(tame), e).map(lambda t: f"[{t[0]} for {t[1]} in {t[2]} if {t[0]}]"),
        e.map(_formatted),
        st.lists(e, max_size=3).map(lambda many: "{" + ", ".join(f"{one}: {one}" for one in many) + "}"),
    ]
    if not tame:
        kinds += [
            st.tuples(st.sampled_from(["await ", "*", "yield from ", "(yield) + "]), e).map("".join),
            st.tuples(e, names(tame), e).map(lambda t: f"{{{t[0]}: {t[1]} async for {t[1]} in {t[2]}}}"),
        ]
    return st.one_of(kinds)


@cache
def _simple(tame: bool) -> Texts:
    e, name = expressions(tame), names(tame)
    targets = _lines(tame, "a\nb\na, *b\na[b]\na, (b, c)\n[a, b]", "a.b\n_a\nprint\n(a)()\na[b:c]\n__class__")
    modules = _words(tame, "re json math typing dataclasses datetime", "os sys chakrator urllib.parse __future__ _a")
    kinds = [
        st.tuples(targets, e).map(lambda t: f"{t[0]} = {t[1]}"),
        st.tuples(st.sampled_from(["a", "b[c]"]), st.sampled_from("+-*|"), e).map(lambda t: f"{t[0]} {t[1]}= {t[2]}"),
        st.tuples(st.sampled_from("abc"), e, e).map(lambda t: f"{t[0]}: {t[1]} = {t[2]}"),
        st.tuples(st.sampled_from(["assert", "", "if a: pass\nelif", "while a: break\nif"]), e).map(_statement),
        st.tuples(modules, st.sampled_from("abc")).map(lambda t: f"import {t[0]} as {t[1]}"),
        st.sampled_from(["pass", "a = 1; b = 2", "a = 1 # a remark"]),
    ]
    if not tame:
        kinds += [
            st.tuples(st.sampled_from(["return", "raise", "del", "yield", "raise a from"]), e).map(" ".join),
            st.tuples(st.sampled_from(["global", "nonlocal"]), name).map(" ".join),
            st.tuples(modules, name).map(lambda t: f"from {t[0]} import {t[1]}"),
            st.tuples(modules, st.sampled_from(["from {} import *", "from .{} import a"])).map(
                lambda t: t[1].format(t[0])
            ),
            st.tuples(name, e).map(lambda t: f"type {t[0]}[T] = {t[1]}"),
            st.sampled_from(
                ["break", "continue", "# type: ignore", "# mypy: ignore-errors", "\f", "\\", "if", "raise"]
            ),
        ]
    return st.one_of(kinds)


def _statement(parts: tuple[str, str]) -> str:
    word, e = parts
    return f"{word} {e}: pass" if word.endswith("if") else f"{word} {e}".strip()


@cache
def _heads(tame: bool) -> Texts:
    e, name = expressions(tame), names(tame)
    kinds = [
        e.map(lambda one: f"if {one}:"),
        e.map(lambda one: f"while {one}:"),
        e.map(lambda one: f"for a, b in {one}:"),
        e.map(lambda one: f"with {one} as a:"),
        e.map(lambda one: f"def a(b: {one} = {one}, /, *c, k=1, **d) -> {one}:"),
        st.sampled_from(["class A:", "class B(Exception):"]),
    ]
    if not tame:
        kinds += [
            st.tuples(name, e).map(lambda t: f"async def {t[0]}(a={t[1]}):"),
            st.tuples(name, e).map(lambda t: f"class {t[0]}({t[1]}):"),
            st.tuples(name, e).map(lambda t: f"class {t[0]}(metaclass={t[1]}):"),
            st.tuples(name, e).map(lambda t: f"def {t[0]}[T]({t[0]}, _b={t[1]}):"),
        ]
    return st.one_of(kinds)


@st.composite
def blocks(draw: st.DrawFn, tame: bool, depth: int = 0) -> list[str]:
    """One to three statements, nested up to four deep, as lines."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 7)) if depth < 4 else 0
        if kind <= 2:
            lines += draw(_simple(tame)).split("\n")
            continue
        inner = ["    " + line for line in draw(blocks(tame, depth + 1))]
        if kind == 3:
            handlers = _lines(
                tame, "except ValueError as c:\nexcept:\nfinally:", "except* a:\nexcept (a, b):\nexcept _a:"
            )
            lines += ["try:", *inner, draw(handlers), *inner]
        elif kind == 4:
            patterns = _lines(
                tame,
                "_\na\n1\n'x'\nNone\n[a, *b]\n{'k': b, **c}\nstr(b)\nint() | float()\n([a, 1] as b)\n-1",
                "A(x=1)\na.b\n_a\n{**__class__}\nstr(a, b)\ntype(a)\nobject(__class__=b)",
            )
            guard = draw(st.sampled_from(["", " if a"]))
            lines += [f"match {draw(expressions(tame))}:", f"    case {draw(patterns)}{guard}:"]
            lines += ["    " + line for line in inner]
        else:
            lines += [f"@{draw(expressions(tame))}"] if kind == 5 and not tame else []
            lines += [draw(_heads(tame)), *inner]
            lines += ["else:", *inner] if kind == 6 and not tame else []
    return lines


@st.composite
def sources(draw: st.DrawFn) -> str:
    """A module with a `reconcile` of generated statements, and statements around it."""
    tame = draw(st.booleans())
    lines = draw(st.one_of(st.just([]), blocks(tame)))
    body = ["    " + line for line in draw(blocks(tame, 1))]
    ends = st.sampled_from(["\n", ""] if tame else ["\n", "", "\r\n", "\n\\"])
    return "\n".join(["a = b = c = obj = ctx = 1", *lines, "def reconcile(obj, ctx):", *body]) + draw(ends)
