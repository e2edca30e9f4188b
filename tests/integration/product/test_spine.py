"""The path that everything else grows on: `up`, save and activate over HTTP, `kubectl apply`, converged."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

pytestmark = pytest.mark.controlplane

SOURCE = """
from chakrator import Context, Fail
from chakrator.kinds import ConfigMap, MyResource


def reconcile(obj: MyResource, ctx: Context) -> None:
    message = obj["spec"]["message"]
    if not message:
        raise Fail("spec.message is empty")
    child: ConfigMap = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": obj["metadata"]["name"]},
        "data": {"message": message, "said-by": "@VERSION@"},
    }
    ctx.apply(child)
    ctx.status["phase"] = "Ready"
    ctx.log.info("converged", version="@VERSION@")


def finalize(obj: MyResource, ctx: Context) -> None:
    ctx.event("CleanedUp", "nothing is left of it")
    ctx.log.info("cleaned up")
"""


def source(version: str) -> str:
    """The sample with a word that tells its revisions apart."""
    return SOURCE.replace("@VERSION@", version)


def my_resource(namespace: str, name: str, message: str) -> dict[str, Any]:
    """An object of the sample kind."""
    return {
        "apiVersion": "example.com/v1",
        "kind": "MyResource",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"message": message, "replicas": 1},
    }


@pytest.fixture
def tenant(product: Any) -> str:
    """A namespace with a ServiceAccount that may do what the code needs, and a Reconciler without code."""
    name = f"tenant-{time.monotonic_ns() % 10**9}"
    product.kubectl("create", "namespace", name)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": name}}
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "robot", "namespace": name},
        "rules": [
            {"apiGroups": ["example.com"], "resources": ["myresources"], "verbs": ["get", "list", "watch", "patch"]},
            {"apiGroups": ["example.com"], "resources": ["myresources/status"], "verbs": ["patch"]},
            {
                "apiGroups": [""],
                "resources": ["configmaps"],
                "verbs": ["get", "list", "watch", "create", "patch", "delete"],
            },
            {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]},
        ],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "robot", "namespace": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "robot"},
        "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": name}],
    }
    reconciler = {
        "apiVersion": "chakrator.example.com/v1alpha1",
        "kind": "Reconciler",
        "metadata": {"name": "speaker", "namespace": name},
        "spec": {
            "watch": {"apiVersion": "example.com/v1", "kind": "MyResource"},
            "owns": [{"apiVersion": "v1", "kind": "ConfigMap"}],
            "serviceAccountName": "robot",
        },
    }
    for manifest in (account, role, binding, reconciler):
        product.apply(manifest)
    return name


def save_and_activate(product: Any, tenant: str, text: str, *, base: int | None, expected: int | None) -> int:
    """One revision, stored and made the one that runs; its number."""
    route = f"/namespaces/{tenant}/reconcilers/speaker"
    with product.api() as api:
        saved = api.post(f"{route}/revisions", json={"source": text, "message": "a version", "base": base})
        assert saved.status_code == 201, saved.text
        number = int(saved.json()["number"])
        body = {"revision": number, "reason": f"try {number}", "expected": expected}
        done = api.post(f"{route}/activations", json=body)
        assert done.status_code == 201, done.text
    return number


def test_saved_code_converges_an_applied_object(product: Any, tenant: str, eventually: Any) -> None:
    """Create, update and delete: the ConfigMap and the status follow, and `finalize` runs."""
    save_and_activate(product, tenant, source("one"), base=None, expected=None)
    product.apply(my_resource(tenant, "tea", "two sugars"))

    child = eventually(lambda: product.get("configmap", "tea", "-n", tenant))
    assert child["data"] == {"message": "two sugars", "said-by": "one"}
    owner = product.get("mr", "tea", "-n", tenant)
    reference = child["metadata"]["ownerReferences"][0]
    assert (reference["kind"], reference["name"], reference["uid"]) == ("MyResource", "tea", owner["metadata"]["uid"])

    def ready(generation: int) -> Any:
        status = (product.get("mr", "tea", "-n", tenant) or {}).get("status", {})
        conditions = {c["type"]: c["status"] for c in status.get("conditions", ())}
        right = conditions.get("Ready") == "True" and status.get("observedGeneration") == generation
        return status if right else None

    assert eventually(lambda: ready(1))["phase"] == "Ready"

    product.apply(my_resource(tenant, "tea", "no sugar"))
    eventually(lambda: ready(2))
    assert product.get("configmap", "tea", "-n", tenant)["data"]["message"] == "no sugar"

    product.kubectl("delete", "mr", "tea", "-n", tenant, "--timeout=30s")
    events = product.get("events", "-n", tenant)["items"]
    assert "CleanedUp" in {event["reason"] for event in events}
    eventually(lambda: product.get("configmap", "tea", "-n", tenant) is None, deadline=60)


def test_versions_and_rollback(product: Any, tenant: str, eventually: Any) -> None:
    """A new revision reaches existing objects, a rollback brings the old one back, the audit tells all of it."""
    save_and_activate(product, tenant, source("one"), base=None, expected=None)
    product.apply(my_resource(tenant, "tea", "hot"))

    def said_by() -> str:
        return str((product.get("configmap", "tea", "-n", tenant) or {"data": {}})["data"].get("said-by"))

    eventually(lambda: said_by() == "one")
    save_and_activate(product, tenant, source("two"), base=1, expected=1)
    eventually(lambda: said_by() == "two")
    route = f"/namespaces/{tenant}/reconcilers/speaker"
    with product.api() as api:
        back = api.post(f"{route}/rollback", json={"reason": "two is too loud"})
        assert back.status_code == 201, back.text
        assert back.json()["revision"] == 1
        eventually(lambda: said_by() == "one")
        for not_older in (1, 2):
            refused = api.post(f"{route}/rollback", json={"to": not_older, "reason": "forward"})
            assert refused.status_code == 422, refused.text
        entries = api.get("/audit", params={"namespace": tenant}).json()["items"]
    told = {(entry["action"], (entry["payload"] or {}).get("reason")) for entry in entries}
    assert ("activation:rollback", "two is too loud") in told
    assert ("activation:activate", "try 2") in told
    assert {entry["actor"] for entry in entries if entry["action"].startswith("activation")} == {"chakrator-admin"}
    verified = product.cli("audit", "verify", "--data", str(product.data))
    assert "the chain holds" in verified.stdout
    active = product.get("rec", "speaker", "-n", tenant)["status"]["activeRevision"]
    assert active["number"] == 1


def test_conflicts_are_told(product: Any, tenant: str) -> None:
    """A save on an old base and an activation with a wrong expectation are 409, with both sides."""
    save_and_activate(product, tenant, source("one"), base=None, expected=None)
    route = f"/namespaces/{tenant}/reconcilers/speaker"
    with product.api() as api:
        old = api.post(f"{route}/revisions", json={"source": source("two"), "message": "late", "base": None})
        assert old.status_code == 409, old.text
        assert old.json()["error"]["details"]["newest"] == 1
        wrong = api.post(f"{route}/activations", json={"revision": 1, "reason": "again", "expected": None})
        assert wrong.status_code == 409, wrong.text
        same = api.post(f"{route}/revisions", json={"source": source("one"), "message": "same", "base": 1})
        assert same.status_code == 200, same.text


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("import os\ndef reconcile(obj, ctx):\n    pass\n", "policy"),
        ("def reconcile(obj, ctx:\n    pass\n", "policy"),
        (source("one").replace('ctx.status["phase"] = "Ready"', 'count: int = "three"'), "mypy"),
    ],
    ids=["import", "syntax", "type"],
)
def test_what_a_save_refuses(product: Any, tenant: str, text: str, tool: str) -> None:
    """A forbidden import, a syntax error and a type error are 422 with the finding, and nothing is stored."""
    route = f"/namespaces/{tenant}/reconcilers/speaker"
    with product.api() as api:
        refused = api.post(f"{route}/revisions", json={"source": text, "message": "bad", "base": None})
        assert refused.status_code == 422, refused.text
        assert tool in {found["tool"] for found in refused.json()["error"]["details"]["diagnostics"]}
        assert api.get(f"{route}/revisions").json()["items"] == []


def test_a_missing_right_is_named_and_heals(product: Any, tenant: str, eventually: Any) -> None:
    """Without its RoleBinding the Reconciler is Stalled and says what is missing; granted, it goes on."""
    binding = product.get("rolebinding", "robot", "-n", tenant)
    product.kubectl("delete", "rolebinding", "robot", "-n", tenant)
    save_and_activate(product, tenant, source("one"), base=None, expected=None)
    product.apply(my_resource(tenant, "tea", "hot"))

    def stalled() -> str:
        status = product.get("rec", "speaker", "-n", tenant).get("status", {})
        found = [c for c in status.get("conditions", ()) if c["type"] == "Stalled" and c["status"] == "True"]
        return found[0]["message"] if found else ""

    message = eventually(stalled, deadline=60)
    assert re.search(rf"may not (list|watch) (myresources|configmaps)\S* in namespace {tenant}", message), message
    for key in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
        binding["metadata"].pop(key, None)
    product.apply(binding)
    eventually(lambda: product.get("configmap", "tea", "-n", tenant), deadline=60)
    eventually(lambda: not stalled(), deadline=60)


def test_the_controller_itself_has_no_rights_on_kinds(product: Any) -> None:
    """`kubectl auth can-i get configmaps` as the controller's ServiceAccount says no."""
    account = "system:serviceaccount:chakrator-system:chakrator-controller"
    answer = product.kubectl("auth", "can-i", "get", "configmaps", "-A", f"--as={account}", check=False)
    assert answer.stdout.strip() == "no"
