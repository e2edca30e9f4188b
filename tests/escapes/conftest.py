"""At the end of a run the matrix is printed: how many attempts each combination of layers stopped."""

from __future__ import annotations

from collections import Counter

import pytest

_COLUMNS = {
    "test_positive_control": "no layer: wins",
    "test_contained_by_the_policy_alone": "policy alone: held",
    "test_contained_by_the_cage_alone": "cage alone: held",
    "test_contained_by_both": "both: held",
}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a column."""
    counts = {outcome: _count(terminalreporter, outcome) for outcome in ("passed", "failed", "skipped")}
    if not any(counts.values()):
        return
    terminalreporter.write_sep("-", "escapes")
    for column, label in _COLUMNS.items():
        passed, failed, skipped = (counts[outcome][column] for outcome in ("passed", "failed", "skipped"))
        terminalreporter.write_line(f"{label:<20}{passed:>5} of {passed + failed:<5}{skipped} not possible here")


def _count(reporter: pytest.TerminalReporter, outcome: str) -> Counter[str]:
    names = (report.nodeid for report in reporter.stats.get(outcome, []) if report.when != "teardown")
    tests = (node.partition("::")[2].partition("[")[0] for node in names)
    return Counter(test for test in tests if test in _COLUMNS)
