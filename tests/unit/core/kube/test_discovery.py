"""Which kinds there are, and under which paths."""

from __future__ import annotations

import msgspec
import pytest

from core.domain.keys import Gvk
from core.kube.client import Response
from core.kube.discovery import MISS_INTERVAL, Discovery, Resource, parse
from core.kube.errors import KindUnknown, MalformedAnswer

CONFIGMAP = Resource(gvk=Gvk("v1", "ConfigMap"), plural="configmaps", namespaced=True, has_status=False)
WIDGET = Resource(gvk=Gvk("example.com/v1", "Widget"), plural="widgets", namespaced=True, has_status=True)
NAMESPACE = Resource(gvk=Gvk("v1", "Namespace"), plural="namespaces", namespaced=False, has_status=True)


def document(group: str, *kinds: tuple[str, str, str]) -> bytes:
    """An APIGroupDiscoveryList of one group at v1: (plural, kind, scope)."""
    resources = [
        {
            "resource": plural,
            "responseKind": {"group": group, "version": "v1", "kind": kind},
            "scope": scope,
            "verbs": ["get", "watch"],
            "subresources": [{"subresource": "status"}] if kind != "ConfigMap" else [],
        }
        for plural, kind, scope in kinds
    ]
    group_doc = {"metadata": {"name": group}, "versions": [{"version": "v1", "resources": resources}]}
    return msgspec.json.encode({"kind": "APIGroupDiscoveryList", "items": [group_doc]})


class Served:
    """The two documents, which a test may change; counts how often they are read."""

    def __init__(self) -> None:
        self.documents = {"/api": document("", ("configmaps", "ConfigMap", "Namespaced")), "/apis": document("x.io")}
        self.reads = 0

    async def request(self, method: str, path: str, *, accept: str = "") -> Response:
        """Answers as the API server does."""
        assert "v=v2" in accept
        self.reads += path == "/api"
        return Response(200, {}, self.documents[path])


class Ticking:
    """A monotonic clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_kinds_are_read_once() -> None:
    """A known kind costs no request after the first."""
    served = Served()
    discovery = Discovery(served, monotonic=Ticking())
    found = await discovery.resource(Gvk("v1", "ConfigMap"))
    assert (found, await discovery.resource(Gvk("v1", "ConfigMap"))) == (CONFIGMAP, CONFIGMAP)
    assert served.reads == 1


async def test_a_new_kind_is_found_on_a_miss() -> None:
    """A CRD that appears later is found, but a missing kind is not asked for at every call."""
    served, clock = Served(), Ticking()
    discovery = Discovery(served, monotonic=clock)
    for _ in range(3):
        with pytest.raises(KindUnknown):
            await discovery.resource(WIDGET.gvk)
    assert served.reads == 1
    served.documents["/apis"] = document("example.com", ("widgets", "Widget", "Namespaced"))
    clock.now += MISS_INTERVAL
    assert await discovery.resource(WIDGET.gvk) == WIDGET
    assert served.reads == 2


async def test_a_forgotten_kind_is_asked_for_again() -> None:
    """After a 404 the kind is looked up anew, and is unknown when its CRD is gone."""
    served, clock = Served(), Ticking()
    discovery = Discovery(served, monotonic=clock)
    await discovery.resource(CONFIGMAP.gvk)
    served.documents["/api"] = document("")
    discovery.forget(CONFIGMAP.gvk)
    clock.now += MISS_INTERVAL
    with pytest.raises(KindUnknown):
        await discovery.resource(CONFIGMAP.gvk)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"kind":"APIGroupList","groups":[]}'])
def test_another_document_is_refused(body: bytes) -> None:
    """An API server without aggregated discovery is an error, not an empty cluster."""
    with pytest.raises(MalformedAnswer):
        parse(body)


def test_paths() -> None:
    """Collections, objects and subresources, of the core group and of others."""
    assert CONFIGMAP.path("ns", "a") == "/api/v1/namespaces/ns/configmaps/a"
    assert WIDGET.path("ns", "a", "status") == "/apis/example.com/v1/namespaces/ns/widgets/a/status"
    assert WIDGET.path(None) == "/apis/example.com/v1/widgets"
    assert NAMESPACE.path(None, "ns") == "/api/v1/namespaces/ns"
    assert CONFIGMAP.path("ns", "system:x y") == "/api/v1/namespaces/ns/configmaps/system%3Ax%20y"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../secrets/x", "%2e%2e", "a%2Fb"])
def test_names_cannot_leave_their_path(name: str) -> None:
    """A name from outside never becomes another path."""
    with pytest.raises(ValueError, match="name"):
        CONFIGMAP.path("ns", name)
    if name:
        with pytest.raises(ValueError, match="name"):
            CONFIGMAP.path(name, "a")


def test_scope_is_checked() -> None:
    """A namespaced object needs its namespace, and a cluster-scoped one has none."""
    with pytest.raises(ValueError, match="namespace"):
        CONFIGMAP.path(None, "a")
    with pytest.raises(ValueError, match="cluster-scoped"):
        NAMESPACE.path("ns", "a")
