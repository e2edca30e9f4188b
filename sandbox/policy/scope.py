"""Which names can never be found: reported when a source is saved, not at 3 a.m.

A name is known if some enclosing scope binds it anywhere, or the builtins have it. The order of
binding and use is not judged (that is the linter's), so a finding here is never a false alarm.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(eq=False)
class _Scope:
    kind: str  # module, class, function, comprehension
    parent: _Scope | None
    bound: set[str] = field(default_factory=set)
    loads: list[ast.Name] = field(default_factory=list)

    def knows(self, name: str) -> bool:
        scope: _Scope | None = self
        while scope is not None:
            # A class body's names are seen by the body alone, not by what is nested in it.
            if name in scope.bound and (scope is self or scope.kind != "class"):
                return True
            scope = scope.parent
        return False


class _Binder:
    def __init__(self) -> None:
        self.module = _Scope("module", None)
        self.scopes = [self.module]

    def visit_all(self, nodes: Iterable[ast.AST | None], scope: _Scope) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node, scope)

    def visit(self, node: ast.AST, scope: _Scope) -> None:
        self._bind(node, scope)
        if isinstance(node, _FUNCTIONS):
            self.visit_all(node.decorator_list, scope)
            self._arguments(node.args, scope)
            self.visit_all([node.returns], scope)
            self.visit_all(node.body, self._inner("function", scope, node.args))
        elif isinstance(node, ast.Lambda):
            self._arguments(node.args, scope)
            self.visit(node.body, self._inner("function", scope, node.args))
        elif isinstance(node, ast.ClassDef):
            self.visit_all([*node.decorator_list, *node.bases, *node.keywords], scope)
            self.visit_all(node.body, self._inner("class", scope))
        elif isinstance(node, _COMPREHENSIONS):
            self._comprehension(node, scope)
        else:
            self.visit_all(ast.iter_child_nodes(node), scope)

    def _inner(self, kind: str, parent: _Scope, args: ast.arguments | None = None) -> _Scope:
        scope = _Scope(kind, parent)
        self.scopes.append(scope)
        if args is not None:
            every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
            scope.bound.update(arg.arg for arg in every if arg is not None)
        return scope

    def _arguments(self, args: ast.arguments, scope: _Scope) -> None:
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
        self.visit_all([arg.annotation for arg in every if arg is not None], scope)
        self.visit_all([*args.defaults, *args.kw_defaults], scope)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: _Scope) -> None:
        inner = self._inner("comprehension", scope)
        self.visit(node.generators[0].iter, scope)
        for index, generator in enumerate(node.generators):
            if index:
                self.visit(generator.iter, inner)
            self.visit(generator.target, inner)
            self.visit_all(generator.ifs, inner)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.visit_all(results, inner)

    def _bind(self, node: ast.AST, scope: _Scope) -> None:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                scope.loads.append(node)
            else:
                scope.bound.add(node.id)
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            scope.bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            scope.bound.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name
        ):
            scope.bound.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            scope.bound.add(node.rest)
        elif isinstance(node, ast.NamedExpr):
            target = scope
            while target.kind == "comprehension" and target.parent is not None:
                target = target.parent
            target.bound.add(node.target.id)
        elif isinstance(node, ast.Global):
            self.module.bound.update(node.names)
            scope.bound.update(node.names)


def unknown_names(tree: ast.Module, known: frozenset[str]) -> Sequence[ast.Name]:
    """The loads of names that nothing binds; private names are another finding's business."""
    binder = _Binder()
    binder.visit_all(tree.body, binder.module)
    return [
        load
        for scope in binder.scopes
        for load in scope.loads
        if load.id not in known and not load.id.startswith("_") and not scope.knows(load.id)
    ]
