"""Imports are judged when a source is saved, and compiled to calls that only know the facades."""

from __future__ import annotations

import ast
from collections.abc import Callable

from sandbox.policy.facades.registry import exports
from sandbox.policy.report import Report

CheckName = Callable[[ast.AST, str | None], None]

_HINTS = {
    "os": "a reconciler has no operating system",
    "sys": "a reconciler has no interpreter to look at",
    "time": "use ctx.now, and ctx.requeue(after=...) instead of sleeping",
    "logging": "use ctx.log or print()",
    "requests": "a reconciler has no network; read with ctx.get and ctx.list",
    "urllib.request": "a reconciler has no network; read with ctx.get and ctx.list",
    "socket": "a reconciler has no network; read with ctx.get and ctx.list",
    "kubernetes": "use ctx.get, ctx.list, ctx.apply and ctx.delete",
    "kopf": "use def reconcile(obj, ctx)",
    "asyncio": "a reconciler is an ordinary function",
    "yaml": "objects are plain dicts; json is available",
    "operator": "use a lambda",
    "contextlib": "write a class with __enter__ and __exit__",
    "secrets": "use random or uuid, which are seeded for each generation",
}


def _available(node: ast.AST, module: str, report: Report) -> bool:
    if exports(module) is not None:
        return True
    hint = _HINTS.get(module) or _HINTS.get(module.partition(".")[0], "")
    report.at_node(node, "CHK130", f'module "{module[:100]}" is not available', hint)
    return False


def _assign(name: str, like: ast.AST, hook: str, *texts: str) -> ast.stmt:
    value = ast.Call(ast.Name(hook, ast.Load()), [ast.Constant(text) for text in texts], [])
    statement = ast.Assign(targets=[ast.Name(name, ast.Store())], value=value)
    return ast.fix_missing_locations(ast.copy_location(statement, like))


def rewrite_import(node: ast.Import, report: Report, check_name: CheckName) -> list[ast.stmt]:
    """`import a, b.c as d` as one assignment a name."""
    statements = []
    for alias in node.names:
        root, _, rest = alias.name.partition(".")
        name = alias.asname or root
        check_name(alias, name)
        if _available(alias, alias.name, report):
            if rest and not alias.asname and rest not in (exports(root) or ()):
                hint = f"write: import {alias.name} as name"
                report.at_node(alias, "CHK131", f'"{alias.name}" must be given a name', hint)
            module = alias.name if alias.asname else root
            statements.append(_assign(name, alias, "_import_", module))
    return statements or [ast.copy_location(ast.Pass(), node)]


def rewrite_import_from(node: ast.ImportFrom, report: Report, check_name: CheckName) -> list[ast.stmt]:
    """`from a import b as c` as one assignment a name; `__future__` changes nothing here."""
    module = node.module or ""
    statements: list[ast.stmt] = []
    if node.level:
        report.at_node(node, "CHK132", "a relative import is not available")
    elif module != "__future__" and _available(node, module, report):
        offered = exports(module)
        for alias in node.names:
            if alias.name == "*":
                report.at_node(alias, "CHK132", "a star import is not available", "name what is needed")
            elif offered is None or alias.name not in offered:
                report.at_node(alias, "CHK131", f'module "{module}" offers no "{alias.name[:100]}"')
            else:
                check_name(alias, alias.asname or alias.name)
                statements.append(_assign(alias.asname or alias.name, alias, "_import_from_", module, alias.name))
    return statements or [ast.copy_location(ast.Pass(), node)]
