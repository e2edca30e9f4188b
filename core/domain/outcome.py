"""Outcomes and layers: the names of the one table, and what the host does after each.

The table itself is in docs/reference/outcomes.md; `FOLLOW_UP` is that table as data. Metrics, rows,
conditions and the JSON of `dry-run` use these names.
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How one run ended."""

    SUCCEEDED = "Succeeded"
    RETRY = "Retry"
    FAILED = "Failed"
    TIMED_OUT = "TimedOut"
    OUT_OF_MEMORY = "OutOfMemory"
    LIMIT_EXCEEDED = "LimitExceeded"
    CRASHED = "Crashed"
    CAGE_VIOLATION = "CageViolation"
    PROTOCOL_VIOLATION = "ProtocolViolation"
    REJECTED = "Rejected"


class Layer(StrEnum):
    """Who stopped a run; an outcome that the author chose has none."""

    POLICY = "policy"
    GUARD = "guard"
    LIMIT = "limit"
    CAGE = "cage"
    DEADLINE = "deadline"
    HOST = "host"


class FollowUp(StrEnum):
    """When an object is tried again after an outcome."""

    RESYNC = "resync"
    BACKOFF = "backoff"
    ON_CHANGE = "on-change"
    NEVER = "never"


FOLLOW_UP: dict[Outcome, FollowUp] = {
    Outcome.SUCCEEDED: FollowUp.RESYNC,
    Outcome.RETRY: FollowUp.BACKOFF,
    Outcome.FAILED: FollowUp.ON_CHANGE,
    Outcome.TIMED_OUT: FollowUp.BACKOFF,
    Outcome.OUT_OF_MEMORY: FollowUp.BACKOFF,
    Outcome.LIMIT_EXCEEDED: FollowUp.BACKOFF,
    Outcome.CRASHED: FollowUp.BACKOFF,
    Outcome.CAGE_VIOLATION: FollowUp.ON_CHANGE,
    Outcome.PROTOCOL_VIOLATION: FollowUp.ON_CHANGE,
    Outcome.REJECTED: FollowUp.NEVER,
}
