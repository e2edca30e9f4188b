"""What an operator is told about each layer, from what a zygote says."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from sandbox.pool import doctor
from sandbox.pool.config import PoolConfig
from sandbox.pool.doctor import OPTIONAL, REQUIRED, LayerReport, complete, examine, state
from sandbox.pool.errors import CageUnavailable
from sandbox.pool.remedies import REMEDIES, remedy
from sandbox.wire.control import Settings

ALL = {
    **dict.fromkeys(REQUIRED, "on"),
    "landlock": "on (ABI 7)",
    "identity": "on (uid 65533)",
    "executable_memory": "on",
    "namespaces": "not taken: Operation not permitted",
    "oom_score": "on",
}


class Machine:
    """Starts zygotes that find these layers, or that the named ones are missing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, missing: Mapping[str, str]) -> None:
        self.missing = missing
        self.layers: Mapping[str, str] = {}
        monkeypatch.setattr(doctor.Zygote, "start", self.start)

    async def start(self, settings: Settings, _timeout: float, _lost: object) -> Machine:
        found = dict(ALL)
        for layer, why in self.missing.items():
            if layer not in settings.allow_degraded:
                raise CageUnavailable(layer, why)
            found[layer] = f"off: {why}"
        self.layers = found
        return self

    def close(self) -> None:
        """There is no process."""


async def found(monkeypatch: pytest.MonkeyPatch, missing: Mapping[str, str], *waived: str) -> dict[str, LayerReport]:
    Machine(monkeypatch, missing)
    reports = await examine(PoolConfig(allow_degraded=frozenset(waived)))
    return {one.layer: one for one in reports}


async def test_a_whole_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each layer once, with its state; an extra that is not to be had takes nothing from it."""
    reports = await found(monkeypatch, {})
    assert tuple(reports) == (*REQUIRED, *OPTIONAL)
    assert {one.state for one in reports.values() if one.required} == {"on"}
    assert reports["landlock"].detail == "ABI 7"
    assert (reports["namespaces"].state, reports["namespaces"].detail) == ("off", "Operation not permitted")
    assert reports["namespaces"].remedy
    assert complete(tuple(reports.values()))


async def test_without_landlock_the_others_are_still_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the one layer that can be done without, so a second look is possible."""
    reports = await found(monkeypatch, {"landlock": "Function not implemented"})
    assert reports["landlock"].state == "missing"
    assert "5.13" in reports["landlock"].remedy
    assert "CHAKRATOR_ALLOW_DEGRADED" in reports["landlock"].remedy
    assert reports["seccomp"].state == "on"
    assert not complete(tuple(reports.values()))


async def test_a_waived_layer_is_off_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs, and the reason and the remedy stay visible."""
    reports = await found(monkeypatch, {"landlock": "Function not implemented"}, "landlock")
    assert (reports["landlock"].state, reports["landlock"].detail) == ("off", "Function not implemented")
    assert reports["landlock"].remedy
    assert complete(tuple(reports.values()))


@pytest.mark.parametrize("layer", ["seccomp", "proc", "processes", "rlimits"])
async def test_what_was_not_reached_is_not_called_good(monkeypatch: pytest.MonkeyPatch, layer: str) -> None:
    """Also when what stood in the way is none of the layers."""
    reports = await found(monkeypatch, {layer: "no"}, "landlock")
    assert reports[layer].state == "missing"
    assert reports[layer].remedy
    others = [one for name, one in reports.items() if name != layer]
    assert {one.state for one in others} == {"unknown"}
    assert all(layer in one.detail for one in others)
    assert not complete(tuple(reports.values()))


def test_every_layer_has_a_remedy_and_the_error_carries_it() -> None:
    """Readiness, log and incident show the error's text."""
    assert set(REQUIRED) | set(OPTIONAL) <= set(REMEDIES)
    error = CageUnavailable("seccomp", "Invalid argument")
    assert error.remedy == remedy("seccomp")
    assert str(error).endswith(f"seccomp: Invalid argument; {error.remedy}")
    assert str(CageUnavailable("tool", "x")) == "the cage is not complete: tool: x"


def test_a_state_is_one_word() -> None:
    """Whatever the zygote said beside it."""
    texts = ("on", "on (ABI 7)", "off: no", "missing: no", "not taken: no", "unknown: no")
    assert [state(text) for text in texts] == ["on", "on", "off", "missing", "off", "unknown"]
