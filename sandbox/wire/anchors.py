"""Where the documentation of a finding is: one section of one page for each code."""

from __future__ import annotations

import re

PAGE = "policy.md"
_CODE = re.compile(r"CHK[0-9]{3}")


def anchor(code: str) -> str:
    """`policy.md#chk101` of docs/reference; empty for what is no code of the policy's."""
    return f"{PAGE}#{code.lower()}" if _CODE.fullmatch(code) else ""
