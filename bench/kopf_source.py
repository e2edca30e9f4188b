"""The modules of an operator, read from a git directory: those that import kopf, and what those import of their own."""

from __future__ import annotations

import ast
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

_APART = ("test", "tests", "e2e", "docs", "examples", "migrations", "alembic")


@dataclass(frozen=True)
class Imported:
    """What a name of a module was imported from. `own`: from the operator's own project."""

    statement: str
    source: str
    name: str | None
    own: bool

    @property
    def root(self) -> str:
        """The top-level package."""
        return self.source.partition(".")[0]


@dataclass(eq=False)
class Module:
    """One file: its tree, what its names are, what it defines."""

    path: str
    source: str
    tree: ast.Module
    imports: dict[str, Imported] = field(default_factory=dict)

    @cached_property
    def bound(self) -> frozenset[str]:
        """Names that the module binds anywhere at its top, imports aside."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
        return frozenset(names)

    @cached_property
    def values(self) -> dict[str, ast.expr]:
        """What plain names of the top are assigned."""
        found: dict[str, ast.expr] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign):
                found.update({target.id: node.value for target in node.targets if isinstance(target, ast.Name)})
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                found[node.target.id] = node.value
        return found


class Mirror:
    """A repository at one commit."""

    def __init__(self, folder: Path, commit: str) -> None:
        inner = folder / "repo"
        self._git = inner / ".git" if (inner / ".git").is_dir() else inner
        self._commit = commit
        listed = self._run("ls-tree", "-r", "--name-only", commit).splitlines()
        self._paths = {path for path in listed if path.endswith(".py") and not _is_apart(path)}
        self._folders = {parent.name for path in self._paths for parent in PurePosixPath(path).parents}
        self._folders |= {PurePosixPath(path).stem for path in self._paths}

    def _run(self, *arguments: str) -> str:
        command = ["git", f"--git-dir={self._git}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout

    def operator_modules(self) -> Iterator[Module]:
        """Modules that import kopf, then those of the project that they import directly."""
        known = {path: module for path in sorted(self._paths) if (module := self._module(path)) is not None}
        chosen = [path for path, module in known.items() if any(i.root == "kopf" for i in module.imports.values())]
        for path in list(chosen):
            for imported in known[path].imports.values():
                chosen.extend(target for target in self._targets(path, imported) if target in known)
        for path in dict.fromkeys(chosen):
            yield known[path]

    def _targets(self, path: str, imported: Imported) -> Iterator[str]:
        if not imported.own:
            return
        parts = imported.source.strip(".").replace(".", "/")
        for candidate in (parts, f"{parts}/{imported.name}" if imported.name else parts):
            for end in (f"{candidate}.py", f"{candidate}/__init__.py"):
                near = [found for found in self._paths if found == end or found.endswith(f"/{end}")]
                top = path.partition("/")[0]
                yield from [found for found in near if found.partition("/")[0] == top] or near[:1]

    def _module(self, path: str) -> Module | None:
        source = self._run("show", f"{self._commit}:{path}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(source)
        except (SyntaxError, ValueError):
            return None
        module = Module(path, source, tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    module.imports[name] = Imported(
                        f"import {_spelled(alias)}", alias.name, None, self._own(alias.name)
                    )
            elif isinstance(node, ast.ImportFrom):
                source_name = "." * node.level + (node.module or "")
                own = bool(node.level) or self._own(source_name)
                for alias in node.names:
                    statement = f"from {source_name} import {_spelled(alias)}"
                    module.imports[alias.asname or alias.name] = Imported(statement, source_name, alias.name, own)
        return module

    def _own(self, name: str) -> bool:
        root = name.partition(".")[0]
        return root in self._folders and root not in ("kopf", "kubernetes", "logging", "types", "operator", "typing")


def _spelled(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _is_apart(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return any(part in _APART for part in parts[:-1]) or parts[-1].startswith(("test_", "conftest", "setup."))
