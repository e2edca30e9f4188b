"""`chakrator doctor`: one line a layer, JSON for scripts, and an exit code that can be relied on."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from chakrator.cli.app import app
from sandbox.pool import doctor
from sandbox.pool.config import PoolConfig
from sandbox.pool.doctor import LayerReport

GOOD = LayerReport("seccomp", "on", "", "", True)
BAD = LayerReport("landlock", "missing", "Function not implemented", "use Linux 5.13", True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[PoolConfig]:
    """What the machine was examined with; Landlock is missing unless it is waived."""
    configs: list[PoolConfig] = []

    async def examine(config: PoolConfig) -> tuple[LayerReport, ...]:
        configs.append(config)
        return (GOOD,) if config.allow_degraded else (GOOD, BAD)

    monkeypatch.setattr(doctor, "examine", examine)
    monkeypatch.delenv("CHAKRATOR_ALLOW_DEGRADED", raising=False)
    return configs


def test_a_missing_layer_is_an_exit_code_with_reason_and_remedy(asked: list[PoolConfig]) -> None:
    """On one line, for a person."""
    ended = CliRunner().invoke(app, ["doctor"])
    assert ended.exit_code == 1
    (line,) = [line for line in ended.stdout.splitlines() if line.startswith("landlock")]
    assert line.split(maxsplit=2)[1:] == ["missing", "Function not implemented; use Linux 5.13"]


def test_json_says_the_same(asked: list[PoolConfig]) -> None:
    """One object with the machine, the verdict, and each layer."""
    ended = CliRunner().invoke(app, ["doctor", "-o", "json"])
    assert ended.exit_code == 1
    said = json.loads(ended.stdout)
    assert said["ok"] is False
    assert set(said["machine"]) == {"kernel", "architecture", "python"}
    assert said["layers"][1] == {
        "layer": "landlock",
        "state": "missing",
        "detail": "Function not implemented",
        "remedy": "use Linux 5.13",
        "required": True,
    }


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["--allow-degraded", "landlock"], {}), ([], {"CHAKRATOR_ALLOW_DEGRADED": "landlock"})],
    ids=["option", "environment"],
)
def test_a_waived_layer_is_asked_for_as_the_host_would(
    asked: list[PoolConfig], arguments: list[str], environment: dict[str, str]
) -> None:
    """By an option or by the host's own setting."""
    ended = CliRunner().invoke(app, ["doctor", *arguments], env=environment)
    assert ended.exit_code == 0
    assert asked[0].allow_degraded == {"landlock"}


def test_nothing_else_can_be_waived(asked: list[PoolConfig]) -> None:
    """The machine is not even looked at."""
    ended = CliRunner().invoke(app, ["doctor", "--allow-degraded", "seccomp"])
    assert ended.exit_code == 2
    assert not asked


def test_help_has_examples() -> None:
    """With and without JSON."""
    ended = CliRunner().invoke(app, ["doctor", "--help"])
    assert "chakrator doctor -o json" in ended.stdout
