"""Imports are judged when a source is saved, and compiled to calls that only know the facades."""

from __future__ import annotations

import ast
from collections.abc import Callable

from sandbox.policy.facades.registry import exports
from sandbox.policy.report import Report

_NAME_HINTS = {
    ("time", "sleep"): "use ctx.requeue(after=...): the object runs again by then",
    ("time", "monotonic"): "use ctx.now: the time stands still during a run",
    ("time", "perf_counter"): "use ctx.now: the time stands still during a run",
    ("operator", "attrgetter"): "use a lambda",
    ("operator", "methodcaller"): "use a lambda",
    ("json", "load"): "a reconciler has no files; json.loads reads a text",
    ("json", "dump"): "a reconciler has no files; json.dumps makes a text",
    ("json", "JSONEncoder"): "give json.dumps a default=",
    ("re", "purge"): "a pattern is kept as long as it is used",
    ("random", "seed"): "make a source of your own: random.Random(seed)",
    ("random", "SystemRandom"): "random is seeded for each generation, by a key that nobody can guess",
    ("decimal", "getcontext"): "say the rounding in quantize()",
    ("decimal", "localcontext"): "say the rounding in quantize()",
    ("typing", "get_type_hints"): "annotations are not evaluated",
}

CheckName = Callable[[ast.AST, str | None], None]

_HINTS = {
    "os": "a reconciler has no operating system",
    "sys": "a reconciler has no interpreter to look at",
    "requests": "a reconciler has no network; read with ctx.get and ctx.list",
    "urllib.request": "a reconciler has no network; read with ctx.get and ctx.list",
    "socket": "a reconciler has no network; read with ctx.get and ctx.list",
    "kubernetes": "use ctx.get, ctx.list, ctx.apply and ctx.delete",
    "kopf": "use def reconcile(obj, ctx)",
    "asyncio": "a reconciler is an ordinary function",
    "yaml": "objects are plain dicts; json is available",
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


def no_such_name(node: ast.AST, module: str, name: str, report: Report) -> None:
    """A module has no such name, whether it is imported or read."""
    hint = _NAME_HINTS.get((module, name), "")
    report.at_node(node, "CHK131", f'module "{module}" offers no "{name[:100]}"', hint)


def offers(module: str, name: str) -> bool:
    """Whether reading this name on the module can succeed; what is not known is not judged here."""
    found = exports(module)
    return found is None or name in found or exports(f"{module}.{name}") is not None


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
                no_such_name(alias, module, alias.name, report)
            else:
                check_name(alias, alias.asname or alias.name)
                statements.append(_assign(alias.asname or alias.name, alias, "_import_from_", module, alias.name))
    return statements or [ast.copy_location(ast.Pass(), node)]
