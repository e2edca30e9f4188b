"""What `match` may hold: a pattern reads attributes without passing a guard, so none may."""

from __future__ import annotations

import ast

from sandbox.policy.grammar import CLASS_PATTERNS
from sandbox.policy.report import Report


def judge_value(node: ast.expr, report: Report) -> None:
    """A literal, or the negative of a number."""
    inner = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
    if isinstance(inner, ast.Constant) and not isinstance(inner.value, complex):
        return
    report.at_node(node, "CHK145", "a pattern may hold literals only", "compare in a guard: case x if x == ...")


def judge_class(node: ast.MatchClass, report: Report) -> None:
    """`str()`, `int(x)` and the like: no keywords, at most the object itself captured."""
    known = isinstance(node.cls, ast.Name) and node.cls.id in CLASS_PATTERNS
    if not known or node.kwd_attrs or node.kwd_patterns or len(node.patterns) > 1:
        names = ", ".join(f"{name}()" for name in sorted(CLASS_PATTERNS))
        report.at_node(node, "CHK145", "this class pattern is not available", f"available are {names}")
