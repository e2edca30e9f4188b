"""Revisions and activations as values: what the store keeps, what the web shows, what the controller runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.keys import ReconcilerRef, Uid

MAX_SOURCE_BYTES = 64 * 1024


def source_sha256(source: str) -> str:
    """Hex SHA-256 of the UTF-8 source: the content address of a revision."""
    return hashlib.sha256(source.encode("utf-8")).hexdigest()


class Severity(StrEnum):
    """Errors refuse a save; warnings are stored with the revision."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Position:
    """1-based; columns count UTF-16 units, as the editor does."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding of one tool (`policy`, `ruff`, `mypy`)."""

    tool: str
    code: str
    severity: Severity
    message: str
    start: Position
    end: Position
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """A Reconciler of one uid: what revisions and activations belong to."""

    ref: ReconcilerRef
    uid: Uid


@dataclass(frozen=True, slots=True)
class RevisionInfo:
    """One immutable stored version, without its source."""

    number: int
    sha256: str
    message: str
    author: str
    created_at: datetime
    policy_version: str
    report: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """One immutable stored version, with its source."""

    info: RevisionInfo
    source: str


class ActivationKind(StrEnum):
    """Why a revision became the one that runs."""

    ACTIVATE = "activate"
    ROLLBACK = "rollback"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Activation:
    """One row of the activation log; `seq` is global and grows, so that it can be tailed."""

    seq: int
    reconciler: Identity
    revision: int
    sha256: str
    kind: ActivationKind
    actor: str
    reason: str
    service_account: str
    service_account_uid: Uid
    at: datetime
