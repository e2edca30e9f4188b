"""Informers on the real API server, through bad networks and changing rights."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from controller.cache import Change
from controller.informer import Informer, InformerKey, InformerRegistry, InformerStatus, Timing
from core.clock import SystemClock
from core.domain.keys import Gvk
from core.kube.client import KubeTransport, Response
from core.kube.discovery import Discovery, Resource
from core.kube.errors import Refused, check

pytestmark = pytest.mark.controlplane

CONFIGMAP = Gvk("v1", "ConfigMap")
WIDGET = Gvk("example.com/v1", "MyResource")
QUICK = Timing(denial_first=0.5, absent_first=0.2, outage_grace=0.0)


def body(document: object) -> bytes:
    """As it is sent."""
    return json.dumps(document).encode()


class Objects:
    """Writes objects of one kind into one namespace."""

    def __init__(self, kube: KubeTransport, resource: Resource, namespace: str) -> None:
        self._kube = kube
        self._resource = resource
        self._namespace = namespace

    async def create(self, name: str, **more: object) -> dict[str, object]:
        """A new object, as the API server has it."""
        gvk = self._resource.gvk
        document = {"apiVersion": gvk.api_version, "kind": gvk.kind, "metadata": {"name": name}, **more}
        answer = await self._kube.request("POST", self._resource.path(self._namespace), body=body(document))
        return check(answer).object()

    async def patch(self, name: str, document: object) -> dict[str, object]:
        """A merge patch."""
        answer = await self._kube.request(
            "PATCH",
            self._resource.path(self._namespace, name),
            body=body(document),
            content_type="application/merge-patch+json",
        )
        return check(answer).object()

    async def delete(self, name: str) -> None:
        """Gone at once: nothing here has a finalizer."""
        check(await self._kube.request("DELETE", self._resource.path(self._namespace, name)))


def rv(document: dict[str, object]) -> int:
    """The resourceVersion of what the API server answered."""
    metadata = document["metadata"]
    assert isinstance(metadata, dict)
    return int(metadata["resourceVersion"])


def uid(document: dict[str, object]) -> str:
    """The uid of what the API server answered."""
    metadata = document["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata["uid"])


class Told:
    """What an informer told its subscriber."""

    def __init__(self, informer: Informer) -> None:
        self.changes: list[tuple[str, str, str]] = []
        self.states: list[InformerStatus] = []
        informer.subscribe(self._changed, lambda state: self.states.append(state.value))

    def _changed(self, change: Change) -> None:
        self.changes.append((change.type.value, change.entry.name, change.entry.uid))


@asynccontextmanager
async def informing(
    transport: object, key: InformerKey, timing: Timing = QUICK
) -> AsyncIterator[tuple[Informer, Told]]:
    """A running informer."""
    async with asyncio.TaskGroup() as group:
        registry = InformerRegistry(transport=transport, group=group, clock=SystemClock(), timing=timing)  # type: ignore[arg-type]
        informer = registry.acquire(key)
        told = Told(informer)
        try:
            yield informer, told
        finally:
            registry.close()


async def test_watchlist_on_a_custom_resource(kube: KubeTransport, namespace: str, eventually) -> None:
    """One stream lists what is there and goes on; a write is seen by its resourceVersion, a deletion too."""
    resource = await Discovery(kube).resource(WIDGET)
    assert resource.has_status
    objects = Objects(kube, resource, namespace)
    before = await objects.create("before", spec={"message": "hello"})
    async with informing(kube, InformerKey(None, resource, namespace)) as (informer, told):
        await eventually(lambda: informer.cache.synced)
        assert told.changes == [("ADDED", "before", uid(before))]
        changed = await objects.patch("before", {"spec": {"message": "again"}})
        assert await informer.wait_rv(rv(changed), 10)
        entry = informer.cache.get(namespace, "before")
        assert entry is not None
        assert (entry.rv, entry.generation) == (rv(changed), 2)
        document = json.loads(entry.raw)
        assert (document["kind"], document["spec"]["message"]) == ("MyResource", "again")
        assert "managedFields" in document["metadata"]
        await objects.delete("before")
        await eventually(lambda: told.changes[-1] == ("DELETED", "before", uid(before)))
        assert informer.counters.watches == 1


async def test_built_in_objects_carry_their_kind(kube: KubeTransport, namespace: str, eventually) -> None:
    """A ConfigMap in the cache is a whole manifest, as a reconciler expects it."""
    resource = await Discovery(kube).resource(CONFIGMAP)
    await Objects(kube, resource, namespace).create("a", data={"k": "v"})
    async with informing(kube, InformerKey(None, resource, namespace)) as (informer, _):
        await eventually(lambda: informer.cache.get(namespace, "a") is not None)
        entry = informer.cache.get(namespace, "a")
        assert entry is not None
        document = json.loads(entry.raw)
        assert (document["apiVersion"], document["kind"], entry.generation) == ("v1", "ConfigMap", None)


async def test_one_poison_object_blinds_nobody(kube: KubeTransport, namespace: str, eventually) -> None:
    """A ConfigMap with 1 MB of `<` is a line of 6 MB on the watch; it arrives, and so does what follows."""
    resource = await Discovery(kube).resource(CONFIGMAP)
    objects = Objects(kube, resource, namespace)
    async with informing(kube, InformerKey(None, resource, namespace)) as (informer, _):
        await eventually(lambda: informer.cache.synced)
        await objects.create("poison", data={"x": "<" * 1_000_000})
        await objects.create("after")
        await eventually(lambda: informer.cache.get(namespace, "after") is not None)
        entry = informer.cache.get(namespace, "poison")
        assert entry is not None
        assert len(entry.raw) > 6_000_000
        assert informer.counters.breaks == 0


async def test_reset_connections_resume(kube: KubeTransport, namespace: str, proxy, proxied, eventually) -> None:
    """After a RST, and refused connections for a while, the watch resumes where it was: no relist, nothing lost."""
    resource = await Discovery(kube).resource(CONFIGMAP)
    objects = Objects(kube, resource, namespace)
    async with informing(proxied, InformerKey(None, resource, namespace)) as (informer, told):
        await eventually(lambda: informer.cache.synced)
        proxy.mode = "refuse"
        proxy.reset()
        await eventually(lambda: informer.state.value is InformerStatus.STALE)
        made = [await objects.create(f"a{number}") for number in range(5)]
        proxy.mode = "pass"
        assert await informer.wait_rv(rv(made[-1]), 20)
        assert [name for _, name, _ in told.changes if name.startswith("a")] == [f"a{number}" for number in range(5)]
        assert informer.counters.relists == 0
        await eventually(lambda: informer.state.value is InformerStatus.LIVE)


async def test_blackholed_watch_tells_a_recreation_as_two(
    kube: KubeTransport, namespace: str, proxy, proxied, eventually
) -> None:
    """Deleted and created again while the network was silent: DELETED of the old uid, then ADDED of the new."""
    resource = await Discovery(kube).resource(WIDGET)
    objects = Objects(kube, resource, namespace)
    old = await objects.create("a", spec={"message": "old"})
    async with informing(proxied, InformerKey(None, resource, namespace)) as (informer, told):
        await eventually(lambda: informer.cache.synced)
        proxy.mode = "blackhole"
        await objects.delete("a")
        new = await objects.create("a", spec={"message": "new"})
        await eventually(lambda: informer.state.value is InformerStatus.STALE)
        proxy.mode = "pass"
        assert await informer.wait_rv(rv(new), 25)
        assert told.changes == [("ADDED", "a", uid(old)), ("DELETED", "a", uid(old)), ("ADDED", "a", uid(new))]


class Late:
    """A transport whose next resume asks for a resourceVersion that the API server has long forgotten."""

    def __init__(self, kube: KubeTransport) -> None:
        self._kube = kube
        self.late = False
        self.held = asyncio.Event()
        self.go_on = asyncio.Event()
        self.asked: list[str | None] = []

    async def watch(
        self,
        path: str,
        *,
        query: Mapping[str, str],
        impersonate: str | None = None,
        on_open: Callable[[], None] | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """Hands on, with the forged resourceVersion once; each watch ends after a second."""
        query = {**query, "timeoutSeconds": "1"}
        if self.late and "resourceVersion" in query:
            self.late = False
            self.held.set()
            await self.go_on.wait()
            query["resourceVersion"] = "1"
        self.asked.append(query.get("resourceVersion"))
        async for line in self._kube.watch(path, query=query, impersonate=impersonate, on_open=on_open):
            yield line

    async def request(self, method: str, path: str, **more: object) -> Response:
        """Not used where WatchList is served."""
        raise AssertionError(f"{method} {path} {more}")


async def test_410_at_resume_relists_with_a_diff(kube: KubeTransport, namespace: str, eventually) -> None:
    """A resume from too long ago is answered by 410; the relist says what was missed, and nothing else."""
    resource = await Discovery(kube).resource(WIDGET)
    objects = Objects(kube, resource, namespace)
    made = {name: uid(await objects.create(name, spec={})) for name in ("stays", "goes", "again")}
    late = Late(kube)
    async with informing(late, InformerKey(None, resource, namespace)) as (informer, told):
        await eventually(lambda: informer.cache.synced)
        told.changes.clear()
        late.late = True
        await late.held.wait()
        await objects.delete("goes")
        await objects.delete("again")
        again = uid(await objects.create("again", spec={}))
        late.go_on.set()
        await eventually(lambda: informer.counters.relists == 1 and informer.state.value is InformerStatus.LIVE)
        assert "1" in late.asked
        assert told.changes == [
            ("DELETED", "again", made["again"]),
            ("ADDED", "again", again),
            ("DELETED", "goes", made["goes"]),
        ]


async def test_a_right_that_is_granted_later(kube: KubeTransport, namespace: str, sa_token, eventually) -> None:
    """Without a RoleBinding the state names verb, resource and namespace; granted, it heals by itself."""
    await sa_token(namespace, "greeter")
    resource = await Discovery(kube).resource(CONFIGMAP)
    await Objects(kube, resource, namespace).create("a")
    account = f"system:serviceaccount:{namespace}:greeter"
    async with informing(kube, InformerKey(account, resource, namespace)) as (informer, _):
        await eventually(lambda: informer.state.value is InformerStatus.FORBIDDEN)
        sentence = f"the ServiceAccount {namespace}/greeter may not watch configmaps in namespace {namespace}"
        assert informer.state.message == sentence
        assert not informer.cache.synced
        assert len(informer.cache) == 0
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        role = {
            "metadata": {"name": "watcher"},
            "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "watch"]}],
        }
        check(await kube.request("POST", f"{rbac}/roles", body=body(role)))
        binding = {
            "metadata": {"name": "watcher"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "watcher"},
            "subjects": [{"kind": "ServiceAccount", "name": "greeter", "namespace": namespace}],
        }
        check(await kube.request("POST", f"{rbac}/rolebindings", body=body(binding)))
        await eventually(lambda: informer.state.value is InformerStatus.LIVE)
        assert informer.cache.get(namespace, "a") is not None


def gadgets() -> dict[str, object]:
    """A CRD of this test's own."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.kube.example.net"},
        "spec": {
            "group": "kube.example.net",
            "scope": "Namespaced",
            "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
            ],
        },
    }


async def test_a_crd_that_goes_and_comes_back(kube: KubeTransport, namespace: str, eventually) -> None:
    """Its objects are told as deleted, the kind as absent; when it is served again, its objects are new ones."""
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    resource = Resource(Gvk("kube.example.net/v1", "Gadget"), "gadgets", namespaced=True, has_status=False)
    objects = Objects(kube, resource, namespace)
    async with informing(kube, InformerKey(None, resource, namespace)) as (informer, told):
        await eventually(lambda: informer.state.value is InformerStatus.ABSENT)
        assert "does not serve kube.example.net/v1/Gadget" in informer.state.message
        check(await kube.request("POST", crds, body=body(gadgets())))
        await eventually(lambda: informer.state.value is InformerStatus.LIVE)
        old = await objects.create("a")
        await eventually(lambda: told.changes == [("ADDED", "a", uid(old))])
        check(await kube.request("DELETE", f"{crds}/gadgets.kube.example.net"))
        await eventually(lambda: told.changes[-1] == ("DELETED", "a", uid(old)))
        await eventually(lambda: informer.state.value is InformerStatus.ABSENT)
        assert not informer.cache.synced

        async def created() -> bool:
            try:
                check(await kube.request("POST", crds, body=body(gadgets())))
            except Refused:
                return False
            return True

        async with asyncio.timeout(30):
            while not await created():  # noqa: ASYNC110 - the old CRD's end is not announced to us
                await asyncio.sleep(0.1)
        await eventually(lambda: informer.state.value is InformerStatus.LIVE)
        new = await objects.create("a")
        await eventually(lambda: told.changes[-1] == ("ADDED", "a", uid(new)))
    check(await kube.request("DELETE", f"{crds}/gadgets.kube.example.net"))


async def test_an_object_too_deep_to_decode_is_passed_over(kube: KubeTransport, namespace: str, eventually) -> None:
    """The API server takes what no decoder here can: it is counted, and its neighbours are seen before and after."""
    resource = await Discovery(kube).resource(Gvk("apps/v1", "ControllerRevision"))
    objects = Objects(kube, resource, namespace)
    await objects.create("before", data={}, revision=1)
    deep = b'{"a":' * 1500 + b"1" + b"}" * 1500
    head = body({"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": "deep"}, "revision": 1})
    check(await kube.request("POST", resource.path(namespace), body=head[:-1] + b',"data":' + deep + b"}"))
    async with informing(kube, InformerKey(None, resource, namespace)) as (informer, told):
        await eventually(lambda: informer.cache.synced)
        after = await objects.create("after", data={}, revision=1)
        assert await informer.wait_rv(rv(after), 10)
        assert [name for _, name, _ in told.changes] == ["before", "after"]
        assert (informer.counters.unreadable, informer.counters.watches) == (1, 1)
        await objects.delete("deep")
        await objects.delete("after")
        await eventually(lambda: told.changes[-1][:2] == ("DELETED", "after"))
        assert informer.counters.breaks == 0
