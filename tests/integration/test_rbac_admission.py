"""What the API server lets through: CRD rules, the admission policy, and who may do what."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from chakrator.up.controlplane import ControlPlane

pytestmark = pytest.mark.controlplane

Kubectl = Callable[..., "subprocess.CompletedProcess[str]"]

CONTROLLER = "system:serviceaccount:chakrator-system:chakrator-controller"
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
MY_RESOURCE = {"apiVersion": "example.com/v1", "kind": "MyResource"}


def reconciler(namespace: str, name: str = "greeter", **spec: object) -> str:
    """A valid Reconciler as JSON; `spec` replaces its fields, None removes one."""
    fields = {"watch": MY_RESOURCE, "owns": [CONFIG_MAP], "serviceAccountName": "greeter", **spec}
    return json.dumps(
        {
            "apiVersion": "chakrator.example.com/v1alpha1",
            "kind": "Reconciler",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {key: value for key, value in fields.items() if value is not None},
        }
    )


def grant(kubectl: Kubectl, namespace: str, role: str, account: str) -> None:
    """A RoleBinding of a ClusterRole to a ServiceAccount of the namespace."""
    done = kubectl(
        *("create", "rolebinding", f"{account}-{role}", "-n", namespace),
        *(f"--clusterrole={role}", f"--serviceaccount={namespace}:{account}"),
    )
    assert done.returncode == 0, done.stderr
    in_effect(kubectl, namespace, account, "patch", "reconcilers.chakrator.example.com")


def in_effect(kubectl: Kubectl, namespace: str, account: str, verb: str, thing: str) -> None:
    """Returns when a grant that was accepted is also known to the authorizer, which is moments later."""
    until = time.monotonic() + 30
    who = f"--as=system:serviceaccount:{namespace}:{account}"
    while kubectl("auth", "can-i", verb, thing, "-n", namespace, who).stdout.strip() != "yes":
        assert time.monotonic() < until
        time.sleep(0.05)


# ── the CRD ─────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({"serviceAccountName": None}, "serviceAccountName"),
        ({"watch": None}, "watch"),
        ({"watch": {"apiVersion": "example.com/v1/x", "kind": "MyResource"}}, "spec.watch.apiVersion"),
        ({"watch": {"apiVersion": "example.com/v1", "kind": "myresource"}}, "spec.watch.kind"),
        ({"owns": [CONFIG_MAP, CONFIG_MAP]}, "Duplicate value"),
        ({"owns": [MY_RESOURCE]}, "the watched kind cannot be owned too"),
        ({"owns": [{"apiVersion": "example.com/v2", "kind": "MyResource"}]}, "the watched kind cannot be owned too"),
        ({"retry": {"initial": "999ms"}}, "retry.initial: at least 1s"),
        ({"retry": {"initial": "10m", "max": "5m"}}, "retry.max: not shorter than retry.initial"),
        ({"retry": {"initial": "6m"}}, "retry.max: not shorter than retry.initial"),
        ({"retry": {"max": "25h"}}, "retry.max: at most 24h"),
        ({"resync": "59s"}, "resync: at least 1m"),
        ({"resync": "soon"}, "spec.resync"),
        ({"resync": "-1h"}, "spec.resync"),
        ({"limits": {"timeout": "61s"}}, "limits.timeout: between 100ms and 60s"),
        ({"limits": {"timeout": "99ms"}}, "limits.timeout: between 100ms and 60s"),
        ({"limits": {"timeout": "5"}}, "spec.limits.timeout"),
        ({"limits": {"memory": "63Mi"}}, "limits.memory: between 64Mi and 2Gi"),
        ({"limits": {"memory": "3Gi"}}, "limits.memory: between 64Mi and 2Gi"),
        ({"limits": {"memory": "lots"}}, "spec.limits.memory"),
        ({"limits": {"effects": 0}}, "spec.limits.effects"),
        ({"limits": {"workers": 17}}, "spec.limits.workers"),
        ({"reads": [CONFIG_MAP]}, 'unknown field "spec.reads"'),
    ],
)
def test_a_wrong_spec_is_refused_by_name(
    kubectl: Kubectl, namespace: str, spec: dict[str, Any], complaint: str
) -> None:
    """Each rule refuses what breaks it, and its message says which field."""
    done = kubectl("create", "--validate=strict", "-f", "-", input=reconciler(namespace, **spec))
    assert done.returncode != 0
    assert complaint in done.stderr


@pytest.mark.parametrize(
    "spec",
    [
        {"owns": None},
        {"retry": {"initial": "1s", "max": "1s"}, "resync": "1m"},
        {"limits": {"timeout": "1m", "memory": "2Gi", "effects": 1000, "logLines": 1, "workers": 16}},
        {"limits": {"timeout": "1.5s", "memory": "67108864"}},
        {"watch": CONFIG_MAP, "owns": [{"apiVersion": "apps/v1", "kind": "Deployment"}]},
        {"owns": [{"apiVersion": "other.example.com/v1", "kind": "MyResource"}], "suspend": True},
    ],
)
def test_a_right_spec_is_taken(kubectl: Kubectl, namespace: str, spec: dict[str, Any]) -> None:
    """The edges of every rule are inside."""
    done = kubectl("create", "--validate=strict", "-f", "-", input=reconciler(namespace, **spec))
    assert done.returncode == 0, done.stderr


def test_a_name_that_labels_cannot_hold_is_refused(kubectl: Kubectl, namespace: str) -> None:
    """50 characters fit, 51 do not."""
    assert kubectl("create", "-f", "-", input=reconciler(namespace, "n" * 50)).returncode == 0
    done = kubectl("create", "-f", "-", input=reconciler(namespace, "n" * 51))
    assert "at most 50 characters" in done.stderr


def test_defaults_are_shown(kubectl: Kubectl, namespace: str) -> None:
    """Who reads the object sees how often it retries and resyncs, also when only one half is given."""
    done = kubectl("create", "-o", "json", "-f", "-", input=reconciler(namespace))
    spec = json.loads(done.stdout)["spec"]
    assert (spec["retry"], spec["resync"], spec["suspend"]) == ({"initial": "1s", "max": "5m"}, "10h", False)
    done = kubectl("create", "-o", "json", "-f", "-", input=reconciler(namespace, "half", retry={"initial": "2s"}))
    assert json.loads(done.stdout)["spec"]["retry"] == {"initial": "2s", "max": "5m"}


def test_get_reads_well(kubectl: Kubectl, namespace: str) -> None:
    """The columns, by the short names, filled from status."""
    kubectl("create", "-f", "-", input=reconciler(namespace))
    status = {
        "status": {
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "Active",
                    "message": "",
                    "lastTransitionTime": "2030-01-01T00:00:00Z",
                }
            ],
            "activeRevision": {"number": 7, "sha256": "ab", "activatedBy": "chakrator-admin"},
            "objects": {"total": 120, "failing": 1},
        }
    }
    patched = kubectl(
        "patch", "rec", "greeter", "-n", namespace, "--subresource=status", "--type=merge", "-p", json.dumps(status)
    )
    assert patched.returncode == 0, patched.stderr
    header, row = kubectl("get", "rec", "-n", namespace).stdout.splitlines()
    assert header.split() == ["NAME", "READY", "REVISION", "OBJECTS", "FAILING", "LAST", "RUN", "AGE"]
    assert row.split()[:5] == ["greeter", "True", "7", "120", "1"]
    sample = json.dumps({**MY_RESOURCE, "metadata": {"name": "tea", "namespace": namespace}, "spec": {"message": "hi"}})
    assert kubectl("create", "-f", "-", input=sample).returncode == 0
    assert kubectl("get", "mr", "-n", namespace).stdout.splitlines()[0].split() == [
        "NAME",
        "PHASE",
        "READY",
        "MESSAGE",
        "AGE",
    ]


# ── the admission policy ────────────────────────────────────────────────────────────────────────
async def test_create_needs_impersonate(kubectl: Kubectl, namespace: str, sa_token: Any) -> None:
    """An author without that right is refused by name; with it, on that very ServiceAccount, not."""
    author = await sa_token(namespace, "author")
    grant(kubectl, namespace, "chakrator-author", "author")
    refused = kubectl("create", "-f", "-", input=reconciler(namespace), token=author)
    assert refused.returncode != 0
    assert "may not let a Reconciler act as ServiceAccount greeter" in refused.stderr
    assert f"impersonate on serviceaccounts/greeter in namespace {namespace}" in refused.stderr
    made = kubectl(
        *("create", "role", "as-greeter", "-n", namespace),
        *("--verb=impersonate", "--resource=serviceaccounts", "--resource-name=greeter"),
    )
    assert made.returncode == 0, made.stderr
    bound = kubectl(
        *("create", "rolebinding", "as-greeter", "-n", namespace),
        *("--role=as-greeter", f"--serviceaccount={namespace}:author"),
    )
    assert bound.returncode == 0, bound.stderr
    in_effect(kubectl, namespace, "author", "impersonate", "serviceaccounts/greeter")
    taken = kubectl("create", "-f", "-", input=reconciler(namespace), token=author)
    assert taken.returncode == 0, taken.stderr
    other = reconciler(namespace, "other", serviceAccountName="strong")
    refused = kubectl("create", "-f", "-", input=other, token=author)
    assert "act as ServiceAccount strong" in refused.stderr


@pytest.mark.parametrize(
    ("patch", "allowed"),
    [
        ({"serviceAccountName": "strong"}, False),
        ({"watch": {"kind": "Secret", "apiVersion": "v1"}}, False),
        ({"owns": [{"apiVersion": "v1", "kind": "Secret"}]}, False),
        ({"owns": None}, False),
        ({"owns": []}, False),
        ({"limits": {"timeout": "2s"}}, True),
        ({"retry": {"max": "1m"}}, True),
        ({"resync": "1h"}, True),
        ({"suspend": True}, True),
    ],
)
async def test_update_needs_impersonate_where_authority_changes(
    kubectl: Kubectl, namespace: str, sa_token: Any, patch: dict[str, Any], allowed: bool
) -> None:
    """Whose rights, and on what: refused. How fast and how much: an author's own business."""
    assert kubectl("create", "-f", "-", input=reconciler(namespace)).returncode == 0
    author = await sa_token(namespace, "author")
    grant(kubectl, namespace, "chakrator-author", "author")
    done = kubectl(
        *("patch", "rec", "greeter", "-n", namespace, "--type=merge", "-p", json.dumps({"spec": patch})), token=author
    )
    assert (done.returncode == 0) == allowed, done.stderr
    if not allowed:
        assert "may not let a Reconciler act as ServiceAccount" in done.stderr


async def test_absent_and_empty_owns_are_the_same(kubectl: Kubectl, namespace: str, sa_token: Any) -> None:
    """Writing out what is meant already changes no authority."""
    assert kubectl("create", "-f", "-", input=reconciler(namespace, owns=None)).returncode == 0
    author = await sa_token(namespace, "author")
    grant(kubectl, namespace, "chakrator-author", "author")
    patch = json.dumps({"spec": {"owns": []}})
    done = kubectl("patch", "rec", "greeter", "-n", namespace, "--type=merge", "-p", patch, token=author)
    assert done.returncode == 0, done.stderr


async def test_metadata_may_change_without_impersonate(kubectl: Kubectl, namespace: str, sa_token: Any) -> None:
    """Labels, annotations, finalizers: the controller itself writes those, with no right on user accounts."""
    assert kubectl("create", "-f", "-", input=reconciler(namespace)).returncode == 0
    author = await sa_token(namespace, "author")
    grant(kubectl, namespace, "chakrator-author", "author")
    done = kubectl("annotate", "rec", "greeter", "-n", namespace, "a=b", token=author)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("place", ["kube-system", "kube-public", "chakrator-system"])
def test_no_reconciler_in_the_systems_namespaces(kubectl: Kubectl, place: str) -> None:
    """Not even the admin: the accounts there are the cluster's and the controller's own."""
    done = kubectl("create", "-f", "-", input=reconciler(place))
    assert done.returncode != 0
    assert "not allowed in kube-* namespaces" in done.stderr


def test_edit_holds_both_halves(kubectl: Kubectl, namespace: str) -> None:
    """`edit` unites author and operator, and holds `impersonate` in its namespace; `view` only looks."""
    for role, verb, thing, expected in (
        ("edit", "update", "reconcilers.chakrator.example.com/code", "yes"),
        ("edit", "get", "reconcilers.chakrator.example.com/audit", "yes"),
        ("edit", "impersonate", "serviceaccounts", "yes"),
        ("view", "list", "reconcilers.chakrator.example.com", "yes"),
        ("view", "get", "reconcilers.chakrator.example.com/runs", "no"),
        ("view", "update", "reconcilers.chakrator.example.com/code", "no"),
    ):
        user = f"somebody-with-{role}"
        kubectl("create", "rolebinding", user, "-n", namespace, f"--clusterrole={role}", f"--user={user}")
        resource, _, subresource = thing.partition("/")
        sub = [f"--subresource={subresource}"] if subresource else []
        done = kubectl("auth", "can-i", verb, resource, *sub, "-n", namespace, f"--as={user}")
        assert done.stdout.strip() == expected, (role, verb, thing)


# ── who may do what ─────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("verb", "resource", "expected"),
    [
        *((verb, "reconcilers.chakrator.example.com", "yes") for verb in ("get", "list", "watch", "patch", "update")),
        *((verb, "reconcilers.chakrator.example.com", "no") for verb in ("create", "delete", "deletecollection")),
        ("patch", "reconcilers.chakrator.example.com/status", "yes"),
        ("update", "reconcilers.chakrator.example.com/code", "no"),
        ("update", "reconcilers.chakrator.example.com/activation", "no"),
        *((verb, "serviceaccounts", "yes") for verb in ("get", "list", "watch")),
        *((verb, "serviceaccounts", "no") for verb in ("create", "update", "patch", "delete")),
        ("create", "serviceaccounts/token", "no"),
        *((verb, "namespaces", "yes") for verb in ("get", "list", "watch")),
        *((verb, "namespaces", "no") for verb in ("create", "patch", "delete")),
        ("create", "tokenreviews.authentication.k8s.io", "yes"),
        ("create", "subjectaccessreviews.authorization.k8s.io", "yes"),
        ("create", "events", "yes"),
        ("patch", "events", "yes"),
        *((verb, "events", "no") for verb in ("get", "list", "delete")),
        *((verb, "configmaps", "no") for verb in ("get", "list", "watch", "create", "patch", "delete")),
        *((verb, "secrets", "no") for verb in ("get", "list", "watch", "create")),
        *((verb, "myresources.example.com", "no") for verb in ("get", "list", "watch", "patch")),
        ("patch", "myresources.example.com/status", "no"),
        ("get", "leases.coordination.k8s.io", "no"),
        ("impersonate", "users", "no"),
        ("impersonate", "groups", "no"),
        ("list", "validatingadmissionpolicies.admissionregistration.k8s.io", "no"),
        ("patch", "validatingadmissionpolicies.admissionregistration.k8s.io", "no"),
        ("escalate", "clusterroles.rbac.authorization.k8s.io", "no"),
    ],
)
def test_the_controller_holds_its_rights_and_no_other(
    kubectl: Kubectl, verb: str, resource: str, expected: str
) -> None:
    """What the controller's ServiceAccount may do itself, in a namespace like any other."""
    thing, _, subresource = resource.partition("/")
    sub = [f"--subresource={subresource}"] if subresource else []
    done = kubectl("auth", "can-i", verb, thing, *sub, "-n", "default", f"--as={CONTROLLER}")
    assert done.stdout.strip() == expected, done.stderr


@pytest.mark.parametrize(
    ("verb", "thing", "place", "expected"),
    [
        ("get", "validatingadmissionpolicies/reconcilers.chakrator.example.com", "default", "yes"),
        ("get", "validatingadmissionpolicybindings/reconcilers.chakrator.example.com", "default", "yes"),
        ("get", "validatingadmissionpolicies/other", "default", "no"),
        ("create", "leases.coordination.k8s.io", "chakrator-system", "yes"),
        ("update", "leases.coordination.k8s.io", "chakrator-system", "yes"),
        ("delete", "leases.coordination.k8s.io", "chakrator-system", "no"),
        ("get", "secrets", "chakrator-system", "no"),
    ],
)
def test_the_controllers_rights_on_named_things(
    kubectl: Kubectl, verb: str, thing: str, place: str, expected: str
) -> None:
    """Its own policy by name, and Leases in its own namespace."""
    done = kubectl("auth", "can-i", verb, thing, "-n", place, f"--as={CONTROLLER}")
    assert done.stdout.strip() == expected, done.stderr


RECONCILERS = "reconcilers.chakrator.example.com"
PEOPLE = {
    # verb, resource, subresource: (viewer, author, operator)
    ("get", RECONCILERS, ""): ("yes", "yes", "yes"),
    ("list", RECONCILERS, ""): ("yes", "yes", "yes"),
    ("create", RECONCILERS, ""): ("no", "yes", "no"),
    ("delete", RECONCILERS, ""): ("no", "yes", "no"),
    ("patch", RECONCILERS, ""): ("no", "yes", "yes"),
    ("update", RECONCILERS, "code"): ("no", "yes", "no"),
    ("update", RECONCILERS, "activation"): ("no", "yes", "yes"),
    ("get", RECONCILERS, "runs"): ("no", "yes", "yes"),
    ("get", RECONCILERS, "audit"): ("no", "no", "yes"),
    ("impersonate", "serviceaccounts", ""): ("no", "yes", "yes"),
    ("create", "myresources.example.com", ""): ("no", "yes", "no"),
    ("get", "configmaps", ""): ("yes", "yes", "yes"),
    ("get", "secrets", ""): ("no", "no", "no"),
}


@pytest.mark.parametrize("who", ["viewer", "author", "operator"])
def test_the_three_people_of_up_differ(control_plane: ControlPlane, kubectl: Kubectl, who: str) -> None:
    """Each by their own token, in `default`: the table of rights, cell by cell."""
    column = ("viewer", "author", "operator").index(who)
    found = {}
    for verb, resource, subresource in PEOPLE:
        sub = [f"--subresource={subresource}"] if subresource else []
        done = kubectl("auth", "can-i", verb, resource, *sub, "-n", "default", token=control_plane.token(who))
        found[verb, resource, subresource] = done.stdout.strip()
    assert found == {cell: row[column] for cell, row in PEOPLE.items()}


def test_nobody_impersonates_outside_default(control_plane: ControlPlane, kubectl: Kubectl, namespace: str) -> None:
    """An author of `up` saves code anywhere, but lets it act only in `default`."""
    token = control_plane.token("author")
    code = kubectl("auth", "can-i", "update", RECONCILERS, "--subresource=code", "-n", namespace, token=token)
    assert code.stdout.strip() == "yes"
    done = kubectl("auth", "can-i", "impersonate", "serviceaccounts", "-n", namespace, token=token)
    assert done.stdout.strip() == "no"
    refused = kubectl("create", "-f", "-", input=reconciler(namespace), token=token)
    assert "may not let a Reconciler act" in refused.stderr
