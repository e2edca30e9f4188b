"""Files that hold secrets, or that an interruption must not halve."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from chakrator.up.files import private_folder, sweep, write_private


def test_a_written_file_is_private_and_whole(tmp_path: Path) -> None:
    """Mode 0600 from its first moment, the new content, and nothing else left in the folder."""
    target = tmp_path / "token"
    target.write_text("old")
    target.chmod(0o644)
    write_private(target, "new")
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_a_failed_replacement_keeps_the_old_file(tmp_path: Path) -> None:
    """What cannot be moved into place leaves neither a half file nor a leftover."""
    target = tmp_path / "occupied"
    target.mkdir()
    (target / "kept").write_text("x")
    with pytest.raises(OSError, match="occupied"):
        write_private(target, "new")
    assert (target / "kept").read_text() == "x"
    assert [path.name for path in tmp_path.iterdir()] == ["occupied"]


def test_leftovers_of_an_interrupted_write_are_swept(tmp_path: Path) -> None:
    """Only our own temporary names go; a person's hidden file stays."""
    (tmp_path / ".token.1234abcd.tmp").write_text("half")
    (tmp_path / ".profile").write_text("mine")
    (tmp_path / "note.tmp").write_text("mine")
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".profile", "note.tmp"]


def test_a_private_folder_is_the_owners_alone(tmp_path: Path) -> None:
    """0700 for what it makes; one that is there already keeps its mode."""
    made = private_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    made.chmod(0o750)
    assert stat.S_IMODE(private_folder(made).stat().st_mode) == 0o750
