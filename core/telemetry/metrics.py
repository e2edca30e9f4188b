"""Every figure we publish, as one object: nothing global, every known series there from the start, at zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from core.domain.outcome import Outcome

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

RUN_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
WAIT_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0)
COMMIT_SECONDS = (0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)

KILL_REASONS = ("deadline", "limit", "protocol", "retired")
KUBE_VERBS = ("get", "list", "watch", "create", "apply", "patch", "update", "delete", "review")
KUBE_CODES = ("2xx", "4xx", "5xx", "error")
CAGE_LAYERS = ("process", "identity", "no_new_privs", "landlock", "rlimits", "seccomp")
CAGE_EXTRAS = ("executable_memory", "namespaces", "oom_score")
CAGE_STATES = ("on", "off", "missing")
HTTP_CODES = ("2xx", "3xx", "4xx", "5xx")

M = TypeVar("M", bound=MetricWrapperBase)


@dataclass(frozen=True, slots=True)
class MetricDoc:
    """One row of the reference."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


class Metrics:
    """Typed attributes over a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._all: list[MetricWrapperBase] = []
        self._looks: list[Callable[[], None]] = []
        self._reconcile_total = self._counter("reconcile_total", "Runs by outcome.", "outcome")
        self.reconcile_duration = self._histogram(
            "reconcile_duration_seconds", "From taking an object off the queue to its last write.", RUN_SECONDS
        )
        self.queue_depth = self._gauge("queue_depth", "Objects that wait for a run.")
        self.queue_wait = self._histogram("queue_wait_seconds", "From due to taken off the queue.", WAIT_SECONDS)
        self.workers = self._gauge("workers", "Caged worker processes alive.")
        self.workers_waiting = self._gauge("workers_waiting", "Runs that wait for a worker.")
        self.runs_refused = self._counter(
            "runs_refused_total", "Runs not taken because too many waited for a worker already; each is tried again."
        )
        self._worker_kills = self._counter("worker_kills_total", "Workers killed by the host, by reason.", "reason")
        self.runs_dropped = self._counter(
            "runs_dropped_total", "Rows of the run trail dropped before they were stored."
        )
        self.log_lines_dropped = self._counter("log_lines_dropped_total", "Log lines a slow reader did not get.")
        self._kube_requests = self._counter("kube_requests_total", "Requests to the API server.", "verb", "code")
        self.watch_restarts = self._counter("watch_restarts_total", "Watches that ended and were begun again.")
        self._http_requests = self._counter(
            "http_requests_total", "Requests answered, by route and status.", "route", "status"
        )
        self._sandbox_layer = self._gauge(
            "sandbox_layer",
            "1 for the state a layer of the cage is in; off: waived, or an extra not to be had.",
            "layer",
            "state",
        )
        self.audit_entries = self._gauge("audit_entries", "Entries in the audit trail.")
        self.audit_chain_broken = self._gauge(
            "audit_chain_broken", "1 once a broken entry was found in the audit trail."
        )
        self.store_commit = self._histogram("store_commit_seconds", "One group commit of the store.", COMMIT_SECONDS)
        self._store_refused = self._counter(
            "store_refused_total", "Writes that the store did not take, by code.", "code"
        )
        self._fill()

    def _fill(self) -> None:
        """Every series whose labels are known beforehand exists from the start."""
        for outcome in Outcome:
            self._reconcile_total.labels(outcome.value)
        for reason in KILL_REASONS:
            self._worker_kills.labels(reason)
        for verb in KUBE_VERBS:
            for code in KUBE_CODES:
                self._kube_requests.labels(verb, code)
        for layer in (*CAGE_LAYERS, *CAGE_EXTRAS):
            for state in CAGE_STATES:
                self._sandbox_layer.labels(layer, state)
        for code in ("storage_full", "store_busy", "store_failed"):
            self._store_refused.labels(code)

    def reconciled(self, outcome: Outcome) -> None:
        """One run has ended so."""
        self._reconcile_total.labels(outcome.value).inc()

    def workers_killed(self, reason: str, count: int) -> None:
        """The host killed workers; a reason that is not one of KILL_REASONS is that they were no longer needed."""
        self._worker_kills.labels(reason if reason in KILL_REASONS else "retired").inc(count)

    def kube_request(self, verb: str, status: int | None) -> None:
        """One request to the API server; None means that no answer came."""
        code = "error" if status is None else f"{status // 100}xx"
        self._kube_requests.labels(verb, code if code in KUBE_CODES else "error").inc()

    def declare_route(self, route: str) -> None:
        """Makes a route's series exist at zero; `route` is the template, never a path with names in it."""
        for code in HTTP_CODES:
            self._http_requests.labels(route, code)

    def http_request(self, route: str, status: int) -> None:
        """One request answered."""
        self._http_requests.labels(route, f"{status // 100}xx").inc()

    def sandbox_layer(self, layer: str, state: str) -> None:
        """The state a layer of the cage is in, by the first word of its text; the other states go to zero.

        The text itself (an ABI, an errno) is no label: each one would be a series of its own.
        """
        word = state.partition(" ")[0].rstrip(":")
        known = word if word in CAGE_STATES else "off"  # "not taken: …"
        for other in CAGE_STATES:
            self._sandbox_layer.labels(layer, other).set(1 if other == known else 0)

    def store_refused(self, code: str) -> None:
        """The store did not take a write."""
        self._store_refused.labels(code).inc()

    def before_render(self, look: Callable[[], None]) -> None:
        """Has `look` bring figures up to date that are kept elsewhere, each time before they are read."""
        self._looks.append(look)

    def render(self) -> bytes:
        """The text that `/metrics` answers."""
        for look in self._looks:
            look()
        return generate_latest(self.registry)

    def describe(self) -> list[MetricDoc]:
        """Every metric there is, in the order of the reference."""
        rows = []
        for metric in self._all:
            described = next(iter(metric.describe()))
            suffix = "_total" if described.type == "counter" else ""
            rows.append(
                MetricDoc(described.name + suffix, described.type, tuple(metric._labelnames), described.documentation)
            )
        return rows

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return self._kept(Counter(f"chakrator_{name}", meaning, labels, registry=self.registry))

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return self._kept(Gauge(f"chakrator_{name}", meaning, labels, registry=self.registry))

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        return self._kept(Histogram(f"chakrator_{name}", meaning, registry=self.registry, buckets=buckets))

    def _kept(self, metric: M) -> M:
        self._all.append(metric)
        return metric
