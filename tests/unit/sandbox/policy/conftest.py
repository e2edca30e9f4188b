"""The sums of the generated programs are shown at the end of a run of the tests."""

from __future__ import annotations

import pytest

GENERATED = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is summed up yet."""
    config.stash.setdefault(GENERATED, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line."""
    for line in config.stash.get(GENERATED, []):
        terminalreporter.write_line(line)
