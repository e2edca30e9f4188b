"""A Reconciler as the controller reads it."""

from __future__ import annotations

import msgspec
import pytest

from controller.spec import (
    Caps,
    ControllerConfig,
    SpecInvalid,
    parse_duration,
    parse_quantity,
    parse_reconciler,
    resolve_kind,
)
from core.domain.keys import Gvk
from sandbox.pool.config import Isolation

CONFIG = ControllerConfig(own_namespace="chakrator-system", seed_key=b"k", caps=Caps(timeout=10.0, workers=3))


def document(**spec: object) -> bytes:
    """A Reconciler's JSON."""
    return msgspec.json.encode(
        {
            "metadata": {"name": "greeter", "namespace": "team-a", "uid": "u", "generation": 4},
            "spec": {
                "watch": {"apiVersion": "example.com/v1", "kind": "MyResource"},
                "serviceAccountName": "greeter",
                **spec,
            },
            "status": {"unknown": [1, 2]},
        }
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30.0), ("1h30m", 5400.0), ("250ms", 0.25), ("1.5s", 1.5), ("5m", 300.0)]
)
def test_durations(text: str, seconds: float) -> None:
    """Go's notation, in seconds."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "-5s", "5d", "1h x"])
def test_what_is_no_duration(text: str) -> None:
    """Anything else is refused, and named."""
    with pytest.raises(SpecInvalid, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "size"), [("128Mi", 2**27), ("1Gi", 2**30), ("1000", 1000), ("2M", 2_000_000)])
def test_quantities(text: str, size: int) -> None:
    """Kubernetes' notation, in bytes."""
    assert parse_quantity(text) == size


def test_defaults() -> None:
    """What a Reconciler leaves out is the platform's default."""
    spec = parse_reconciler(document(), CONFIG)
    assert (spec.ref.namespace, spec.ref.name, spec.identity.uid, spec.generation) == ("team-a", "greeter", "u", 4)
    assert (spec.limits.timeout, spec.workers, spec.resync, spec.suspend) == (5.0, 2, 36000.0, False)
    assert spec.kinds == (Gvk("example.com/v1", "MyResource"),)


def test_limits_are_clamped() -> None:
    """Nobody gets more than the platform allows, whatever the CRD let through."""
    asked = {"timeout": "60s", "memory": "2Gi", "effects": 1000, "logLines": 10000, "workers": 16}
    spec = parse_reconciler(document(limits=asked), CONFIG)
    caps = CONFIG.caps
    assert (spec.limits.timeout, spec.limits.memory, spec.workers) == (10.0, caps.memory, 3)
    assert (spec.limits.effects, spec.limits.log_lines) == (caps.effects, caps.log_lines)


def test_a_backoff_never_starts_under_a_second() -> None:
    """The floor holds for a CRD that lost its rule."""
    spec = parse_reconciler(document(retry={"initial": "1ms", "max": "2ms"}), CONFIG)
    assert (spec.retry.initial, spec.retry.maximum) == (1.0, 1.0)


@pytest.mark.parametrize(
    "raw", [b"{}", b"nothing", document(watch="MyResource"), document(resync="soon"), document(limits={"memory": "x"})]
)
def test_what_does_not_parse_is_one_error(raw: bytes) -> None:
    """A CRD of another version ends in a sentence for the condition, never in a traceback."""
    with pytest.raises(SpecInvalid):
        parse_reconciler(raw, CONFIG)


def test_kinds_resolve_where_they_are_unambiguous() -> None:
    """By full name always, by kind alone where one only is called so."""
    declared = [Gvk("v1", "ConfigMap"), Gvk("a.example.com/v1", "Job"), Gvk("batch/v1", "Job")]
    assert resolve_kind("ConfigMap", declared) == declared[0]
    assert resolve_kind("batch/v1/Job", declared) == declared[2]
    assert resolve_kind("Job", declared) is None
    assert resolve_kind("Secret", declared) is None


def test_isolation() -> None:
    """A worker serves a revision unless each run asks for one of its own; what we do not know is not run at all."""
    assert parse_reconciler(document(), CONFIG).isolation is Isolation.REVISION
    assert parse_reconciler(document(isolation="Run"), CONFIG).isolation is Isolation.RUN
    with pytest.raises(SpecInvalid, match="isolation"):
        parse_reconciler(document(isolation="Object"), CONFIG)
