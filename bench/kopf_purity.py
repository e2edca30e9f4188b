"""Which functions do input or output, by names: what a function uses, and what the functions that it calls use.

The judgement is coarse and errs towards "does I/O": a function is pure only where nothing says otherwise.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.kopf_source import Imported, Module
from sandbox.policy.scope import names_of

# Modules without I/O. Those that a reconciler does not have (yaml, jinja2) are here too: they count as refused.
PURE_MODULES = frozenset(
    """
    abc ast base64 binascii bisect bitmath calendar collections contextlib copy croniter dataclasses datetime dateutil
    decimal deepdiff deepmerge difflib enum errno fractions functools hashlib heapq hmac html inspect ipaddress
    itertools jinja2 jmespath json jsonpatch jsonpath_ng jsonpointer jsonschema logging loguru math mergedeep
    numbers operator packaging passlib pprint pydantic pytimeparse python_string_utils pytz random re recursive_diff
    safir secrets semver shlex string structlog textwrap traceback types typing typing_extensions unicodedata uuid
    verlib2 weakref yaml zoneinfo cryptography humps benedict dotty_dict str2bool slugify yarl
    """.split()  # noqa: SIM905 - a table of names is text
)
# Of kopf: its exceptions, its types, and what changes a dict. All else posts events, patches or runs.
_PURE_KOPF = re.compile(
    r"TemporaryError|PermanentError|Handler\w*Error|adopt|label|append_owner_reference|remove_owner_reference"
    r"|harmonize_naming|build_owner_reference|not_|all_|any_|none_|PRESENT|ABSENT|[A-Z]\w*"
)
_BUILTIN_IO = frozenset({"open", "input", "exec", "eval", "compile", "breakpoint", "exit", "quit", "__import__"})
# Methods that nobody calls on plain data.
_METHOD_IO = re.compile(
    r"(create|read|list|patch|delete|replace|connect|watch|get)_(namespaced?|cluster|custom|node|persistent|storage"
    r"|api|config_map|secret|service|pod|priority|pool|object|instance|mysql|stateful)\w*|execute\w*|executemany|commit"
    r"|rollback|fetch\w*|urlopen|sleep|connect|create|patch|delete|objects|reload|refresh|save|send\w*|recv|request"
    r"|post|put|read_text|write_text|read_bytes|write_bytes|unlink|mkdir|rmdir|exists|is_file|is_dir|acquire|wait"
    r"|start|run|run_until_complete|create_task|gather|query_sql\w*|run_sql\w*|exec_\w*|inc|observe|write|readlines?"
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False)
class Unit:
    """A function of a module, or a method of one of its classes."""

    module: Module
    node: Function
    owner: str | None

    @property
    def name(self) -> str:
        """With its class."""
        return f"{self.owner}.{self.node.name}" if self.owner else self.node.name

    def free_names(self) -> set[str]:
        """Names that the function reads and neither binds nor finds among the builtins."""
        return self._free_names

    @cached_property
    def _free_names(self) -> set[str]:
        tree = ast.Module(body=[self.node], type_ignores=[])
        free = {name.id for name in names_of(tree, frozenset()).unknown if not hasattr(builtins, name.id)}
        private = {node.id for node in ast.walk(self.node) if isinstance(node, ast.Name) and node.id.startswith("_")}
        return free | {name for name in private if name in self.module.bound or name in self.module.imports}

    def names_that_run(self) -> set[str]:
        """Names read outside of annotations."""
        return {node.id for node in self._running() if isinstance(node, ast.Name)}

    def _running(self) -> Iterator[ast.AST]:
        stack: list[ast.AST] = [self.node]
        while stack:
            node = stack.pop()
            yield node
            for name, value in ast.iter_fields(node):
                if name not in ("annotation", "returns", "decorator_list"):
                    stack.extend(child for child in _listed(value) if isinstance(child, ast.AST))

    def running(self) -> list[ast.AST]:
        """The nodes that run: annotations and the function's own decorators aside."""
        return list(self._running())


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


class Project:
    """All units of an operator, and what their names stand for."""

    def __init__(self, modules: list[Module]) -> None:
        self.modules = modules
        self.units = [unit for module in modules for unit in _units(module)]
        self.by_name: dict[str, list[Unit]] = {}
        for unit in self.units:
            self.by_name.setdefault(unit.node.name, []).append(unit)
        self.verdicts: dict[int, str] = {}

    def studied(self) -> list[Unit]:
        """Every unit once."""
        return self.units

    def value(self, name: str, module: Module, imported: Imported | None) -> tuple[Module, ast.expr] | None:
        """What a top-level name of this module, or of the one that it comes from, is assigned."""
        if imported is None:
            return (module, module.values[name]) if name in module.values else None
        wanted = imported.name or name
        for other in self.modules:
            stem = other.path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
            if stem == imported.source.rpartition(".")[2] and wanted in other.values:
                return other, other.values[wanted]
        return None


def _units(module: Module) -> Iterator[Unit]:
    for node in module.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield Unit(module, node, None)
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield Unit(module, inner, node.name)


def why_impure(unit: Unit, project: Project) -> str:
    """What says that it does I/O; empty where nothing does."""
    known = project.verdicts.get(id(unit.node))
    if known is not None:
        return known
    project.verdicts[id(unit.node)] = ""  # a function that calls itself is as pure as the rest of it
    verdict = next(_signs(unit, project), "")
    project.verdicts[id(unit.node)] = verdict
    return verdict


def _signs(unit: Unit, project: Project) -> Iterator[str]:
    for node in unit.running():
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            yield "awaits"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "kopf":
            if not _PURE_KOPF.fullmatch(node.attr):
                yield f"kopf.{node.attr}"
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield from _name(node.id, unit, project)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _method(node, node.func, unit, project)


def _name(name: str, unit: Unit, project: Project) -> Iterator[str]:
    module = unit.module
    if name in _BUILTIN_IO and name not in module.bound:
        yield f"calls {name}"
    imported = module.imports.get(name)
    if imported is not None and not imported.own:
        if imported.root == "kopf":
            if imported.name is not None and not _PURE_KOPF.fullmatch(imported.name):
                yield f"kopf.{imported.name}"
        elif imported.root not in PURE_MODULES and not imported.source.startswith("urllib.parse"):
            yield from _foreign(name, imported, unit)
        return
    called = imported.name if imported is not None and imported.name else name
    # A local name may hide a function of the project.
    if name not in unit.free_names():
        return
    for other in project.by_name.get(called, ()):
        if other.owner is None and (other.module is module or imported is not None) and why_impure(other, project):
            yield f"calls {called}, which {_short(why_impure(other, project))}"
    found = project.value(name, module, imported)
    if found is not None:
        where, value = found
        roots = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
        for root in sorted(roots):
            source = where.imports.get(root)
            if source is not None and not source.own and source.root not in (*PURE_MODULES, "kopf", "os", "sys"):
                yield f"uses {name}, made by {source.root}"


def _foreign(name: str, imported: Imported, unit: Unit) -> Iterator[str]:
    if imported.root == "time":
        if imported.name in (None, "sleep") and "sleep" in {
            node.attr for node in ast.walk(unit.node) if isinstance(node, ast.Attribute)
        } | {imported.name or ""}:
            yield "sleeps"
        return
    yield f"uses {imported.source}"


def _method(call: ast.Call, function: ast.Attribute, unit: Unit, project: Project) -> Iterator[str]:
    receiver, name = function.value, function.attr
    root = receiver
    while isinstance(root, (ast.Attribute, ast.Call, ast.Subscript)):
        root = root.func if isinstance(root, ast.Call) else root.value
    imported = unit.module.imports.get(root.id) if isinstance(root, ast.Name) else None
    if imported is not None and not imported.own:
        return  # judged by its module
    for other in project.by_name.get(name, ()):
        mine = isinstance(receiver, ast.Name) and receiver.id in ("self", "cls") and other.owner == unit.owner
        # A method of the same name elsewhere is suspicious only where plain data has no such method.
        if (mine or not hasattr(dict, name)) and why_impure(other, project):
            yield f"calls {name}, which {_short(why_impure(other, project))}"
    if _METHOD_IO.fullmatch(name) or (name == "update" and not call.args and not call.keywords):
        yield f"calls .{name}()"


def _short(reason: str) -> str:
    return reason.rpartition("which ")[2]
