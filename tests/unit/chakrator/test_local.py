"""What `chakrator check -o json` says, which is what `POST …/validate` answers."""

from __future__ import annotations

from dataclasses import replace

from chakrator.gate import report_json
from core.domain.revision import Diagnostic, Position, Severity
from webui.schemas import DiagnosticOut
from webui.validation.gate import Report

FINDING = Diagnostic("policy", "CHK120", Severity.ERROR, "m", Position(1, 2), Position(1, 3), "h")


def test_a_finding_of_the_policy_carries_its_documentation() -> None:
    """One section for each code; the other tools have pages of their own."""
    others = replace(FINDING, tool="ruff", code="F401")
    report = Report(diagnostics=(FINDING, others), policy_version="v", took_ms=1.25)
    first, second = report_json(report)["diagnostics"]
    assert (first["doc"], second["doc"]) == ("policy.md#chk120", "")
    assert first == DiagnosticOut.of(FINDING).model_dump(mode="json")
