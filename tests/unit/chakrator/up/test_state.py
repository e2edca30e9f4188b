"""What a data folder remembers, and whom it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from chakrator.up import state, tokens
from chakrator.up.errors import DataFolderUnusable


def test_state_survives(tmp_path: Path) -> None:
    """Saved and loaded, it is the same; where there is none it is fresh."""
    path = tmp_path / "state.json"
    assert state.load(path) == state.State()
    kept = state.State(etcd_port=20_001, api_port=20_002, booted=True)
    state.save(path, kept)
    assert state.load(path) == kept


def test_a_newer_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """A downgrade must not touch what it does not understand."""
    path = tmp_path / "state.json"
    state.save(path, state.State(format=state.FORMAT + 1))
    with pytest.raises(DataFolderUnusable, match="newer version"):
        state.load(path)


def test_a_damaged_state_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """Guessing here could discard somebody's data."""
    path = tmp_path / "state.json"
    path.write_text('{"format": 1, "etcd_po')
    with pytest.raises(DataFolderUnusable, match="delete it"):
        state.load(path)


def test_tokens_are_kept_and_damaged_ones_replaced(tmp_path: Path) -> None:
    """A restart signs nobody out; an empty file (interrupted, or emptied) gets a token again."""
    csv = tmp_path / "tokens.csv"
    tokens.ensure(tmp_path, csv)
    first = {who: tokens.path(tmp_path, who).read_text() for who in (tokens.ADMIN, *tokens.PEOPLE)}
    assert len(set(first.values())) == 4
    (tmp_path / "tokens" / "viewer").write_text("")
    tokens.ensure(tmp_path, csv)
    second = {who: tokens.path(tmp_path, who).read_text() for who in (tokens.ADMIN, *tokens.PEOPLE)}
    assert {who for who in first if first[who] != second[who]} == {"viewer"}
    rows = [line.split(",") for line in csv.read_text().splitlines()]
    assert {user: token + "\n" for token, user, _ in rows} == {tokens.user(who): second[who] for who in second}


def test_no_token_row_can_be_injected(tmp_path: Path) -> None:
    """A token file with a comma or a second line would make up users with groups: it is replaced."""
    (tmp_path / "token").write_text("x" * 40 + ',evil,evil,"system:masters"\n')
    csv = tmp_path / "tokens.csv"
    tokens.ensure(tmp_path, csv)
    assert "evil" not in csv.read_text()
