"""What the API server lets through: CRD rules, the admission policy, and who may do what."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.controlplane


def reconciler(namespace: str, name: str = "greeter", **spec: object) -> dict[str, object]:
    """A valid Reconciler; `spec` replaces its fields."""
    fields: dict[str, object] = {
        "watch": {"apiVersion": "example.com/v1", "kind": "MyResource"},
        "owns": [{"apiVersion": "v1", "kind": "ConfigMap"}],
        "serviceAccountName": "greeter",
    }
    return {
        "apiVersion": "chakrator.example.com/v1alpha1",
        "kind": "Reconciler",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**fields, **spec},
    }


def test_admin_creates_a_reconciler(kubectl, namespace) -> None:
    """The admin, bound by RBAC and not by system:masters, creates a valid Reconciler."""
    done = kubectl("create", "-f", "-", input=json.dumps(reconciler(namespace)))
    assert done.returncode == 0, done.stderr
