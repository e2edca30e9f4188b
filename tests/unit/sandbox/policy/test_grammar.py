"""The decision on every node class, frozen: a new grammar cannot slip in."""

from __future__ import annotations

import ast

import pytest

from sandbox.policy.grammar import DECISIONS, DENIED, Decision
from sandbox.policy.transformer import PolicyTransformer

# The grammars of Python 3.11 to 3.14, each node class with its decision. Written out on purpose: this
# table and the one in the policy are changed by two different thoughts.
FROZEN = {
    "allowed": """
        Add And Assert Assign BitAnd BitOr BitXor BoolOp Break Compare Continue Del Delete Dict DictComp Div Eq Expr
        FloorDiv For FormattedValue GeneratorExp Gt GtE If IfExp In Invert Is IsNot JoinedStr LShift Lambda List
        ListComp Load Lt LtE Match MatchOr MatchSequence MatchSingleton Mod Module Mult Not NotEq NotIn Or Pass Pow
        RShift Raise Return Set SetComp Slice Starred Store Sub Try Tuple UAdd USub UnaryOp While With Yield YieldFrom
        arguments keyword match_case withitem
    """,
    "judged": """
        AnnAssign Attribute AugAssign BinOp Call ClassDef Constant ExceptHandler FunctionDef Global Import ImportFrom
        MatchAs MatchClass MatchMapping MatchStar MatchValue Name NamedExpr Nonlocal Subscript arg comprehension
    """,
    "rejected": """
        AsyncFor AsyncFunctionDef AsyncWith Await Expression FunctionType Interactive Interpolation MatMult ParamSpec
        TemplateStr TryStar TypeAlias TypeIgnore TypeVar TypeVarTuple alias
    """,
}
# Abstract classes of the grammar, and what old code may still name; no parser makes one of them.
ABSTRACT = {
    "AST",
    "mod",
    "stmt",
    "expr",
    "expr_context",
    "boolop",
    "operator",
    "unaryop",
    "cmpop",
    "excepthandler",
    "pattern",
    "type_ignore",
    "type_param",
    "slice",
    "AugLoad",
    "AugStore",
    "_ast_Ellipsis",
    "Bytes",
    "Ellipsis",
    "ExtSlice",
    "Index",
    "NameConstant",
    "Num",
    "Param",
    "Str",
    "Suite",
}


def test_the_table_is_the_frozen_one() -> None:
    """A decision changes here and there, or not at all."""
    frozen = {name: decision for decision, names in FROZEN.items() for name in names.split()}
    assert {name: decision.value for name, decision in DECISIONS.items()} == frozen


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_node_class_of_this_python_has_a_decision() -> None:
    """Unknown is rejected at run time; here it is a question somebody has to answer."""
    known = {
        name for name in dir(ast) if isinstance(getattr(ast, name), type) and issubclass(getattr(ast, name), ast.AST)
    }
    assert known - ABSTRACT - set(DECISIONS) == set()


def test_every_judged_node_has_a_judge() -> None:
    """A judged node without a visitor would only fail when somebody writes one."""
    missing = [
        name
        for name, decision in DECISIONS.items()
        if decision is Decision.JUDGED and not hasattr(PolicyTransformer, f"judge_{name}")
    ]
    assert missing == []


def test_names_of_the_interpreters_insides_are_denied() -> None:
    """The names that lead into frames, code and tracebacks are refused by name too, not by type alone."""
    assert {"gi_frame", "f_globals", "f_builtins", "tb_frame", "cr_frame", "ag_frame", "format", "mro"} <= DENIED
