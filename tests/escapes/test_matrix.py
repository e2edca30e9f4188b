"""Every escape under every combination of layers: it wins with none, and loses to each that claims it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.escapes.loader import Case, cases
from tests.escapes.matrix import caged, uncaged
from tests.escapes.page import PAGE, page

ALL = cases()
POLICY = [case for case in ALL if "policy" in case.layers]
CAGE = [case for case in ALL if "cage" in case.layers]
# How a refusal of the policy is called where the whole of it runs; the rest of the message is the policy's.
IN_PRODUCTION = {
    "rejected": ("Rejected",),
    "guarded": ("Failed",),
    "failed": ("Retry",),
    "stopped": ("TimedOut",),
    "harmless": ("Succeeded",),
}


def name(case: Case) -> str:
    return case.id


@pytest.mark.parametrize("case", ALL, ids=name)
def test_positive_control(case: Case) -> None:
    """With no layer in the way the case wins, so that its containment means something."""
    found = uncaged("plain")[case.id]
    if not case.applies():
        assert found[0] != "escaped", "it applies here too"
        pytest.skip(f"{case.versions}: {found[1]}")
    if case.control.startswith("not everywhere") and found[0] != "escaped":
        pytest.skip(f"{case.control}: {found[1]}")
    assert found == ("died" if case.control == "dies" else "escaped", "")


@pytest.mark.parametrize("case", POLICY, ids=name)
def test_contained_by_the_policy_alone(case: Case) -> None:
    """With the policy and nothing else the case is stopped, in the very way that its header says."""
    verdict, detail = uncaged("policy")[case.id]
    expected, _, code = case.expect.partition(" ")
    assert (verdict, code in detail) == (expected, True), (verdict, detail)


@pytest.mark.parametrize("case", CAGE, ids=name)
def test_contained_by_the_cage_alone(case: Case) -> None:
    """Plain Python in a worker, with the verdict that the header says; and every target is as it was."""
    verdict, detail = caged("cage")[case.id]
    if not case.applies():
        assert verdict != "escaped"
        pytest.skip(f"{case.versions}: {detail}")
    expected, _, text = case.cage.partition(" ")
    assert (verdict, text in detail) == (expected, True), (verdict, detail)


@pytest.mark.parametrize("case", ALL, ids=name)
def test_contained_by_both(case: Case) -> None:
    """As in production: the policy answers where it claims the case, otherwise the cage."""
    verdict, detail = caged("both")[case.id]
    expected, _, text = case.expect.partition(" ")
    if "policy" in case.layers:
        assert verdict in IN_PRODUCTION[expected], (verdict, detail)
        assert expected != "guarded" or detail.startswith("guard ")
        assert ("CHK" if expected == "rejected" else text) in detail
    else:
        assert verdict == case.cage.partition(" ")[0], (verdict, detail)


def test_a_case_may_be_for_some_versions() -> None:
    """Both ends count; without the line it is for all."""
    case = next(case for case in ALL if not case.versions)
    versions = [(3, 11), (3, 12), (3, 13)]
    until, since = replace(case, versions="until 3.12"), replace(case, versions="from 3.12")
    assert [case.applies(version) for version in versions] == [True, True, True]
    assert [until.applies(version) for version in versions] == [True, True, False]
    assert [since.applies(version) for version in versions] == [False, True, True]
    assert sum(bool(case.versions) for case in ALL) <= 5


def test_breadth() -> None:
    """There are many techniques, and no category is padded with variants of one."""
    by_technique = Counter(case.technique for case in ALL)
    assert len(ALL) >= 260
    assert len(POLICY) >= 200
    assert len(CAGE) >= 100
    assert len({case.category for case in ALL}) >= 30
    assert max(by_technique.values()) <= 15


def test_the_page_is_fresh() -> None:
    """`make reference` was run after the last change of a case."""
    assert PAGE.read_text("utf-8") == page()
