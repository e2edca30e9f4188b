"""Figures exist from the start, and labels stay within what is known."""

from __future__ import annotations

from core.domain.outcome import Outcome
from core.telemetry.metrics import Metrics

STATES = ("on", "off", "missing")


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """One sample of the registry."""
    return metrics.registry.get_sample_value(name, labels)


def test_known_series_are_there_at_zero() -> None:
    """A dashboard sees no gap before the first run."""
    metrics = Metrics()
    for outcome in Outcome:
        assert value(metrics, "chakrator_reconcile_total", outcome=outcome.value) == 0.0
    assert value(metrics, "chakrator_reconcile_duration_seconds_count") == 0.0
    assert value(metrics, "chakrator_worker_kills_total", reason="deadline") == 0.0
    assert value(metrics, "chakrator_kube_requests_total", verb="apply", code="5xx") == 0.0
    assert value(metrics, "chakrator_runs_dropped_total") == 0.0
    assert value(metrics, "chakrator_audit_entries") == 0.0


def test_two_registries_do_not_meet() -> None:
    """Nothing global: two composition roots in one process keep their own."""
    one, other = Metrics(), Metrics()
    one.reconciled(Outcome.FAILED)
    assert value(one, "chakrator_reconcile_total", outcome="Failed") == 1.0
    assert value(other, "chakrator_reconcile_total", outcome="Failed") == 0.0


def test_statuses_become_classes() -> None:
    """A code a server made up does not make a series of its own."""
    metrics = Metrics()
    metrics.kube_request("get", 404)
    metrics.kube_request("get", None)
    metrics.kube_request("get", 799)
    metrics.declare_route("/api/v1/session")
    metrics.http_request("/api/v1/session", 201)
    assert value(metrics, "chakrator_kube_requests_total", verb="get", code="4xx") == 1.0
    assert value(metrics, "chakrator_kube_requests_total", verb="get", code="error") == 2.0
    assert value(metrics, "chakrator_http_requests_total", route="/api/v1/session", status="2xx") == 1.0
    assert value(metrics, "chakrator_http_requests_total", route="/api/v1/session", status="5xx") == 0.0


def test_a_layer_is_in_one_state() -> None:
    """Setting one takes the other back."""
    metrics = Metrics()
    metrics.sandbox_layer("landlock", "missing")
    metrics.sandbox_layer("landlock", "on")
    assert value(metrics, "chakrator_sandbox_layer", layer="landlock", state="on") == 1.0
    assert value(metrics, "chakrator_sandbox_layer", layer="landlock", state="missing") == 0.0


def test_the_words_beside_a_state_make_no_series() -> None:
    """An ABI or an errno is for `doctor`; a dashboard asks for on, off and missing."""
    metrics = Metrics()
    for layer in ("landlock", "seccomp", "identity", "process", "namespaces"):
        assert value(metrics, "chakrator_sandbox_layer", layer=layer, state="missing") == 0.0
    for text, word in (("on (ABI 7)", "on"), ("off: no such call", "off"), ("not taken: denied", "off"), ("x", "off")):
        metrics.sandbox_layer("landlock", text)
        states = {state: value(metrics, "chakrator_sandbox_layer", layer="landlock", state=state) for state in STATES}
        assert states == {state: float(state == word) for state in STATES}


def test_an_unknown_reason_makes_no_series() -> None:
    """A worker that was ended for want of work is retired, whatever the pool calls the occasion."""
    metrics = Metrics()
    metrics.workers_killed("made up", 2)
    assert value(metrics, "chakrator_worker_kills_total", reason="retired") == 2.0
    assert value(metrics, "chakrator_worker_kills_total", reason="made up") is None


def test_figures_kept_elsewhere_are_fresh_when_read() -> None:
    """What is registered to look does so before each rendering."""
    metrics = Metrics()
    metrics.before_render(lambda: metrics.workers.set(7))
    assert b"chakrator_workers 7.0" in metrics.render()


def test_the_description_names_every_series() -> None:
    """What /metrics shows is what the reference lists."""
    metrics = Metrics()
    rendered = {line.split()[2] for line in metrics.render().decode().splitlines() if line.startswith("# TYPE")}
    shown = {name for name in rendered if not name.endswith("_created")}
    assert shown == {doc.name for doc in metrics.describe()}
    assert all(doc.meaning for doc in metrics.describe())
