"""Where the runs of one Reconciler are told: the trail of runs, the live log, the metrics."""

from __future__ import annotations

from controller.manager.tools import Tools
from core.clock import rfc3339_ms
from core.domain.keys import ReconcilerRef
from core.domain.outcome import Outcome
from core.logstream import LogRecord
from core.services.protocols import RunRow
from sandbox.wire.messages import LogLine


class SessionTrail:
    """Implements controller.reconcile.Trail. Nothing here waits."""

    def __init__(self, tools: Tools, ref: ReconcilerRef) -> None:
        self._tools = tools
        self._ref = ref

    def ran(self, row: RunRow) -> None:
        """Keeps the row, counts the outcome, and says in the log what did not succeed."""
        outcome = Outcome(row.outcome)
        self._tools.services.runs.record(row)
        self._tools.metrics.reconciled(outcome)
        if outcome is Outcome.SUCCEEDED:
            return
        fields = {"outcome": row.outcome, "attempt": str(row.attempt)}
        if row.layer is not None:
            fields["layer"] = row.layer
        self._tools.logs.append(
            self._ref,
            LogRecord(
                at=rfc3339_ms(self._tools.clock.now()),
                level="warning" if outcome is Outcome.RETRY else "error",
                message=f"{row.outcome}: {row.message}" if row.message else row.outcome,
                fields=fields,
                target=row.target,
                run_id=row.id,
                revision=row.revision,
            ),
        )

    def logged(self, target: str, revision: int, run_id: str, lines: list[LogLine]) -> None:
        """Lines of a run that is still going on."""
        at = rfc3339_ms(self._tools.clock.now())
        for line in lines:
            self._tools.logs.append(
                self._ref,
                LogRecord(
                    at=at,
                    level=line.level,
                    message=line.message,
                    fields=line.fields,
                    target=target,
                    run_id=run_id,
                    revision=revision,
                ),
            )
