"""Which names can never be found: reported when a source is saved, not at 3 a.m.

A name is known if some enclosing scope binds it anywhere, or the builtins have it. The order of
binding and use is not judged (that is the linter's), so a finding here is never a false alarm. The
same walk learns which names can only be modules, so that what a module lacks is found at save too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sandbox.policy.grammar import is_private
from sandbox.policy.walk import children

Definition = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


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


@dataclass(frozen=True)
class Names:
    """`unknown`: loads that nothing binds. `modules`: names that are an imported module wherever they are read."""

    unknown: Sequence[ast.Name]
    modules: Mapping[str, str]


class _Binder:
    def __init__(self) -> None:
        self.module = _Scope("module", None)
        self.scopes = [self.module]
        self.modules: dict[str, set[str]] = {}
        self.others: set[str] = set()

    def visit_all(self, nodes: Sequence[ast.AST | None], scope: _Scope) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node, scope)

    def visit(self, node: ast.AST, scope: _Scope) -> None:
        handler = _HANDLERS.get(type(node))
        if handler is None:
            for child in children(node):
                self.visit(child, scope)
        else:
            handler(self, node, scope)

    def bind(self, name: str | None, scope: _Scope) -> None:
        if name is not None:
            scope.bound.add(name)
            self.others.add(name)

    def _inner(self, kind: str, parent: _Scope, args: ast.arguments | None = None) -> _Scope:
        scope = _Scope(kind, parent)
        self.scopes.append(scope)
        if args is not None:
            for arg in _every(args):
                self.bind(arg.arg, scope)
        return scope

    def _arguments(self, args: ast.arguments, scope: _Scope) -> None:
        self.visit_all([arg.annotation for arg in _every(args)], scope)
        self.visit_all([*args.defaults, *args.kw_defaults], scope)

    # ── what opens a scope ───────────────────────────────────────────────────────────────────────
    def function(self, node: Definition, scope: _Scope) -> None:
        self.bind(node.name, scope)
        self.visit_all(node.decorator_list, scope)
        self._arguments(node.args, scope)
        self.visit_all([node.returns], scope)
        self.visit_all(node.body, self._inner("function", scope, node.args))

    def lambda_(self, node: ast.Lambda, scope: _Scope) -> None:
        self._arguments(node.args, scope)
        self.visit(node.body, self._inner("function", scope, node.args))

    def class_(self, node: ast.ClassDef, scope: _Scope) -> None:
        self.bind(node.name, scope)
        self.visit_all([*node.decorator_list, *node.bases, *node.keywords], scope)
        self.visit_all(node.body, self._inner("class", scope))

    def comprehension(self, node: Comprehension, scope: _Scope) -> None:
        inner = self._inner("comprehension", scope)
        self.visit(node.generators[0].iter, scope)
        for index, generator in enumerate(node.generators):
            if index:
                self.visit(generator.iter, inner)
            self.visit(generator.target, inner)
            self.visit_all(generator.ifs, inner)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.visit_all(results, inner)

    # ── what binds or reads a name ───────────────────────────────────────────────────────────────
    def name(self, node: ast.Name, scope: _Scope) -> None:
        if isinstance(node.ctx, ast.Load):
            scope.loads.append(node)
        else:
            self.bind(node.id, scope)

    def import_(self, node: ast.Import, scope: _Scope) -> None:
        for alias in node.names:
            root = alias.name.partition(".")[0]
            scope.bound.add(alias.asname or root)
            self.modules.setdefault(alias.asname or root, set()).add(alias.name if alias.asname else root)

    def import_from(self, node: ast.ImportFrom, scope: _Scope) -> None:
        for alias in node.names:
            scope.bound.add(alias.asname or alias.name)
            self.modules.setdefault(alias.asname or alias.name, set()).add(f"{node.module}.{alias.name}")

    def handler(self, node: ast.ExceptHandler, scope: _Scope) -> None:
        self.bind(node.name, scope)
        self.visit_all(children(node), scope)

    def match_as(self, node: ast.MatchAs | ast.MatchStar, scope: _Scope) -> None:
        self.bind(node.name, scope)
        self.visit_all(children(node), scope)

    def match_mapping(self, node: ast.MatchMapping, scope: _Scope) -> None:
        self.bind(node.rest, scope)
        self.visit_all(children(node), scope)

    def named(self, node: ast.NamedExpr, scope: _Scope) -> None:
        target = scope
        while target.kind == "comprehension" and target.parent is not None:
            target = target.parent
        self.bind(node.target.id, target)
        self.visit_all([node.target, node.value], scope)

    def global_(self, node: ast.Global, scope: _Scope) -> None:
        for name in node.names:
            self.bind(name, self.module)
            scope.bound.add(name)


def _every(args: ast.arguments) -> list[ast.arg]:
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return [arg for arg in every if arg is not None]


_HANDLERS: Mapping[type, Callable[[_Binder, Any, _Scope], None]] = MappingProxyType(
    {
        ast.FunctionDef: _Binder.function,
        ast.AsyncFunctionDef: _Binder.function,
        ast.Lambda: _Binder.lambda_,
        ast.ClassDef: _Binder.class_,
        ast.ListComp: _Binder.comprehension,
        ast.SetComp: _Binder.comprehension,
        ast.DictComp: _Binder.comprehension,
        ast.GeneratorExp: _Binder.comprehension,
        ast.Name: _Binder.name,
        ast.Import: _Binder.import_,
        ast.ImportFrom: _Binder.import_from,
        ast.ExceptHandler: _Binder.handler,
        ast.MatchAs: _Binder.match_as,
        ast.MatchStar: _Binder.match_as,
        ast.MatchMapping: _Binder.match_mapping,
        ast.NamedExpr: _Binder.named,
        ast.Global: _Binder.global_,
        ast.Constant: lambda _binder, _node, _scope: None,
    }
)


def names_of(tree: ast.Module, known: frozenset[str]) -> Names:
    """What the names of a module are; private names are another finding's business."""
    binder = _Binder()
    binder.visit_all(tree.body, binder.module)
    unknown = [
        load
        for scope in binder.scopes
        for load in scope.loads
        if load.id not in known and not is_private(load.id) and not scope.knows(load.id)
    ]
    # Bound as one module, and as nothing else in the whole source: no scope needs to be looked at.
    modules = {
        name: next(iter(found))
        for name, found in binder.modules.items()
        if len(found) == 1 and name not in binder.others
    }
    return Names(unknown, modules)
