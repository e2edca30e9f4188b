"""The short way of `check` and `dry-run` reads a line as the framework does, or leaves it to the framework."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from chakrator.cli import local, offline, quick
from chakrator.cli.app import app

TAKEN = [
    "check code.py",
    "check code.py -o json",
    "check --output text code.py",
    "check code.py --namespace a --reconciler b",
    "check code.py --namespace a",
    "dry-run code.py --object a.json",
    "dry-run --object a.json code.py --object folder -o json",
    "dry-run code.py --object a.json --state s --timeout 0.1 --memory 64",
    "dry-run code.py --object a.json --timeout 60 --memory 2048 --output json",
]
LEFT = [
    "",
    "--help",
    "--version",
    "check",
    "check --help",
    "check code.py other.py",
    "check code.py -o",
    "check code.py -o yaml",
    "check code.py -ojson",
    "check code.py -o json -o text",
    "check -- code.py",
    "check code.py --output=json",
    "check code.py --object a.json",
    "dry-run code.py",
    "dry-run --object a.json",
    "dry-run code.py --object",
    "dry-run code.py --object a.json --help",
    "dry-run code.py --object a.json --timeout 0.09",
    "dry-run code.py --object a.json --timeout 60.1",
    "dry-run code.py --object a.json --timeout nan",
    "dry-run code.py --object a.json --timeout -1",
    "dry-run code.py --object a.json --memory 63",
    "dry-run code.py --object a.json --memory 2049",
    "dry-run code.py --object a.json --memory 64.5",
    "doctor",
    "save code.py",
]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What the two commands were called with, defaults filled in."""
    calls: list[dict[str, object]] = []

    def record(real: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(real)

        def fake(*args: object, **kwargs: object) -> None:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            calls.append({"command": real.__name__, **bound.arguments})

        return fake

    for name in ("check", "dry_run"):
        monkeypatch.setattr(offline, name, record(getattr(offline, name)))
    return calls


@pytest.mark.parametrize("line", TAKEN)
def test_both_ways_read_the_same(line: str, called: list[dict[str, object]]) -> None:
    """Same command, same values of the same types: nobody can tell which way was taken."""
    command = quick.take(line.split())
    assert command is not None
    command()
    app(line.split(), standalone_mode=False)
    short, long = called
    assert short == long
    assert {name: type(value) for name, value in short.items()} == {name: type(value) for name, value in long.items()}


@pytest.mark.parametrize("line", LEFT)
def test_a_doubt_is_left_to_the_framework(line: str) -> None:
    """It is there that help, usage errors and all other spellings are answered."""
    assert quick.take(line.split()) is None


def test_an_empty_value_is_a_doubt() -> None:
    """An unset variable of a script must not become the folder of now."""
    assert quick.take(["dry-run", "code.py", "--object", ""]) is None


@pytest.mark.parametrize(("options", "command"), [(quick.CHECK, local.check), (quick.DRY_RUN, local.dry_run)])
def test_no_option_is_only_here_or_there(options: dict[str, tuple[str, object]], command: Callable[..., None]) -> None:
    """An option that is added to one way is missed in the other."""
    assert {name for name, _ in options.values()} == set(inspect.signature(command).parameters) - {"file"}
