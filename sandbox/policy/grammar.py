"""The decision on every node class of the Python grammar. What is not listed is rejected.

A new Python brings new nodes; none is trusted before somebody decided on it here. The tables of
names that go with the grammar (hooks of classes, attribute names nobody may write) are here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from RestrictedPython.transformer import INSPECT_ATTRIBUTES

from sandbox.policy.words import words


class Decision(Enum):
    """ALLOWED: children are judged, the node stays. JUDGED: a visitor decides, and may rewrite."""

    ALLOWED = "allowed"
    JUDGED = "judged"
    REJECTED = "rejected"


_ALLOWED = words(
    """
    Add And Assert Assign BitAnd BitOr BitXor BoolOp Break Compare Continue Del Delete Dict DictComp Div Eq
    Expr FloorDiv For FormattedValue GeneratorExp Gt GtE If IfExp In Invert Is IsNot JoinedStr LShift Lambda
    List ListComp Load Lt LtE MatchOr MatchSequence MatchSingleton Mod Module Mult Not NotEq NotIn Or Pass
    Pow RShift Raise Return Set SetComp Slice Starred Store Sub Try Tuple UAdd USub UnaryOp While With Yield
    YieldFrom arguments keyword match_case withitem Match
    """
)
_JUDGED = words(
    """
    AnnAssign Attribute AugAssign BinOp Call ClassDef Constant ExceptHandler FunctionDef Global Import
    ImportFrom MatchAs MatchClass MatchMapping MatchStar MatchValue Name NamedExpr Nonlocal Subscript arg comprehension
    """
)
_REJECTED = words(
    """
    AsyncFor AsyncFunctionDef AsyncWith Await Expression FunctionType Interactive Interpolation MatMult
    ParamSpec TemplateStr TryStar TypeAlias TypeIgnore TypeVar TypeVarTuple alias
    """
)

DECISIONS: Mapping[str, Decision] = MappingProxyType(
    {
        **dict.fromkeys(_ALLOWED, Decision.ALLOWED),
        **dict.fromkeys(_JUDGED, Decision.JUDGED),
        **dict.fromkeys(_REJECTED, Decision.REJECTED),
    }
)

# What an author reads instead of a node's class name.
SPOKEN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "AsyncFor": ("async for", "a reconciler is an ordinary function"),
        "AsyncFunctionDef": ("async def", "a reconciler is an ordinary function"),
        "AsyncWith": ("async with", "a reconciler is an ordinary function"),
        "Await": ("await", "a reconciler is an ordinary function"),
        "TryStar": ("except*", "use except"),
        "MatMult": ("the @ operator", ""),
        "TemplateStr": ("a template string", "use an f-string"),
        "TypeAlias": ("the type statement", "write Name = ... instead"),
    }
)

HOOKS = frozenset(
    f"__{name}__"
    for name in (
        words(
            """
            init eq ne lt le gt ge contains len iter getitem hash bool repr str enter exit call
            post_init
            """
        )
    )
)

# Names that are refused on every object, with the hint that goes with them. `format` reads attributes
# that its text names; `mro` and the traceback family lead from objects to the interpreter's own.
DENIED_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "format": "use an f-string",
        "format_map": "use an f-string",
        "translate": "use replace()",
        "maketrans": "use replace()",
        "mro": "",
        "with_traceback": "use raise ... from ...",
        "add_note": "put it into the message",
        **dict.fromkeys(sorted(INSPECT_ATTRIBUTES), ""),
        **dict.fromkeys(("tb_lasti", "tb_lineno", "f_lasti", "f_lineno", "f_trace_lines", "f_trace_opcodes"), ""),
        **dict.fromkeys(("gi_running", "gi_suspended", "cr_running", "ag_running", "cr_suspended"), ""),
    }
)
DENIED = frozenset(DENIED_HINTS)

# What a tuple with names offers under names that begin with "_", so that no field can be called the same.
NAMED_TUPLE = frozenset({"_asdict", "_fields", "_make", "_replace"})


def is_private(name: str) -> bool:
    """Names of variables that authors can neither read nor write: the interpreter's (`__name__`) and ours (`_write_`).

    An author's own `_helper` is not among them; as an attribute every name that begins with "_" is private.
    """
    return name.startswith("__") or (name.startswith("_") and name.endswith("_") and name != "_")


CLASS_PATTERNS = frozenset({"str", "int", "float", "bool", "dict", "list"})
