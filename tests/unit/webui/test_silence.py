"""What silences a checker is itself a finding."""

from __future__ import annotations

import pytest

from webui.validation.columns import Columns
from webui.validation.silence import silencers


def found(source: str) -> list[tuple[int, int, str]]:
    return [(one.start.line, one.start.column, one.code) for one in silencers(source, Columns(source))]


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # type: ignore",
        "x = 1  # type:ignore[assignment]",
        "# mypy: ignore-errors",
        "x = 1  # noqa",
        "x = 1  # NOQA: F401",
        "# ruff: noqa",
        "x = 1  # because # type: ignore",
        "@no_type_check",
        "if TYPE_CHECKING:",
        "y = typing.TYPE_CHECKING",
    ],
)
def test_it_is_found(line: str) -> None:
    """Comments and names alike, wherever they stand."""
    assert [place[0] for place in found(f"a = '😀'\n{line}\n    pass\n")] == [2]


@pytest.mark.parametrize(
    "source",
    [
        's = "# type: ignore"\n',
        "s = 'TYPE_CHECKING'\n",
        "# the type of this is ignored\n",
        "not_type_checking = 1\n",
        's = """\n# noqa\n"""\n',
    ],
)
def test_a_text_that_only_says_so_is_not(source: str) -> None:
    """Inside strings nothing is silenced."""
    assert found(source) == []


def test_the_place_counts_utf16_units() -> None:
    """An emoji before the comment moves it by two."""
    assert found('s = "😀"  # noqa\n') == [(1, 11, "silenced")]


def test_unfinished_text_does_not_raise() -> None:
    """Half a source is what an editor sends most of the time."""
    assert found("x = 1  # noqa\ny = (\n")[0][0] == 1
