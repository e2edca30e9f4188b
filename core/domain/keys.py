"""Names that must not collide or overflow: Reconcilers, kinds, objects, and what is derived from them.

Source of the identity rule: docs/reference/reconciler.md, "Identity". A Reconciler's id is
`<name>-<first 8 hex of SHA-256("namespace/name")>`: with a name of at most 50 characters it fits a
label value (63) and a finalizer's name part, and two namespaces never share one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NewType

GROUP = "chakrator.example.com"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
PLURAL = "reconcilers"

LABEL_RECONCILER = f"{GROUP}/reconciler"
ANNOTATION_RECONCILER_REF = f"{GROUP}/reconciler-ref"
ANNOTATION_APPLIED_SHA256 = f"{GROUP}/applied-sha256"
ANNOTATION_RUN_REQUESTED = f"{GROUP}/run-requested-at"
FINALIZER_RELEASE = f"{GROUP}/release"

Uid = NewType("Uid", str)
RunId = NewType("RunId", str)


@dataclass(frozen=True, slots=True, order=True)
class ReconcilerRef:
    """One Reconciler by namespace and name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def id(self) -> str:
        """`<name>-<8 hex>`; at most 59 characters."""
        digest = hashlib.sha256(f"{self.namespace}/{self.name}".encode()).hexdigest()
        return f"{self.name}-{digest[:8]}"

    @property
    def finalizer(self) -> str:
        """The finalizer that this Reconciler puts on its primaries."""
        return f"{GROUP}/{self.id}"

    @property
    def manager(self) -> str:
        """Field manager of children and of the status of Succeeded runs."""
        return f"chakrator:{self.id}"

    @property
    def host_manager(self) -> str:
        """Field manager of host fields after any other outcome."""
        return f"chakrator-host:{self.id}"


@dataclass(frozen=True, slots=True, order=True)
class Gvk:
    """A kind with its API version as manifests write it: `v1` + `ConfigMap`."""

    api_version: str
    kind: str

    def __str__(self) -> str:
        return f"{self.api_version}/{self.kind}"

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        group, slash, _ = self.api_version.partition("/")
        return group if slash else ""

    @property
    def version(self) -> str:
        """The version without its group."""
        return self.api_version.rpartition("/")[2]


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """One object of a kind; `namespace` is empty for cluster-scoped kinds."""

    gvk: Gvk
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.gvk.kind} {place}{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class QueueKey:
    """What the workqueue deduplicates by and runs one at a time: a Reconciler and an object."""

    reconciler: ReconcilerRef
    target: ObjectRef
