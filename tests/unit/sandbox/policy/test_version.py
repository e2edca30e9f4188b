"""The version of the policy: a change of anything that judges changes it."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from sandbox.policy import version


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the policy that may be changed."""
    folder = tmp_path / "policy"
    shutil.copytree(version.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(version, "FOLDER", folder)
    return folder


def computed() -> str:
    """Without what was kept."""
    return version.policy_version.__wrapped__()


def test_the_same_files_have_the_same_version(copied: Path) -> None:
    """Wherever they are installed, and whatever the interpreter left beside them."""
    (copied / "__pycache__").mkdir()
    (copied / "__pycache__" / "guards.cpython-311.pyc").write_bytes(b"x")
    assert computed() == version.policy_version()
    assert len(version.policy_version()) == version.LENGTH


@pytest.mark.parametrize("name", ["guards.py", "attributes.py", "grammar.py", "facades/re_.py"])
def test_a_change_changes_it(copied: Path, name: str) -> None:
    """A table, a guard or a facade."""
    before = computed()
    path = copied / name
    path.write_text(path.read_text() + "\n# changed\n")
    assert computed() != before


def test_a_file_more_or_another_name_changes_it(copied: Path) -> None:
    """What is there counts, not only what it says."""
    before = computed()
    (copied / "facades" / "os_.py").write_text("")
    added = computed()
    (copied / "facades" / "os_.py").rename(copied / "facades" / "sys_.py")
    assert len({before, added, computed()}) == 3


def test_another_library_changes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transformer below ours is a part of the decision."""
    before = computed()
    monkeypatch.setattr(version, "BELOW", tmp_path)
    assert computed() != before


def test_another_python_changes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is the grammar."""
    before = computed()
    monkeypatch.setattr(version.sys, "version_info", SimpleNamespace(major=3, minor=99))
    assert computed() != before
