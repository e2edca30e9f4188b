"""What the start of the cage leaves in the metrics, and what readiness says when it is not complete."""

from __future__ import annotations

from typing import cast

import pytest

from chakrator.wiring import start_cage
from core.telemetry.metrics import Metrics
from sandbox.pool.config import PoolStatus
from sandbox.pool.errors import CageUnavailable
from sandbox.pool.pool import Pool


class Cage:
    """A pool that starts with these layers, or does not."""

    def __init__(self, layers: dict[str, str], missing: CageUnavailable | None = None) -> None:
        self.layers = layers
        self.missing = missing

    async def start(self) -> None:
        if self.missing is not None:
            raise self.missing

    def status(self) -> PoolStatus:
        return PoolStatus(layers=self.layers)


def state(metrics: Metrics, layer: str) -> list[str]:
    """The states that are 1."""
    name = "chakrator_sandbox_layer"
    words = ("on", "off", "missing")
    return [word for word in words if metrics.registry.get_sample_value(name, {"layer": layer, "state": word})]


async def test_each_layer_is_a_series() -> None:
    """On, or off where it was waived or is an extra that is not to be had."""
    metrics = Metrics()
    layers = {"seccomp": "on", "landlock": "off: Function not implemented", "namespaces": "not taken: denied"}
    assert await start_cage(cast("Pool", Cage(layers)), metrics) == []
    assert [state(metrics, layer) for layer in layers] == [["on"], ["off"], ["off"]]


@pytest.mark.parametrize("layer", ["landlock", "seccomp", "pidfd"])
async def test_a_missing_layer_keeps_us_from_being_ready(layer: str) -> None:
    """The problem names layer, reason and remedy."""
    metrics = Metrics()
    missing = CageUnavailable(layer, "Function not implemented")
    (problem,) = await start_cage(cast("Pool", Cage({}, missing)), metrics)
    assert f"{layer}: Function not implemented; {missing.remedy}" in problem
    assert missing.remedy
    assert state(metrics, layer) == ["missing"]
