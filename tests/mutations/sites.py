"""Mutants of code: every check in the source of a module, switched off one at a time in the live functions.

A site is found by its shape, never by a list: an `if` that raises, an operand of such a test, a finding that is
recorded, an argument that is checked by `exact`, a hook that the transformer puts in. What is switched off stays in
the code behind a constant, so that names and closures remain what they were.
"""

from __future__ import annotations

import ast
import copy
import gc
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

_CHECKS = re.compile(r"at_\w+|check_name|judge_\w+|not_allowed|_no_type_parameters|_attribute_name|_silencers|_literal")
_FUNCTIONS = (ast.FunctionDef,)
Change = Callable[[ast.AST], ast.AST | None]


@dataclass(frozen=True)
class Mutant:
    """One change of the running policy; `near` names the module that it is in, to look there first."""

    name: str
    near: str
    apply: Callable[[], None]
    focus: str = ""


def mutants(module: ModuleType) -> Iterator[Mutant]:
    """All of one module."""
    tree = ast.parse(Path(inspect.getfile(module)).read_text("utf-8"))
    for owner, node in _functions(tree):
        live = _live(module, owner, node.name)
        if live is None:
            continue
        path = f"{module.__name__}.{f'{owner}.' if owner else ''}{node.name}"
        for index, site in enumerate(_sites(node)):
            for label, changed in _changes(site):
                body = _replaced(node, index, changed)
                where = f"{path} {label}"
                yield Mutant(where, module.__name__, _recoder(live, body, module))


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield "", node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield node.name, inner


def _live(module: ModuleType, owner: str, name: str) -> FunctionType | None:
    space = vars(vars(module)[owner]) if owner else vars(module)
    found = space.get(name)
    for attribute in ("__func__", "fget", "__wrapped__"):
        found = getattr(found, attribute, found)
    return found if isinstance(found, FunctionType) else None


def _sites(function: ast.FunctionDef) -> list[ast.AST]:
    return [node for node in ast.walk(function) if any(True for _ in _changes(node))]


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise):
        yield f"never: if {_short(node.test)}", _with_test(node, _dead(node.test, value=False))
        if isinstance(node.test, ast.BoolOp):
            neutral = isinstance(node.test.op, ast.And)
            for position, operand in enumerate(node.test.values):
                test = copy.deepcopy(node.test)
                test.values[position] = _dead(operand, value=neutral)
                yield f"without: {_short(operand)}", _with_test(node, test)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _is_check(node.value):
        yield f"without: {_short(node.value)}", ast.If(ast.Constant(False), [copy.deepcopy(node)], [])
    elif isinstance(node, ast.Call) and _name(node.func).startswith("exact.") and node.args:
        yield f"unchecked: {_short(node)}", ast.IfExp(ast.Constant(True), node.args[0], copy.deepcopy(node))
    elif isinstance(node, ast.Return) and _is_hook(node.value):
        kept = ast.IfExp(ast.Constant(True), ast.Name("node", ast.Load()), copy.deepcopy(node.value))
        yield f"unguarded: {_short(node)}", ast.Return(kept)
    elif isinstance(node, ast.Assign) and _is_hook(node.value) and isinstance(node.value, ast.Call):
        kept = ast.IfExp(ast.Constant(True), node.value.args[-1], copy.deepcopy(node.value))
        yield f"unguarded: {_short(node)}", ast.Assign(node.targets, kept)


def _with_test(node: ast.If, test: ast.expr) -> ast.If:
    return ast.If(test, copy.deepcopy(node.body), copy.deepcopy(node.orelse))


def _dead(test: ast.expr, *, value: bool) -> ast.expr:
    operator = ast.Or() if value else ast.And()
    return ast.BoolOp(operator, [ast.Constant(value), copy.deepcopy(test)])


def _is_check(call: ast.Call) -> bool:
    name = _name(call.func)
    return bool(_CHECKS.fullmatch(name.rpartition(".")[2])) or name.startswith("exact.") or name == "patterns.judge"


def _is_hook(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) == "call"


def _name(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, (ast.Name, ast.Attribute)) else ""


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 100 else text[:99] + "…"


def _replaced(function: ast.FunctionDef, index: int, changed: ast.AST) -> ast.FunctionDef:
    whole = copy.deepcopy(function)
    old = _sites(whole)[index]

    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return changed if node is old else self.generic_visit(node)

    swapped = Swap().visit(whole)
    ast.copy_location(changed, old)
    assert isinstance(swapped, ast.FunctionDef)
    return ast.fix_missing_locations(swapped)


def _recoder(live: FunctionType, function: ast.FunctionDef, module: ModuleType) -> Callable[[], None]:
    def apply() -> None:
        function.decorator_list = []
        tree = ast.Module([function], [])
        whole = compile(tree, inspect.getfile(module), "exec", flags=_flags(module), dont_inherit=True)
        code = next(one for one in whole.co_consts if isinstance(one, CodeType) and one.co_name == function.name)
        swap(live.__code__, code)

    return apply


def _flags(module: ModuleType) -> int:
    found = vars(module).get("annotations")
    return getattr(found, "compiler_flag", 0)


def swap(old: CodeType, new: CodeType) -> None:
    """Give every live function of this code, and of what is nested in it, the new one."""
    pairs = dict(_pairs(old, new))
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__ in pairs:
            one.__code__ = pairs[one.__code__]


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    yield old, new
    inner = [[one for one in code.co_consts if isinstance(one, CodeType)] for code in (old, new)]
    for left, right in zip(*inner, strict=True):
        yield from _pairs(left, right)
