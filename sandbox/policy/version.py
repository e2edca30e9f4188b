"""The version of the policy, computed from what it is made of, so that nobody has to remember to raise it.

It is stored with every revision. Equal versions judge alike: they have the same tables, guards and facades, the
same RestrictedPython, and the grammar of the same Python.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path

import RestrictedPython

FOLDER = Path(__file__).parent
BELOW = Path(RestrictedPython.__file__).parent
LENGTH = 16


@cache
def policy_version() -> str:
    """A digest as text; read before the cage closes, and kept."""
    digest = hashlib.sha256(usedforsecurity=False)
    digest.update(f"{sys.version_info.major}.{sys.version_info.minor}\0".encode())
    for folder in (FOLDER, BELOW):
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()[:LENGTH]
