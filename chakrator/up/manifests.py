"""Our own manifests, applied by server-side apply.

That is idempotent, and what a newer version drops from a manifest is dropped in the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec
import yaml

from core.kube.client import KubeTransport
from core.kube.errors import check

MANAGER = "chakrator-up"
APPLY = "application/apply-patch+yaml"

# Plural and whether namespaced, of every kind that deploy/ holds. Discovery is no help before the CRDs are there.
RESOURCES: Mapping[tuple[str, str], tuple[str, bool]] = {
    ("v1", "Namespace"): ("namespaces", False),
    ("v1", "ServiceAccount"): ("serviceaccounts", True),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): ("clusterroles", False),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): ("clusterrolebindings", False),
    ("rbac.authorization.k8s.io/v1", "Role"): ("roles", True),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): ("rolebindings", True),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): ("customresourcedefinitions", False),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"): ("validatingadmissionpolicies", False),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"): (
        "validatingadmissionpolicybindings",
        False,
    ),
    ("chakrator.example.com/v1alpha1", "Reconciler"): ("reconcilers", True),
    ("example.com/v1", "MyResource"): ("myresources", True),
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object of a file, with its place on the API server."""

    kind: str
    name: str
    collection: str
    document: Mapping[str, object]

    @property
    def path(self) -> str:
        """The object's own path."""
        return f"{self.collection}/{self.name}"


def parse(document: Mapping[str, object]) -> Manifest:
    """Finds an object's place. Raises KeyError for a kind that RESOURCES lacks."""
    api_version, kind = str(document["apiVersion"]), str(document["kind"])
    plural, namespaced = RESOURCES[api_version, kind]
    metadata = cast("Mapping[str, str]", document["metadata"])
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    place = f"/namespaces/{metadata['namespace']}" if namespaced else ""
    return Manifest(kind, metadata["name"], f"{root}{place}/{plural}", document)


def load(folder: Path) -> Iterator[Manifest]:
    """Every object of the folder's YAML files, by file name; subfolders are overlays and not part of it."""
    for file in sorted(folder.glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if document is not None:
                yield parse(document)


async def apply(transport: KubeTransport, manifest: Manifest) -> None:
    """Makes the object as the manifest says. Raises ApiError or Unreachable."""
    check(
        await transport.request(
            "PATCH",
            manifest.path,
            query={"fieldManager": MANAGER, "force": "true"},
            body=msgspec.json.encode(manifest.document),
            content_type=APPLY,
        )
    )


async def create(transport: KubeTransport, manifest: Manifest) -> None:
    """Makes the object unless one of its name is there; that one is left as it is. Raises ApiError or Unreachable."""
    response = await transport.request(
        "POST", manifest.collection, query={"fieldManager": MANAGER}, body=msgspec.json.encode(manifest.document)
    )
    if response.status != 409:
        check(response)
