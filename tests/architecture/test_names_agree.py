"""The sandbox imports nothing of the project, so names that both sides use are held together here."""

from __future__ import annotations

from core.domain.outcome import FOLLOW_UP, Layer, Outcome
from sandbox.pool import config


def test_verdicts_are_outcomes() -> None:
    """A verdict of the pool can be read as an outcome without a table."""
    assert [v.value for v in config.Verdict] == [o.value for o in Outcome]


def test_layers_agree() -> None:
    """So can the layer that stopped a run."""
    assert [v.value for v in config.Layer] == [v.value for v in Layer]


def test_every_outcome_has_a_follow_up() -> None:
    """No outcome leaves the queue without an answer."""
    assert set(FOLLOW_UP) == set(Outcome)
