"""Findings: ranges in the units of an editor, order, bound."""

from __future__ import annotations

import pytest

from sandbox.policy.compiler import check
from sandbox.policy.report import MAX_FINDINGS, MAX_MESSAGE, Report

TAIL = "\ndef reconcile(obj, ctx):\n    return None\n"


def test_columns_are_utf16_units_from_one() -> None:
    """An emoji is four bytes, one code point and two units of an editor; only the last counts."""
    finding = check('x = "🐧é"; y = open' + TAIL)[0]
    assert (finding.code, finding.line, finding.column, finding.end_column) == ("CHK110", 1, 16, 20)


def test_syntax_error_has_a_range() -> None:
    """What the parser says is a finding like any other, also after an emoji."""
    (finding,) = check('x = "🐧" +\n')
    assert finding.code == "CHK100"
    assert (finding.line, finding.column, finding.end_line) == (1, 11, 1)
    assert finding.end_column > finding.column


def test_error_of_the_compiler_has_a_range() -> None:
    """What only the compiler sees is placed too, and the compiler counts bytes."""
    (finding,) = check('x = "🐧é"; return 1' + TAIL)
    assert (finding.code, finding.line, finding.column) == ("CHK100", 1, 12)
    assert "'return' outside function" in finding.message


def test_every_line_ending_counts_once() -> None:
    """Lines are what the parser calls lines, whatever ends them."""
    findings = check("a = 1\r\nb = 2\rc = open\n" + TAIL)
    assert [(f.line, f.column) for f in findings] == [(3, 5)]


def test_in_reading_order() -> None:
    """Findings of different judges are one list, as a reader meets them."""
    findings = check("a = obj_.__class__\nimport os\nb = nothing\n" + TAIL)
    assert [(f.line, f.code) for f in findings] == [(1, "CHK110"), (1, "CHK120"), (2, "CHK130"), (3, "CHK110")]


def test_no_more_than_fifty() -> None:
    """A hostile source cannot make the report grow."""
    assert len(check("\n".join(f"x{n} = nothing" for n in range(500)) + TAIL)) == MAX_FINDINGS


def test_a_finding_is_recorded_once() -> None:
    """Two judges that agree do not say it twice."""
    report = Report("")
    report.at_top("CHK101", "twice")
    report.at_top("CHK101", "twice")
    assert len(report.findings()) == 1
    assert not report.empty


@pytest.mark.parametrize("source", ["{}", "a._{}", "import {}", "def f(__{}): pass", "class A(k{}=1): pass"])
def test_a_long_name_makes_no_long_message(source: str) -> None:
    """A frame with a text beyond its bound would make an author's slip look like an attack."""
    findings = check(source.format("x" * 50_000) + TAIL)
    assert findings
    assert all(len(finding.message) <= MAX_MESSAGE for finding in findings)


def test_a_range_is_worked_out_only_for_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each range costs its whole line: of 5,000 findings on one line the work is done for a bounded number."""
    worked_out = 0
    real = Report._column_of_bytes

    def counted(self: Report, line: int, offset: int) -> int:
        nonlocal worked_out
        worked_out += 1
        return real(self, line, offset)

    monkeypatch.setattr(Report, "_column_of_bytes", counted)
    assert len(check("x = [" + "a," * 5_000 + "]" + TAIL)) == MAX_FINDINGS
    assert 2 * MAX_FINDINGS <= worked_out <= 8 * MAX_FINDINGS
