"""What a child interpreter can find, and what it cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.pool import bootstrap


def child(source: str) -> object:
    """Run `source` where the zygote would be started, and read what it prints."""
    argv = bootstrap.command("sandbox.worker.zygote", "")
    at = argv.index("-c") + 1
    argv[at] = argv[at].replace("from sandbox.worker.zygote import main", source).replace("main(sys.argv[2])", "")
    ended = subprocess.run(argv, capture_output=True, env={}, cwd="/", check=True, timeout=30)
    return json.loads(ended.stdout)


def test_only_three_packages_are_found_beside_the_standard_library() -> None:
    """Nothing else of site-packages, nothing of the checkout, nothing of the environment."""
    source = """
found = []
for name in ("sandbox", "RestrictedPython", "msgspec", "aiohttp", "core", "tests", "pytest", "yaml"):
    try:
        __import__(name)
        found.append(name)
    except ModuleNotFoundError:
        pass
print(json.dumps(found))
"""
    assert child(source) == ["sandbox", "RestrictedPython", "msgspec"]


def test_the_interpreter_is_isolated() -> None:
    """No site, no user folder, no environment, no bytecode, no path of ours."""
    source = """
print(json.dumps([sys.flags.isolated, sys.flags.no_site, sys.dont_write_bytecode, any("site-" in p for p in sys.path)]))
"""
    assert child(source) == [1, 1, True, False]


def test_the_worker_side_loads_no_event_loop_and_no_client() -> None:
    """What the zygote imports, its forks have; threads or TLS in it would be a second attack surface."""
    source = """
import sandbox.worker.zygote, sandbox.worker.policed
bad = ("asyncio", "ssl", "subprocess", "multiprocessing", "http", "urllib.request", "sqlalchemy", "aiohttp", "core")
print(json.dumps([name for name in bad if name in sys.modules]))
"""
    assert child(source) == []


def test_the_places_are_those_of_this_interpreter() -> None:
    """Each holds its package."""
    for name, place in bootstrap.places().items():
        assert (Path(place) / name / "__init__.py").is_file()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not found is an error with a name, not a zygote that does not start."""
    monkeypatch.setattr(bootstrap, "PACKAGES", ("sandbox", "absent_package"))
    with pytest.raises(ModuleNotFoundError, match="absent_package"):
        bootstrap.places()
    assert bootstrap.command.__module__ in sys.modules
