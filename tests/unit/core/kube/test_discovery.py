"""Which kinds there are, and under which paths."""

from __future__ import annotations

import msgspec
import pytest

from core.domain.keys import Gvk
from core.kube.client import Response
from core.kube.discovery import MAX_AGE, MISS_INTERVAL, Discovery, Resource, parse
from core.kube.errors import KindUnknown, MalformedAnswer, Unreachable

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
        self.ready = True
        self.down = False

    async def request(self, method: str, path: str, *, accept: str = "") -> Response:
        """Answers as the API server does."""
        if self.down:
            raise Unreachable("connection refused")
        if path == "/readyz":
            return Response(200 if self.ready else 500, {}, b"ok")
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


WIDGETS = document("example.com", ("widgets", "Widget", "Namespaced"))
STALE = WIDGETS.replace(b'"version":"v1","resources":[', b'"version":"v1","freshness":"Stale","resources":[')


def without_resources(body: bytes) -> bytes:
    """The same versions of the same groups, of which nothing is listed."""
    return body.partition(b'"resources":[')[0] + b'"resources":[]}]}]}'


async def test_a_server_that_starts_takes_no_kind_away() -> None:
    """Groups are missing until it is ready; what was there stays, and what is there already is taken."""
    served, clock = Served(), Ticking()
    served.documents["/apis"] = WIDGETS
    discovery = Discovery(served, monotonic=clock)
    await discovery.kinds()
    served.ready = False
    served.documents["/apis"] = document("new.io", ("news", "News", "Namespaced"))
    clock.now += MISS_INTERVAL
    assert (await discovery.resource(Gvk("new.io/v1", "News"))).plural == "news"
    assert await discovery.resource(WIDGET.gvk) == WIDGET
    served.ready = True
    clock.now += MAX_AGE
    with pytest.raises(KindUnknown):
        await discovery.resource(WIDGET.gvk)


async def test_a_stale_version_takes_no_kind_away() -> None:
    """The server says itself that it could not ask for it; then nobody can be certain."""
    served, clock = Served(), Ticking()
    served.documents["/apis"] = WIDGETS
    discovery = Discovery(served, monotonic=clock)
    await discovery.kinds()
    served.documents["/apis"] = without_resources(STALE)
    clock.now += MAX_AGE
    assert await discovery.resource(WIDGET.gvk) == WIDGET
    gone = Gvk("example.com/v1", "Gone")
    with pytest.raises(Unreachable):
        await discovery.resource(gone, fresh=True)
    with pytest.raises(Unreachable):
        await discovery.served_versions("example.com", "Gone", fresh=True)


async def test_only_a_ready_server_is_certain_that_a_kind_is_gone() -> None:
    """`fresh` asks within the interval too, and never takes a server that starts at its word."""
    served, clock = Served(), Ticking()
    discovery = Discovery(served, monotonic=clock)
    served.ready = False
    for ask in (discovery.resource(WIDGET.gvk, fresh=True), discovery.served_versions("x", "X", fresh=True)):
        with pytest.raises(Unreachable):
            await ask
    served.ready = True
    with pytest.raises(KindUnknown):
        await discovery.resource(WIDGET.gvk, fresh=True)
    served.documents["/apis"] = WIDGETS
    assert await discovery.resource(WIDGET.gvk, fresh=True) == WIDGET
    served.documents["/apis"] = document("x.io")
    with pytest.raises(KindUnknown):
        await discovery.resource(WIDGET.gvk, fresh=True)


async def test_versions_of_a_kind() -> None:
    """A kind lives on under another version: that is not gone."""
    served = Served()
    v2 = WIDGETS.replace(b'"v1"', b'"v2"')
    both = msgspec.json.decode(WIDGETS)
    both["items"][0]["versions"] += msgspec.json.decode(v2)["items"][0]["versions"]
    served.documents["/apis"] = msgspec.json.encode(both)
    discovery = Discovery(served, monotonic=Ticking())
    both_gvks = [Gvk("example.com/v1", "Widget"), Gvk("example.com/v2", "Widget")]
    assert await discovery.served_versions("example.com", "Widget") == both_gvks
    served.documents["/apis"] = v2
    assert await discovery.served_versions("example.com", "Widget", fresh=True) == both_gvks[1:]
    assert await discovery.served_versions("", "ConfigMap", fresh=True) == [CONFIGMAP.gvk]
    assert await discovery.served_versions("other.io", "Widget", fresh=True) == []


async def test_a_kind_that_changed_is_noticed() -> None:
    """A CRD made again under another plural is found after a minute; an outage keeps what is known."""
    served, clock = Served(), Ticking()
    served.documents["/apis"] = WIDGETS
    discovery = Discovery(served, monotonic=clock)
    await discovery.resource(WIDGET.gvk)
    served.documents["/apis"] = WIDGETS.replace(b'"widgets"', b'"wodgets"')
    clock.now += MAX_AGE
    served.down = True
    assert (await discovery.resource(WIDGET.gvk)).plural == "widgets"
    with pytest.raises(Unreachable):
        await discovery.resource(Gvk("v1", "Nothing"))
    served.down = False
    clock.now += MISS_INTERVAL
    assert (await discovery.resource(WIDGET.gvk)).plural == "wodgets"


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
