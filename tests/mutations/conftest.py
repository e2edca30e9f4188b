"""At the end of a run it is told what was mutated, and how many of them were noticed."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def told(request: pytest.FixtureRequest) -> list[str]:
    """Lines for the end of the run."""
    return request.config.stash.setdefault(_TOLD, [])


_TOLD = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line a kind of mutants."""
    lines = config.stash.get(_TOLD, [])
    if lines:
        terminalreporter.write_sep("-", "mutants")
    for line in lines:
        terminalreporter.write_line(line)
