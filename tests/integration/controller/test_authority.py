"""Authority comes from the ServiceAccount alone, and a missing right names itself."""

from __future__ import annotations

import json
import secrets

import pytest
from controller_rig import (
    CONFIGMAP,
    GREETER,
    MYRESOURCE,
    ROLE,
    RULES,
    SERVICEACCOUNT,
    Cluster,
    Rig,
    eventually,
)

from core.kube.errors import check
from core.kube.reviews import Attributes, access_review

pytestmark = pytest.mark.controlplane


async def test_without_a_binding_it_stalls_and_heals_by_itself(rig: Rig) -> None:
    """No right at all: Stalled names verb, resource and namespace; granted, it converges."""
    cluster = rig.cluster
    await cluster.account(rules=[])
    await cluster.reconciler()
    await rig.save("def reconcile(obj, ctx):\n    ctx.status['phase'] = 'Ready'\n")
    await cluster.object()
    place = f"in namespace {cluster.namespace}"
    stalled = await cluster.until_stalled(f"myresources.example.com {place}", f"configmaps {place}")
    assert "may not watch" in stalled["message"]
    assert stalled["status"] == "True"
    await cluster.grant("greeter", RULES)
    await cluster.until_condition("Ready", "Converged", status="True")
    assert (await cluster.status())["phase"] == "Ready"
    assert await cluster.condition("Stalled") == {}


async def test_a_missing_write_right_names_itself_and_heals(rig: Rig) -> None:
    """Children may be read, but not made: Retry on the object, Stalled on the Reconciler; granted, it converges."""
    cluster = rig.cluster
    rules = [dict(rule) for rule in RULES]
    rules[2]["verbs"] = ["get", "list", "watch", "patch", "delete"]
    await cluster.account(rules=rules)
    await cluster.reconciler()
    await rig.save(
        """
def reconcile(obj, ctx):
    ctx.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"message": "m"}})
"""
    )
    await cluster.object()
    stalled = await cluster.until_condition("Stalled", "Forbidden")
    assert f"may not create configmaps in namespace {cluster.namespace}" in stalled["message"]
    told = await cluster.until_condition("Ready", "Retrying", MYRESOURCE, "hello")
    assert "may not create configmaps" in told["message"]
    await cluster.patch(ROLE, "greeter", {"rules": RULES})
    await cluster.until_message("m", "a")
    await cluster.until_condition("Ready", "Converged", status="True")


async def test_a_deleted_service_account_ends_everything(rig: Rig) -> None:
    """Gone: ServiceAccountMissing. Created again: it is another one, and a person must activate again."""
    cluster = await rig.greeter()
    await cluster.object()
    await cluster.until_message("hi")
    await cluster.delete(SERVICEACCOUNT, "greeter")
    await cluster.until_condition("Stalled", "ServiceAccountMissing", status="True")
    await cluster.create(SERVICEACCOUNT, {"metadata": {"name": "greeter"}})
    await cluster.until_condition("Stalled", "ActivationNotAuthorised", status="True")
    await cluster.patch(MYRESOURCE, "hello", {"spec": {"message": "no"}})
    await rig.quiet()
    child = await cluster.get(CONFIGMAP, "hello")
    assert child is not None
    assert child["data"]["message"] == "hi"
    await rig.save(
        "def reconcile(obj, ctx):\n    ctx.apply({'apiVersion': 'v1', 'kind': 'ConfigMap',"
        " 'metadata': {'name': 'hello'}, 'data': {'message': 'again'}})\n",
        expected=1,
    )
    await cluster.until_message("again")


async def test_every_effect_is_made_as_the_service_account(rig: Rig) -> None:
    """The controller's own identity writes Reconcilers, and nothing else."""
    cluster = await rig.greeter()
    await cluster.object()
    await cluster.until_message("hi")
    await rig.quiet()
    own = {write.split()[1] for write in rig.tap.writes if write.endswith("the controller")}
    assert own
    assert all("/reconcilers/greeter" in path for path in own)
    user = f"system:serviceaccount:{cluster.namespace}:greeter"
    assert rig.tap.effects()
    assert all(write.endswith(user) for write in rig.tap.effects())


async def test_an_unknown_kind_stalls_until_it_is_served(rig: Rig) -> None:
    """A kind that the API server does not serve is named."""
    await rig.cluster.account()
    await rig.cluster.reconciler(owns=[{"apiVersion": "nowhere.example.com/v1", "kind": "Nothing"}])
    await rig.save("def reconcile(obj, ctx):\n    pass\n")
    stalled = await rig.cluster.until_condition("Stalled", "KindUnknown")
    assert "nowhere.example.com/v1/Nothing" in stalled["message"]


async def test_the_controller_is_ready_only_with_its_admission_policy(rig: Rig) -> None:
    """With policy and binding as shipped there is no problem."""

    async def ready() -> bool:
        return rig.manager.problems() == []

    await eventually(ready, "the controller is ready")


async def test_a_dying_namespace_is_not_held_for_ever(rig: Rig) -> None:
    """The RoleBindings went first: Stalled names the finalizer and the right; with the platform's own right it goes.

    A dying namespace loses its objects in any order, and only in this one is there anything to hold it up. So the
    bindings are taken away here, before it dies.
    """
    name = f"dying-{secrets.token_hex(4)}"
    kube = rig.cluster.kube
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    check(await kube.request("POST", "/api/v1/namespaces", body=json.dumps(body).encode()))
    rig.cluster = Cluster(kube, name)
    cluster = await rig.greeter(GREETER + "\n\ndef finalize(obj, ctx):\n    pass\n")
    await cluster.object()
    await cluster.until_condition("Ready", "Succeeded", MYRESOURCE, "hello")
    check(await kube.request("DELETE", f"/apis/rbac.authorization.k8s.io/v1/namespaces/{name}/rolebindings"))
    patch = Attributes(verb="patch", group="example.com", resource="myresources", namespace=name, name="hello")

    async def powerless() -> bool:
        return not await access_review(kube, f"system:serviceaccount:{name}:greeter", (), patch)

    await eventually(powerless, "the ServiceAccount has no right")
    check(await kube.request("DELETE", f"/api/v1/namespaces/{name}"))
    await cluster.until_stalled("chakrator.example.com/greeter-", f"in namespace {name}")
    role = {
        "metadata": {"name": "chakrator-finalizer-release"},
        "rules": [{"apiGroups": ["example.com"], "resources": ["myresources"], "verbs": ["get", "list", "patch"]}],
    }
    binding = {
        "metadata": {"name": "chakrator-finalizer-release"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role["metadata"]["name"]},  # type: ignore[index]
        "subjects": [{"kind": "ServiceAccount", "name": "chakrator-controller", "namespace": "chakrator-system"}],
    }
    root = "/apis/rbac.authorization.k8s.io/v1"
    try:
        check(await kube.request("POST", f"{root}/clusterroles", body=json.dumps(role).encode()))
        check(await kube.request("POST", f"{root}/clusterrolebindings", body=json.dumps(binding).encode()))

        async def gone() -> bool:
            return (await kube.request("GET", f"/api/v1/namespaces/{name}")).status == 404

        await eventually(gone, "the namespace is gone", 60.0)
    finally:
        await kube.request("DELETE", f"{root}/clusterrolebindings/chakrator-finalizer-release")
        await kube.request("DELETE", f"{root}/clusterroles/chakrator-finalizer-release")
