"""The rules of the house that a machine can hold: layers, sizes, docstrings, what may not be committed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("chakrator", "controller", "core", "migrations", "sandbox", "webui")
LONGEST = 500


def tracked(*patterns: str) -> list[Path]:
    """Files that git knows, and new ones that it would add."""
    listed = subprocess.run(
        ("git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_import_contract_is_kept() -> None:
    """import-linter finds every contract of pyproject kept."""
    done = subprocess.run(
        (str(Path(sys.executable).parent / "lint-imports"), "--no-logo"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_file_says_two_things() -> None:
    """No source file reaches 500 lines."""
    sizes = {path: len(path.read_text().splitlines()) for path in tracked("*.py", "*.ts", "*.tsx", "*.go")}
    long = {str(path.relative_to(ROOT)): lines for path, lines in sizes.items() if lines >= LONGEST}
    assert not long


@pytest.mark.parametrize("package", PACKAGES)
def test_public_things_have_docstrings(package: str) -> None:
    """Every module, and every public class and top-level function, says what it is for."""
    missing = []
    for path in tracked(f"{package}/**/*.py", f"{package}/*.py"):
        text = path.read_text()
        if not text.strip():
            continue
        tree = ast.parse(text)
        where = path.relative_to(ROOT)
        if ast.get_docstring(tree) is None:
            missing.append(f"{where}")
        missing += [
            f"{where}:{node.lineno} {node.name}"
            for node in tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and not node.name.startswith("_")
            and ast.get_docstring(node) is None
        ]
    assert not missing


def test_every_test_has_a_docstring() -> None:
    """A test that cannot say in a sentence what it holds is not finished."""
    missing = []
    for path in tracked("tests/**/test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
            if named and ast.get_docstring(node) is None:  # type: ignore[arg-type]
                missing.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")  # type: ignore[attr-defined]
    assert not missing


def test_locks_carry_hashes_and_no_addresses() -> None:
    """The lock files work with any registry: hashes say what, nothing says where from."""
    for path in tracked("requirements/*.txt"):
        text = path.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index-url" not in text
    for path in tracked("webui/frontend/package-lock.json"):
        assert not re.search(r'"resolved": *"http', path.read_text())


def test_nothing_unfinished_is_kept() -> None:
    """No marker of work to come stands in the code; open work has its own place."""
    marker = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("*.py", "*.ts", "*.tsx", "*.go", "*.yaml", "Makefile", "*.md")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marker.search(line)
    ]
    assert not found


def test_migrations_import_nothing_of_ours() -> None:
    """A migration means the same in ten years: it stands on the libraries alone."""
    for path in tracked("migrations/versions/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not [name for name in names if name.split(".")[0] in PACKAGES], path
