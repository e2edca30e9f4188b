"""The commands that people run again and again load nothing that they do not use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SERVER = {
    "aiohttp",
    "alembic",
    "controller",
    "core.kube",
    "core.services",
    "core.settings",
    "core.store",
    "engineio",
    "fastapi",
    "httpx",
    "migrations",
    "prometheus_client",
    "pydantic_settings",
    "socketio",
    "sqlalchemy",
    "starlette",
    "structlog",
    "uvicorn",
    "webui.app",
    "webui.schemas",
}
FRAMEWORK = {"pydantic", "rich", "typer"}
CAGED = {"RestrictedPython", "sandbox.confine", "sandbox.policy", "sandbox.worker"}

# Prints the loaded modules as the last line of stderr, however the command ends.
LOADED = """
import json, os, sys
try:
    from chakrator.cli import main
    main()
finally:
    sys.stderr.write("\\n" + json.dumps(sorted(sys.modules)))
"""


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a call of the command has loaded at its end."""
    done = subprocess.run(
        (sys.executable, "-c", LOADED, *arguments), capture_output=True, text=True, check=False, timeout=120
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("dry-run", "--help"), ("check", "--help")])
def test_a_question_loads_no_server(arguments: tuple[str, ...]) -> None:
    """Help and version answer at once."""
    loaded = loaded_by(*arguments)
    assert "chakrator.cli.app" in loaded
    assert not loaded & (SERVER | CAGED | {"sandbox.pool.pool"})


def test_a_dry_run_loads_the_pool_alone(tmp_path: Path) -> None:
    """No server, no framework, and no code of the cage in the parent."""
    code, target = tmp_path / "code.py", tmp_path / "object.json"
    code.write_text("def reconcile(obj, ctx):\n    pass\n")
    target.write_text("{}")
    loaded = loaded_by("dry-run", str(code), "--object", str(target), "-o", "json")
    assert "sandbox.pool.pool" in loaded
    assert not loaded & (SERVER | FRAMEWORK | CAGED | {"webui"})


def test_a_check_loads_pool_and_gate_alone(tmp_path: Path) -> None:
    """The gate is a part of the page's package; the page is not loaded with it."""
    code = tmp_path / "code.py"
    code.write_text("x = '\0'\n")  # refused by the gate itself, before any tool is asked
    loaded = loaded_by("check", str(code))
    assert {"sandbox.pool.pool", "webui.validation.gate"} <= loaded
    assert not loaded & (SERVER | FRAMEWORK | CAGED)
