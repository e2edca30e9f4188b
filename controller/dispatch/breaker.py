"""When an object, or a whole revision, is kept from running again at full speed. Pure; takes `now`.

The rules of the outcome table (docs/reference/outcomes.md): five deaths in a row put an object in
quarantine, where it has one try in five minutes; three objects there, or three violations in an hour,
pause the revision until another activation.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from core.domain.keys import QueueKey
from core.domain.outcome import Outcome

DEATHS = frozenset({Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY, Outcome.CRASHED, Outcome.LIMIT_EXCEEDED})
VIOLATIONS = frozenset({Outcome.CAGE_VIOLATION, Outcome.PROTOCOL_VIOLATION})
DEATHS_IN_A_ROW = 5
QUARANTINE_SECONDS = 300.0
QUARANTINED_TO_PAUSE = 3
VIOLATIONS_TO_PAUSE = 3
VIOLATION_WINDOW = 3600.0


@dataclass(slots=True)
class _Row:
    """Deaths of one object in a row; `until` is when it may run next, once in quarantine."""

    deaths: int = 0
    spared: bool = False
    until: float | None = None


class Breaker:
    """The breaker of one Reconciler's active revision."""

    def __init__(self) -> None:
        self._rows: dict[QueueKey, _Row] = {}
        self._violations: deque[float] = deque(maxlen=VIOLATIONS_TO_PAUSE)
        self.paused = ""  # why, as a sentence; empty while it runs

    def ended(self, key: QueueKey, outcome: Outcome, now: float, *, machine_was_busy: bool = False) -> None:
        """Takes one run's outcome into account."""
        if outcome in VIOLATIONS:
            self._violations.append(now)
            recent = [moment for moment in self._violations if now - moment <= VIOLATION_WINDOW]
            if len(recent) >= VIOLATIONS_TO_PAUSE:
                self.paused = f"{VIOLATIONS_TO_PAUSE} violations of the cage or the protocol within an hour"
            return
        if outcome not in DEATHS:
            self._rows.pop(key, None)
            return
        row = self._rows.setdefault(key, _Row())
        if outcome is Outcome.TIMED_OUT and machine_was_busy and row.deaths == 0 and not row.spared:
            row.spared = True  # the first one may be the machine's fault, a second is the code's
            return
        row.deaths += 1
        if row.deaths >= DEATHS_IN_A_ROW:
            row.until = now + QUARANTINE_SECONDS
            if len(self.quarantined) >= QUARANTINED_TO_PAUSE:
                self.paused = f"{QUARANTINED_TO_PAUSE} objects ended in {outcome} {DEATHS_IN_A_ROW} times in a row"

    @property
    def quarantined(self) -> list[QueueKey]:
        """Objects that have one try in QUARANTINE_SECONDS."""
        return [key for key, row in self._rows.items() if row.until is not None]

    def hold(self, key: QueueKey, now: float) -> float:
        """Seconds that this object must wait before its next try; 0 when it may run."""
        row = self._rows.get(key)
        return 0.0 if row is None or row.until is None else max(0.0, row.until - now)

    def forget(self, key: QueueKey) -> None:
        """The object is gone, or no longer the one that failed: its spec has changed."""
        self._rows.pop(key, None)

    def reset(self) -> None:
        """Another revision is active: it starts with a clean record."""
        self._rows.clear()
        self._violations.clear()
        self.paused = ""
