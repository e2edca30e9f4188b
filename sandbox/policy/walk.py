"""The children of a node that can hold anything; `ast.iter_child_nodes` was most of what a check cost."""

from __future__ import annotations

import ast

# Contexts and operators have no fields and no place; on average they are a third of a tree.
EMPTY: frozenset[type] = frozenset(
    kind
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop))
)


def children(node: ast.AST) -> list[ast.AST]:
    """Every child that could hold anything, in the order of the grammar."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            if type(value) not in EMPTY:
                found.append(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, ast.AST) and type(item) not in EMPTY:
                    found.append(item)
    return found
