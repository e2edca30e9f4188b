"""What commands print."""

from __future__ import annotations

import pytest

from chakrator.cli.output import hanging, print_finding

FINDING = {
    "severity": "error",
    "code": "CHK101",
    "message": "too large",
    "tool": "policy",
    "start": {"line": 1, "column": 2},
}


@pytest.mark.parametrize(
    ("more", "printed"),
    [
        ({}, "a.py:1:2 error CHK101 too large [policy]\n"),
        ({"hint": "", "doc": ""}, "a.py:1:2 error CHK101 too large [policy]\n"),
        (
            {"hint": "cut it", "doc": "policy.md#chk101"},
            "a.py:1:2 error CHK101 too large (cut it) [policy] see docs/reference/policy.md#chk101\n",
        ),
    ],
)
def test_a_finding_is_a_line(capsys: pytest.CaptureFixture[str], more: dict[str, str], printed: str) -> None:
    """Place first, as compilers do; what to write instead and where to read on at the end."""
    print_finding("a.py", {**FINDING, **more})
    assert capsys.readouterr().out == printed


def test_no_line_of_an_author_looks_like_one_of_ours() -> None:
    """A message with a newline must not tell of another object's outcome; control characters are shown."""
    assert hanging("a.json: Failed: bad\nb.json: Succeeded\x1b") == "a.json: Failed: bad\n    b.json: Succeeded\\x1b"
