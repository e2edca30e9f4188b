"""What the type checker believes of `chakrator` is what the worker offers."""

from __future__ import annotations

import ast

import pytest

from sandbox.worker import api
from webui.validation.workspace import STUBS

STUB = ast.parse((STUBS / "chakrator" / "__init__.pyi").read_text())


def members(name: str) -> set[str]:
    """Public names of a class in the stub."""
    (found,) = (node for node in STUB.body if isinstance(node, ast.ClassDef) and node.name == name)
    return {node.name for node in found.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}


@pytest.mark.parametrize(("name", "kind"), [("Context", api.Context), ("Log", api.Log), ("Run", api.RunInfo)])
def test_the_stub_has_the_members_that_authors_may_read(name: str, kind: type) -> None:
    """One more would pass the check and fail in the cage; one less the other way round."""
    assert members(name) == set(api.PUBLIC[kind])


def test_the_stub_has_the_exceptions() -> None:
    """Both end a run, and both are exceptions there too."""
    bases = {
        node.name: [ast.unparse(base) for base in node.bases] for node in STUB.body if isinstance(node, ast.ClassDef)
    }
    assert bases["Fail"] == bases["Retry"] == ["Exception"]
    assert issubclass(api.Fail, Exception)
    assert issubclass(api.Retry, Exception)
