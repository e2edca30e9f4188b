"""Each code has its section, its examples are true, and the page is fresh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.policy import compiler
from sandbox.policy.compiler import check
from sandbox.wire.anchors import anchor

from .codes import DOCS, Doc
from .page import FILE, page
from .support import body

POLICY = Path(compiler.__file__).parent


def _source(doc: Doc, text: str) -> str:
    return text if doc.whole else body(text)


def test_every_code_has_a_section_and_every_section_a_code() -> None:
    """A finding always leads to an explanation."""
    used = {code for path in POLICY.rglob("*.py") for code in re.findall(r"CHK\d{3}", path.read_text("utf-8"))}
    assert [doc.code for doc in DOCS] == sorted(used)


@pytest.mark.parametrize("doc", [doc for doc in DOCS if doc.refused], ids=lambda doc: doc.code)
def test_the_refused_example_is_refused(doc: Doc) -> None:
    """With this code and no other, on a range that is inside of the source."""
    source = _source(doc, doc.refused)
    findings = check(source)
    assert {finding.code for finding in findings} == {doc.code}
    lines = source.count("\n") + 1
    for finding in findings:
        assert 1 <= finding.line <= finding.end_line <= lines
        assert (finding.line, finding.column) <= (finding.end_line, finding.end_column)


def test_a_failing_checker_has_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one code that no source is known to give."""
    monkeypatch.setattr(compiler, "_entry_points", lambda *_: 1 / 0)
    assert [finding.code for finding in check("x = 1")] == ["CHK199"]


@pytest.mark.parametrize("doc", DOCS, ids=lambda doc: doc.code)
def test_what_to_write_instead_is_accepted(doc: Doc) -> None:
    """An advice that is refused would be a bad joke."""
    assert check(_source(doc, doc.accepted)) == []


def test_the_page_is_fresh() -> None:
    """Otherwise: `make reference`."""
    assert FILE.read_text("utf-8") == page()


@pytest.mark.parametrize("doc", DOCS, ids=lambda doc: doc.code)
def test_an_anchor_is_a_heading_of_the_page(doc: Doc) -> None:
    """As the page's own headings become anchors."""
    name, _, fragment = anchor(doc.code).partition("#")
    headings = [
        line.removeprefix("### ").lower() for line in FILE.read_text("utf-8").splitlines() if line[:4] == "### "
    ]
    assert name == FILE.name
    assert headings.count(fragment) == 1


@pytest.mark.parametrize("code", ["F401", "CHK1", "CHK1234", "arg-type", ""])
def test_other_codes_have_no_anchor(code: str) -> None:
    """Ruff and mypy have pages of their own."""
    assert anchor(code) == ""
