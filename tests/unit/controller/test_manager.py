"""What forbids a Reconciler to act at all."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from controller_script import metadata
from test_activation import activation, spec

from controller.cache import Entry
from controller.manager.obstacles import obstacle
from controller.manager.tools import SERVICE_ACCOUNT
from core.domain.conditions import Reason
from core.domain.keys import ReconcilerRef, Uid
from core.domain.revision import Identity


def account(**meta: object) -> Entry:
    """The ServiceAccount greeter."""
    document = {"metadata": {**metadata("greeter"), "uid": "sa", **meta}}
    return Entry.parse(SERVICE_ACCOUNT, msgspec.json.encode(document))


def reason(*given: object, namespace: str = "team-a") -> Reason | None:
    """Of the obstacle, if there is one."""
    asked = replace(spec(), identity=Identity(ReconcilerRef(namespace, "greeter"), Uid("u")))
    found = obstacle(asked, *given, "chakrator-system")  # type: ignore[arg-type]
    return found.reason if found is not None else None


def test_nothing_in_the_way() -> None:
    """The ServiceAccount that it was activated for is there; so before the first activation."""
    assert reason(account(), activation()) is None
    assert reason(account(), None) is None


@pytest.mark.parametrize("namespace", ["kube-system", "kube-anything", "chakrator-system"])
def test_some_namespaces_are_refused(namespace: str) -> None:
    """Whatever the admission policy let through."""
    assert reason(account(), activation(), namespace=namespace) is Reason.INVALID_SPEC


def test_a_missing_service_account() -> None:
    """Gone and going are the same: impersonation would still work for it."""
    assert reason(None, activation()) is Reason.SERVICE_ACCOUNT_MISSING
    going = account(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["x/y"])
    assert reason(going, activation()) is Reason.SERVICE_ACCOUNT_MISSING


def test_another_service_account() -> None:
    """Of another uid, or of another name than at the activation: a person decides again."""
    assert reason(account(uid="another"), activation()) is Reason.ACTIVATION_NOT_AUTHORISED
    assert reason(account(), activation(service_account="stronger")) is Reason.ACTIVATION_NOT_AUTHORISED
