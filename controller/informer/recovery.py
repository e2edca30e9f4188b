"""What to do when a watch ends: wait how long, resume or relist, and what to tell the users. Pure; takes `now`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from controller.informer.states import InformerKey, InformerStatus, Timing
from core.kube.errors import ApiError, Forbidden, Gone, KubeError, Missing, StreamBroken

Uniform = Callable[[float, float], float]


class GarbledStream(StreamBroken):
    """A line of the watch cannot be trusted; `progressed` tells whether one could since the last such line."""

    def __init__(self, why: str, *, progressed: bool) -> None:
        super().__init__(why)
        self.progressed = progressed


class TimeTravel(StreamBroken):
    """A complete list is older than what was seen before."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes next. `status` None leaves it as it is."""

    delay: float
    relist: bool = False
    reset: bool = False
    status: InformerStatus | None = None
    message: str = ""


class Recovery:
    """The memory that the verdicts need: failures in a row, since when there was no right, when it last relisted."""

    def __init__(self, key: InformerKey, *, timing: Timing, uniform: Uniform) -> None:
        self._key = key
        self._timing = timing
        self._uniform = uniform
        self._failures = 0
        self._opened_at: float | None = None
        self._lost_at: float | None = None
        self._denied_since: float | None = None
        self._absent_since: float | None = None
        self._relisted_at: float | None = None
        self._travels = 0

    def opened(self, now: float) -> None:
        """The server accepted the watch."""
        self._opened_at = now
        self._denied_since = self._absent_since = None

    def listed(self) -> None:
        """A list came to its end and was believed."""
        self._travels = 0

    def ended(self, now: float) -> Verdict:
        """The server ended the watch cleanly: at once again, unless it does so all the time."""
        if self._was_healthy(now):
            return Verdict(delay=0.0)
        return Verdict(delay=self._backoff(None))

    def failed(self, error: KubeError, now: float, *, verb: str) -> Verdict:
        """Something went wrong; `verb` is what was tried, for the sentence that names a missing right."""
        self._was_healthy(now)
        if isinstance(error, Forbidden):
            return self._denied(now, verb, error)
        if isinstance(error, Missing):
            return self._absent(now)
        message = f"cannot watch {self._key.thing}: {error.message[:500]}"
        if isinstance(error, Gone):
            return Verdict(self._relist_delay(now), relist=True, status=InformerStatus.STALE, message=message)
        if isinstance(error, TimeTravel):
            self._travels += 1
            # Three lists that agree are no lagging server: etcd was restored from a backup.
            reset = self._travels >= 3
            return Verdict(self._backoff(None), relist=True, reset=reset, status=InformerStatus.STALE, message=message)
        if isinstance(error, GarbledStream):
            relist = not error.progressed
            return Verdict(self._backoff(None), relist=relist, status=InformerStatus.STALE, message=message)
        wait = error.retry_after if isinstance(error, ApiError) else None
        self._lost_at = now
        return Verdict(self._backoff(wait), status=InformerStatus.STALE, message=message)

    def _denied(self, now: float, verb: str, error: Forbidden) -> Verdict:
        timing = self._timing
        if self._lost_at is not None and now - self._lost_at < timing.outage_grace:
            return Verdict(self._backoff(None))
        message = f"{self._key.who} may not {verb} {self._key.thing}"
        if "cannot impersonate resource" in error.message:  # the right that lacks is ours, not the account's
            message = f"the controller may not impersonate {self._key.who.removeprefix('the ')}"
        if self._denied_since is None:
            self._denied_since = now
        denied_for = now - self._denied_since
        delay = self._patience(denied_for, timing.denial_first)
        if denied_for < timing.denial_first:
            return Verdict(delay, message=message)
        return Verdict(delay, status=InformerStatus.FORBIDDEN, message=message)

    def _absent(self, now: float) -> Verdict:
        if self._absent_since is None:
            self._absent_since = now
        delay = self._patience(now - self._absent_since, self._timing.absent_first)
        message = f"the API server does not serve {self._key.resource.gvk}"
        return Verdict(delay, relist=True, status=InformerStatus.ABSENT, message=message)

    def _patience(self, waited: float, first: float) -> float:
        """A sixth of the time it has lasted: soon while somebody is at it, seldom when nobody is."""
        delay = min(self._timing.retry_longest, max(first, waited / 6))
        return delay * self._uniform(1.0, 1.1)

    def _was_healthy(self, now: float) -> bool:
        healthy = self._opened_at is not None and now - self._opened_at >= self._timing.healthy
        if healthy:
            self._failures = 0
        self._opened_at = None
        return healthy

    def _backoff(self, retry_after: float | None) -> float:
        """Full jitter, so that all informers do not come back at once; a server that says when is believed."""
        ceiling = min(self._timing.backoff_longest, self._timing.backoff_first * 2.0**self._failures)
        self._failures = min(self._failures + 1, 16)
        return self._uniform(0.0, ceiling) + (retry_after or 0.0)

    def _relist_delay(self, now: float) -> float:
        """At once the first time (a restart answers every resume with 410), then once in an interval."""
        earliest = now if self._relisted_at is None else self._relisted_at + self._timing.relist_interval
        delay = max(0.0, earliest - now) + self._uniform(0.0, self._timing.backoff_first)
        self._relisted_at = now + delay
        return delay
