"""What the worker needs of a language layer, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import CodeType
from typing import Protocol

from sandbox.wire.messages import Finding


class Refusal(Exception):
    """The language layer does not accept a source."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("the source is refused")
        self.findings = findings


@dataclass(frozen=True, slots=True)
class RunInputs:
    """What one run gives to its namespace: the sink of `print`, the fixed time, the seed, the log with its levels."""

    write: Callable[[str], None]
    now: datetime
    seed: bytes
    log: Callable[[str, str], None] | None = None


class Language(Protocol):
    """Judges a source, compiles it, and makes the namespace of one run."""

    version: str

    def check(self, source: str) -> list[Finding]:
        """The findings; none means accepted."""

    def compile(self, source: str) -> tuple[CodeType, bool]:
        """The code object, and whether it defines `finalize`; raises Refusal."""

    def namespace(self, inputs: RunInputs) -> dict[str, object]:
        """Fresh globals to execute the code object in."""

    def is_refusal(self, error: BaseException) -> bool:
        """Whether a guard raised this."""
