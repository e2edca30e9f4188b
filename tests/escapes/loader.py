"""The escape cases: one small hostile file each, with a header that says what it tries.

Case files are never imported and never run in the process of a test: only `tests.escapes.runner` runs
them, in a child of a child, or a worker does. The header of a case:

    # technique: one sentence
    # source: where the idea is from (an advisory, a CPython issue, folklore of jail CTFs, our own review)
    # layers: policy, cage      (each layer named here must contain the case with all others off)
    # expect: rejected CHK120   (of the policy alone: rejected CODE, guarded, failed, stopped, harmless)
    # cage: CageViolation       (of the cage alone: a verdict, and a part of its message)
    # success: how one sees that it got out
    # versions: until 3.11      (or "from 3.12": elsewhere the case has nothing to win; without it, everywhere)

What a case can win is a secret: it is in the environment, in the globals of the runner, in a private
attribute of `ctx`; `obj["reached"]` holds it too, for cases that win by having done something at all.
`obj["spec"]` names targets that are really there, and `much`, which is little in a control.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).parent / "cases"
FIELDS = ("technique", "source", "layers", "success")
LAYERS = frozenset({"policy", "cage"})
_VERSIONS = re.compile(r"((until|from) 3\.[0-9]{1,2})?")


@dataclass(frozen=True)
class Case:
    """One attempt. `expect` is what the policy alone does about it, `cage` what the cage alone does."""

    path: Path
    technique: str
    source: str
    layers: frozenset[str]
    success: str
    expect: str
    cage: str
    control: str
    versions: str = ""

    def applies(self, version: tuple[int, int] = sys.version_info[:2]) -> bool:
        """Whether there is anything to win in this version of Python."""
        if not self.versions:
            return True
        word, bound = self.versions.split()
        major, minor = bound.split(".")
        bounds = int(major), int(minor)
        return version <= bounds if word == "until" else version >= bounds

    @property
    def category(self) -> str:
        """The folder."""
        return self.path.parent.name

    @property
    def title(self) -> str:
        """The file's name, as words."""
        return self.path.stem.replace("_", " ")

    @property
    def id(self) -> str:
        """`category/name`."""
        return f"{self.category}/{self.path.stem}"

    @property
    def text(self) -> str:
        """The source."""
        return self.path.read_text("utf-8")


def load(path: Path) -> Case:
    """Read the header of a case; a case without a whole header is an error."""
    header: dict[str, str] = {}
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("# "):
            break
        key, _, value = line[2:].partition(": ")
        header[key] = value.strip()
    layers = frozenset(header.get("layers", "").replace(",", " ").split())
    needed = [*FIELDS, *(["expect"] if "policy" in layers else []), *(["cage"] if "cage" in layers else [])]
    missing = [name for name in needed if not header.get(name)]
    if missing or not layers or not layers <= LAYERS:
        raise ValueError(f"{path} does not say: {', '.join(missing) or 'its layers'}")
    if not _VERSIONS.fullmatch(header.get("versions", "")):
        raise ValueError(f"{path} has versions that are not 'until 3.N' or 'from 3.N'")
    names = ("technique", "source", "success", "expect", "cage", "control", "versions")
    rest = {name: header.get(name, "") for name in names}
    return Case(path, layers=layers, **rest)


def cases(layer: str | None = None) -> list[Case]:
    """All cases, or those that a layer claims to contain."""
    found = [load(path) for path in sorted(CASES.glob("*/*.py"))]
    return [case for case in found if layer is None or layer in case.layers]
