"""The escape cases: one small hostile file each, with a header that says what it tries.

Case files are never imported and never run in the process of a test: only `tests.escapes.runner` runs
them, in a child of a child. The header of a case:

    # technique: one sentence
    # source: where the idea is from (folklore of jail CTFs, an advisory, the language reference, our own review)
    # layers: policy            (each layer named here must contain the case with all others off)
    # expect: rejected CHK120   (rejected CODE, guarded, failed, stopped, harmless)
    # success: how one sees that it got out

What a case can win is a secret: it is in the environment, in the globals of the runner, in a private
attribute of `ctx`; `obj["reached"]` holds it too, for cases that win by having done something at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).parent / "cases"
FIELDS = ("technique", "source", "layers", "expect", "success")
SUCCESS_BY_VALUE = "returns the secret"


@dataclass(frozen=True)
class Case:
    """One attempt. `expect` is what the policy alone does about it."""

    path: Path
    technique: str
    source: str
    layers: frozenset[str]
    expect: str
    success: str

    @property
    def category(self) -> str:
        """The folder."""
        return self.path.parent.name

    @property
    def id(self) -> str:
        """`category/name`."""
        return f"{self.category}/{self.path.stem}"


def load(path: Path) -> Case:
    """Read the header of a case; a case without a whole header is an error."""
    header: dict[str, str] = {}
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("# "):
            break
        key, _, value = line[2:].partition(": ")
        header[key] = value.strip()
    missing = [name for name in FIELDS if not header.get(name)]
    if missing:
        raise ValueError(f"{path} does not say: {', '.join(missing)}")
    layers = frozenset(header["layers"].replace(",", " ").split())
    return Case(path, header["technique"], header["source"], layers, header["expect"], header["success"])


def cases(layer: str | None = None) -> list[Case]:
    """All cases, or those that a layer claims to contain."""
    found = [load(path) for path in sorted(CASES.glob("*/*.py"))]
    return [case for case in found if layer is None or layer in case.layers]
