# ruff: noqa: E501 - sentences of the page, and examples, are kept whole
"""Every code of the policy: what it says, why, what to write instead. The examples of both are run by a test.

`refused` gives this code and no other; `instead` gives none. Both are whole sources, or statements of a
`reconcile`, which is then put around them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Doc:
    """One section of the page."""

    code: str
    title: str
    why: str
    instead: str
    refused: str
    accepted: str
    whole: bool = False


_GOOD = "def reconcile(obj, ctx):\n    return None\n"

DOCS = (
    Doc(
        "CHK100",
        "Syntax error",
        "The source is not Python as this host's interpreter reads it.",
        "Mend it where the finding points; the message is the interpreter's own.",
        "total = (1 +",
        "total = (1 + 2)",
    ),
    Doc(
        "CHK101",
        "Source too large",
        "A source is at most 64 KiB, so that whoever reads, stores or compares it is never surprised.",
        "Move data into a ConfigMap and read it with `ctx.get`.",
        "# " + "x" * 70_000 + "\n" + _GOOD,
        _GOOD,
        whole=True,
    ),
    Doc(
        "CHK102",
        "NUL character",
        "No Python source holds one; tools would disagree about where the source ends.",
        'Write `"\\0"` in a text, or leave it out.',
        "# \0\n" + _GOOD,
        'text = "\\0"\n' + _GOOD,
        whole=True,
    ),
    Doc(
        "CHK103",
        "Not valid UTF-8",
        "Half of a surrogate pair cannot be stored or shown.",
        "Save the file as UTF-8.",
        "# \ud800\n" + _GOOD,
        "# é\n" + _GOOD,
        whole=True,
    ),
    Doc(
        "CHK104",
        "Too many syntax nodes",
        "The time to check and compile grows with them; the bound is 20,000.",
        "Move data into a ConfigMap, or make it with a loop.",
        "\n".join(f"a{n} = [{', '.join('1' * 500)}]" for n in range(42)),
        "a = [1] * 20000",
    ),
    Doc(
        "CHK105",
        "Nests too deeply",
        "Interpreter and tools recurse; the bound is 60 levels.",
        "Give a part a name or a function of its own.",
        "x = " + "[" * 70 + "]" * 70,
        "inner = [[]]\nx = [inner]",
    ),
    Doc(
        "CHK106",
        "Literal too large",
        "A number literal has at most 256 bits and a text 16 KiB; the compiler would fold larger ones without a bound.",
        "Compute it, or read it with `ctx.get`.",
        "x = " + "9" * 90,
        "x = 10 ** 90",
    ),
    Doc(
        "CHK107",
        "`finally` or `|` multiplies the code",
        "The compiler copies a `finally` for every way out of its `try`, and so again for what is nested in it; and it "
        "sorts the names of the alternatives of a pattern with code that is cubic in their number.",
        "Use fewer `return`, `break` and `continue` inside, or a function; several cases, or fewer names.",
        "".join("  " * n + "try:\n" + "  " * n + "  return 1\n" + "  " * n + "finally:\n" for n in range(14))
        + "  " * 14
        + "x = 1",
        "try:\n    x = 1\nfinally:\n    ctx.log.info('done')",
    ),
    Doc(
        "CHK110",
        "Unknown name",
        "Nothing binds the name, and it is not one of the builtins of a reconciler. It would fail when it is reached.",
        "The hint says what to use. Files, network, reflection and evaluation of text are not there at all.",
        "data = open('/etc/config').read()",
        "config = ctx.get('ConfigMap', 'config')",
    ),
    Doc(
        "CHK111",
        "Name not available",
        "Names that begin with `__`, or that begin and end with `_`, are the interpreter's or the policy's. An argument "
        "that begins with `_` cannot be given by name.",
        "Use another name; `_helper` and `_` are yours.",
        "print(__file__)",
        "_greeting = 'hello'\nprint(_greeting)",
    ),
    Doc(
        "CHK120",
        "Private attribute",
        'An attribute that begins with "_" leads from an object to the interpreter behind it.',
        "Use `isinstance` instead of `__class__`, a plain name instead of `self._x`, the base class's own method "
        "instead of `super()`.",
        "kind = obj.__class__",
        "kind = 'dict' if isinstance(obj, dict) else 'other'",
    ),
    Doc(
        "CHK121",
        "Refused attribute",
        "`format` and its like read attributes that a text names; frames and tracebacks lead to the interpreter.",
        "An f-string says the same, and its parts are judged like any other code. `%` works too.",
        "text = '{} of {}'.format(1, 2)",
        "text = f'{1} of {2}'",
    ),
    Doc(
        "CHK130",
        "Module not available",
        "A reconciler has the modules listed below. Others have I/O, or show their insides.",
        "The hint says what to use: `ctx` for everything about the cluster, `json` for data.",
        "import requests",
        "import json",
    ),
    Doc(
        "CHK131",
        "Name not offered by a module",
        "A module offers what computes, within limits; the rest of it is not there, also as an attribute.",
        "Take one of the names listed below.",
        "import time\ntime.sleep(5)",
        "ctx.requeue(after=5)",
    ),
    Doc(
        "CHK132",
        "Star or relative import",
        "What a name is must be seen from the source alone, and a reconciler is one file.",
        "Import the names that you need.",
        "from math import *",
        "from math import ceil, floor",
    ),
    Doc(
        "CHK140",
        "Construct not available",
        "`async`, `except*`, template strings, type parameters, `@` and complex numbers have no use in a run, or no guard.",
        "A reconciler is an ordinary function. The hint says what to write.",
        "async def work():\n    return 1",
        "def work():\n    return 1",
    ),
    Doc(
        "CHK142",
        "Class keyword",
        "A class is made by the policy's own metaclass, by which guards know an author's objects.",
        "Leave it out.",
        "class Item(metaclass=Other):\n    pass\nOther = 1",
        "class Item:\n    pass",
    ),
    Doc(
        "CHK143",
        "Hook not available",
        "Hooks that decide about attributes, creation or pickling would run in places where nobody expects them.",
        "Available are __init__, __post_init__, __eq__ and the other comparisons, __hash__, __bool__, __repr__, __str__, "
        "__len__, __contains__, __iter__, __getitem__, __enter__, __exit__, __call__.",
        "class Item:\n    def __getattr__(self, name):\n        return name",
        "class Item:\n    def __getitem__(self, name):\n        return name",
    ),
    Doc(
        "CHK145",
        "Pattern not available",
        "A pattern with an attribute or a class reads attributes past the guard.",
        "Match literals, lists, dicts and the six builtin types; compare the rest in `case x if …`.",
        "match obj:\n    case ctx.now:\n        pass",
        "match obj:\n    case {'spec': {'size': int(size)}}:\n        pass\n    case other if other == ctx.now:\n        pass",
    ),
    Doc(
        "CHK146",
        "Augmented slice",
        "`a[1:2] += x` cannot be guarded without evaluating the slice twice.",
        "Write it out.",
        "a = [1, 2]\na[0:1] += [3]",
        "a = [1, 2]\na[0:1] = a[0:1] + [3]",
    ),
    Doc(
        "CHK150",
        "No reconcile",
        "A host looks for a function of this name at the top of the source.",
        "Write one.",
        "def other(obj, ctx):\n    return None\n",
        _GOOD,
        whole=True,
    ),
    Doc(
        "CHK151",
        "Wrong number of arguments",
        "`reconcile` and `finalize` are called with the object and the context.",
        "Take two arguments.",
        "def reconcile(obj):\n    return None\n",
        _GOOD,
        whole=True,
    ),
    Doc(
        "CHK160",
        "Comment that silences a checker",
        "It would hide from one tool of the gate what another sees.",
        "Change the code that is complained about.",
        "x: int = 'a'  # type: ignore",
        "x: str = 'a'",
    ),
    Doc(
        "CHK199",
        "The checker failed",
        "A defect of ours on this source. What could not be judged is refused.",
        "Simplify what is unusual about the code, and report it.",
        "",
        _GOOD,
        whole=True,
    ),
)
