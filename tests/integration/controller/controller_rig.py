"""A controller on the real control plane, with the real pool and the real store, and what a test does to it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chakrator.up import manifests
from chakrator.up.bootstrap import ControllerToken
from chakrator.up.controlplane import ControlPlane
from chakrator.up.resources import deploy_folder
from controller.manager import ControllerConfig, Manager
from core.clock import SystemClock
from core.domain.actor import Actor
from core.domain.keys import ReconcilerRef, Uid
from core.domain.revision import Activation, ActivationKind, Identity
from core.kube.client import KubeTransport, Response
from core.kube.errors import Missing, check
from core.logstream import LogStream
from core.services.protocols import ActivationRequest, RunFilter, RunRow, Services, Submission
from core.telemetry.metrics import Metrics
from sandbox.pool.pool import Pool

AUTHOR = Actor(name="author")
DEADLINE = 20.0
RECONCILER = "/apis/chakrator.example.com/v1alpha1/namespaces/{ns}/reconcilers"
MYRESOURCE = "/apis/example.com/v1/namespaces/{ns}/myresources"
CONFIGMAP = "/api/v1/namespaces/{ns}/configmaps"
SERVICEACCOUNT = "/api/v1/namespaces/{ns}/serviceaccounts"
ROLE = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles"
ROLEBINDING = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings"

Doc = dict[str, Any]

RULES: list[Doc] = [
    {"apiGroups": ["example.com"], "resources": ["myresources"], "verbs": ["get", "list", "watch", "patch"]},
    {"apiGroups": ["example.com"], "resources": ["myresources/status"], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch", "create", "patch", "delete"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
]

GREETER = """
def reconcile(obj, ctx):
    ctx.apply({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": obj["metadata"]["name"]},
        "data": {"message": obj["spec"]["message"]},
    })
    ctx.status["phase"] = "Ready"
"""

Probe = Callable[[], Awaitable[Any]]


async def eventually(probe: Probe, what: str, deadline: float = DEADLINE) -> Any:
    """The first true answer of `probe`; the deadline is a bound on a hang, not a figure."""
    end = time.monotonic() + deadline
    last: Any = None
    while time.monotonic() < end:
        last = await probe()
        if last:
            return last
        await asyncio.sleep(0.03)
    raise AssertionError(f"never: {what}; last seen: {last!r}")


@dataclass
class Cluster:
    """What a person does with kubectl, as the admin, in the test's namespace."""

    kube: KubeTransport
    namespace: str

    def path(self, template: str, name: str = "") -> str:
        """A collection, or one object in it."""
        return template.format(ns=self.namespace) + (f"/{name}" if name else "")

    async def get(self, template: str, name: str) -> Doc | None:
        """One object, or None."""
        try:
            return check(await self.kube.request("GET", self.path(template, name))).json()  # type: ignore[return-value]
        except Missing:
            return None

    async def create(self, template: str, document: Doc) -> Doc:
        """Makes one object."""
        return self._taken(await self.kube.request("POST", self.path(template), body=json.dumps(document).encode()))

    async def patch(self, template: str, name: str, change: Doc, sub: str = "") -> Doc:
        """A merge patch."""
        path = self.path(template, name) + sub
        body = json.dumps(change).encode()
        query = {"fieldManager": "somebody"}
        return self._taken(
            await self.kube.request("PATCH", path, query=query, body=body, content_type="application/merge-patch+json")
        )

    async def delete(self, template: str, name: str) -> None:
        """Deletes one object."""
        check(await self.kube.request("DELETE", self.path(template, name)))

    async def gone(self, template: str, name: str) -> bool:
        """Whether it is not there."""
        return await self.get(template, name) is None

    async def account(self, name: str = "greeter", rules: list[Doc] | None = None) -> Doc:
        """A ServiceAccount with these rights."""
        made = await self.create(SERVICEACCOUNT, {"metadata": {"name": name}})
        if rules is None or rules:
            await self.grant(name, RULES if rules is None else rules)
        return made

    async def grant(self, name: str, rules: list[Doc]) -> None:
        """A Role of the account's own, bound to it."""
        await self.create(ROLE, {"metadata": {"name": name}, "rules": rules})
        await self.create(
            ROLEBINDING,
            {
                "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": self.namespace}],
            },
        )

    async def reconciler(self, **spec: Any) -> Doc:
        """The Reconciler `greeter`."""
        body = {
            "watch": {"apiVersion": "example.com/v1", "kind": "MyResource"},
            "owns": [{"apiVersion": "v1", "kind": "ConfigMap"}],
            "serviceAccountName": "greeter",
            **spec,
        }
        return await self.create(
            RECONCILER,
            {
                "apiVersion": "chakrator.example.com/v1alpha1",
                "kind": "Reconciler",
                "metadata": {"name": "greeter"},
                "spec": body,
            },
        )

    async def object(self, name: str = "hello", message: str = "hi", **spec: Any) -> Doc:
        """A MyResource."""
        return await self.create(
            MYRESOURCE,
            {
                "apiVersion": "example.com/v1",
                "kind": "MyResource",
                "metadata": {"name": name},
                "spec": {"message": message, **spec},
            },
        )

    async def status(self, name: str = "hello") -> Doc:
        """The status of a MyResource."""
        found = await self.get(MYRESOURCE, name)
        return (found or {}).get("status", {})

    async def condition(self, kind: str, template: str = RECONCILER, name: str = "greeter") -> Doc:
        """One condition, empty while it is not there."""
        found = await self.get(template, name) or {}
        return next((c for c in found.get("status", {}).get("conditions", []) if c["type"] == kind), {})

    async def until_stalled(self, *words: str) -> Doc:
        """Waits until the Reconciler is Stalled/Forbidden and its message, which may grow, names all of these."""

        async def probe() -> Doc | None:
            found = await self.condition("Stalled", RECONCILER, "greeter")
            named = all(word in found.get("message", "") for word in words)
            return found if found.get("reason") == "Forbidden" and named else None

        return await eventually(probe, f"greeter is Stalled and names {words}")

    async def until_condition(
        self, kind: str, reason: str, template: str = RECONCILER, name: str = "greeter", status: str | None = None
    ) -> Doc:
        """Waits for a condition with this reason."""

        async def probe() -> Doc | None:
            found = await self.condition(kind, template, name)
            return found if found.get("reason") == reason and status in (None, found["status"]) else None

        return await eventually(probe, f"{kind} of {name} is {reason}")

    async def until_message(self, message: str, name: str = "hello", deadline: float = DEADLINE) -> Doc:
        """Waits for the child to say this."""

        async def probe() -> Doc | None:
            found = await self.get(CONFIGMAP, name)
            return found if found is not None and found.get("data", {}).get("message") == message else None

        return await eventually(probe, f"ConfigMap {name} says {message!r}", deadline)

    @staticmethod
    def _taken(answer: Response) -> Doc:
        return check(answer).object()


class Tap:
    """The controller's transport, with its writes noted, and an error at a chosen one of them."""

    def __init__(self, inner: KubeTransport) -> None:
        self._inner = inner
        self.writes: list[str] = []
        self.fail_when: Callable[[str, str], BaseException | None] = lambda _method, _path: None

    async def request(self, method: str, path: str, **arguments: Any) -> Response:
        """As the transport's; raises what `fail_when` says before the request is sent."""
        if method != "GET":
            error = self.fail_when(method, path)
            if error is not None:
                raise error
            self.writes.append(f"{method} {path} as {arguments.get('impersonate') or 'the controller'}")
        return await self._inner.request(method, path, **arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def effects(self) -> list[str]:
        """Writes that were made as a ServiceAccount."""
        return [write for write in self.writes if not write.endswith("the controller")]


@dataclass
class Rig:
    """One controller process, as far as a test sees it."""

    cluster: Cluster
    services: Services
    pool: Pool
    tap: Tap
    logs: LogStream
    metrics: Metrics
    manager: Manager
    identity: Identity | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Begins to run."""
        self.task = asyncio.create_task(self.manager.run())

    async def stop(self) -> None:
        """Drains, as SIGTERM makes it."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])
            if not self.task.cancelled() and self.task.exception() is not None:
                raise AssertionError("the controller ended by itself") from self.task.exception()
            self.task = None

    async def save(self, source: str, expected: int | None = None) -> Activation:
        """Saves a revision of `greeter` and activates it for its ServiceAccount."""
        document = await self.cluster.get(RECONCILER, "greeter")
        assert document is not None
        account = await self.cluster.get(SERVICEACCOUNT, document["spec"]["serviceAccountName"])
        ref = ReconcilerRef(self.cluster.namespace, "greeter")
        self.identity = Identity(ref, Uid(document["metadata"]["uid"]))
        submission = Submission(
            reconciler=self.identity, source=source, message="test", base=expected, report=(), policy_version="1"
        )
        info, _ = await self.services.submissions.save(submission, AUTHOR)
        return await self.services.activations.activate(
            ActivationRequest(
                reconciler=self.identity,
                revision=info.number,
                reason="test",
                expected=expected,
                kind=ActivationKind.ACTIVATE,
                service_account=document["spec"]["serviceAccountName"],
                service_account_uid=Uid((account or {"metadata": {"uid": "none"}})["metadata"]["uid"]),
            ),
            AUTHOR,
        )

    async def greeter(self, source: str = GREETER, **spec: Any) -> Cluster:
        """ServiceAccount, rights, Reconciler, activated code."""
        await self.cluster.account()
        await self.cluster.reconciler(**spec)
        await self.save(source)
        return self.cluster

    async def rows(self, target: str = "") -> list[RunRow]:
        """The run rows of `greeter`, newest first."""
        ref = ReconcilerRef(self.cluster.namespace, "greeter")
        page = await self.services.runs.list(RunFilter(reconciler=ref), limit=200)
        return [row for row in page.items if not target or row.target.endswith(target)]

    async def until_row(self, matches: Callable[[RunRow], bool], what: str) -> RunRow:
        """Waits for a run row."""

        async def probe() -> RunRow | None:
            return next((row for row in await self.rows() if matches(row)), None)

        row: RunRow = await eventually(probe, what)
        return row

    async def quiet(self) -> None:
        """Waits until no run is in flight or waits, and the Reconciler says so."""

        async def probe() -> bool:
            ready = await self.cluster.condition("Ready")
            reconciling = await self.cluster.condition("Reconciling")
            return not self.manager.in_flight and bool(ready) and not reconciling

        await eventually(probe, "the controller is at rest")


def config(**changes: Any) -> ControllerConfig:
    """As wiring makes it."""
    settings: Mapping[str, Any] = {
        "own_namespace": "chakrator-system",
        "seed_key": b"k" * 32,
        "admission": tuple(manifest.document for manifest in manifests.load(deploy_folder("admission"))),
        "drain_seconds": 5.0,
        **changes,
    }
    return ControllerConfig(**settings)


@asynccontextmanager
async def controller_transport(control_plane: ControlPlane, admin: KubeTransport, folder: Path) -> AsyncIterator[Tap]:
    """The API server under the controller's own ServiceAccount."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - once, before anything runs
    token = ControllerToken(admin, folder, server=control_plane.url, ca=control_plane.ca_file.read_bytes())
    await token.renew()
    transport = await KubeTransport.from_kubeconfig(token.kubeconfig)
    try:
        yield Tap(transport)
    finally:
        await transport.close()


def make_rig(cluster: Cluster, services: Services, pool: Pool, tap: Tap) -> Rig:
    """A controller that has not started yet."""
    clock, metrics = SystemClock(), Metrics()
    logs = LogStream(clock=clock, metrics=metrics)
    manager = Manager(
        transport=tap,  # type: ignore[arg-type]
        services=services,
        pool=pool,
        clock=clock,
        logs=logs,
        metrics=metrics,
        config=config(),
    )
    return Rig(cluster, services, pool, tap, logs, metrics, manager)
