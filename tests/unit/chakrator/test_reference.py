"""The generated reference pages are what the code says."""

from __future__ import annotations

import pytest

from chakrator.reference import FOLDER, render_all


@pytest.mark.parametrize("name", sorted(render_all()))
def test_a_page_is_fresh(name: str) -> None:
    """Otherwise: `make reference`."""
    assert (FOLDER / name).read_text("utf-8") == render_all()[name]
