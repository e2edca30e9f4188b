"""The web application as it runs: real API server, real database, real cages, a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from chakrator.up.controlplane import ControlPlane
from controller.spec import ControllerConfig, SpecInvalid, parse_reconciler
from core.errors import Invalid
from core.kube.client import KubeTransport
from core.kube.errors import check
from core.logstream import LogStream
from core.services.factory import open_services
from core.telemetry.metrics import Metrics
from sandbox.pool.config import PoolConfig
from sandbox.pool.pool import Pool
from tests.integration.webui.running import ROLES, SPEC, ShiftedClock, Site
from webui.app import create_app
from webui.context import Terms, WebConfig, WebDeps
from webui.sessions import SignInCodes
from webui.validation.gate import Gate

RBAC = "rbac.authorization.k8s.io"
SaToken = Callable[[str, str], Awaitable[str]]


def read_terms(raw: bytes) -> Terms:
    """As wiring reads a Reconciler."""
    try:
        spec = parse_reconciler(raw, ControllerConfig(own_namespace="chakrator-system", seed_key=b"k" * 32))
    except SpecInvalid as error:
        raise Invalid(str(error)) from error
    return Terms(spec.identity.uid, spec.service_account, spec.limits, tuple(str(kind) for kind in spec.owns))


@pytest.fixture(scope="session")
def checks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The type checker's cache, warm for all tests after the first."""
    return tmp_path_factory.mktemp("checks")


@pytest.fixture
async def people(kube: KubeTransport, namespace: str, sa_token: SaToken) -> dict[str, str]:
    """Tokens by role; each role is bound in the test's namespace and nowhere else."""
    tokens = {}
    for who, roles in ROLES.items():
        tokens[who] = await sa_token(namespace, who)
        for role in roles:
            await bind(kube, namespace, f"{who}-{role}", "ClusterRole", role, who)
    rules = [{"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]}]
    await create(kube, namespace, RBAC, "roles", {"kind": "Role", "metadata": {"name": "be"}, "rules": rules})
    await bind(kube, namespace, "lead-be", "Role", "be", "lead")
    await sa_token(namespace, "greeter")
    return tokens


async def bind(kube: KubeTransport, namespace: str, name: str, kind: str, role: str, who: str) -> None:
    """Binds a role to a ServiceAccount of the namespace."""
    body = {
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": who, "namespace": namespace}],
    }
    await create(kube, namespace, RBAC, "rolebindings", body)


async def create(kube: KubeTransport, namespace: str, group: str, plural: str, body: dict[str, Any]) -> None:
    """Creates an object as the admin."""
    manifest = {"apiVersion": f"{group}/v1", **body}
    path = f"/apis/{group}/v1/namespaces/{namespace}/{plural}"
    check(await kube.request("POST", path, body=json.dumps(manifest).encode()))


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    """Real cages."""
    pool = Pool(PoolConfig(max_workers=4))
    await pool.start()
    yield pool
    await pool.close()


@asynccontextmanager
async def serving(deps: WebDeps) -> AsyncIterator[str]:
    """The application behind uvicorn on a free port of loopback."""
    config = uvicorn.Config(
        create_app(deps), host="127.0.0.1", port=0, log_config=None, lifespan="on", access_log=False
    )
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve())
        while not server.started:
            assert not serving.done(), "the server ended"
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True


@pytest.fixture
async def site(  # noqa: PLR0917 - fixtures
    control_plane: ControlPlane,
    kube: KubeTransport,
    sa_token: SaToken,
    namespace: str,
    people: dict[str, str],
    pool: Pool,
    checks: Path,
    tmp_path: Path,
) -> AsyncIterator[Site]:
    """The application with the rights of the controller's ServiceAccount, which are few."""
    token = await sa_token("chakrator-system", "chakrator-controller")
    kubeconfig = tmp_path / "controller.kubeconfig"
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "c",
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [
                    {
                        "name": "c",
                        "cluster": {
                            "server": control_plane.url,
                            "certificate-authority": str(control_plane.ca_file),
                        },
                    }
                ],
                "users": [{"name": "u", "user": {"token": token}}],
            }
        )
    )
    kubeconfig.chmod(0o600)
    clock, metrics = ShiftedClock(), Metrics()
    async with AsyncExitStack() as stack:
        transport = await KubeTransport.from_kubeconfig(kubeconfig)
        stack.push_async_callback(transport.close)
        data = tmp_path / "store"
        data.mkdir(mode=0o700)
        opened = await open_services(url=f"sqlite:///{data}/chakrator.db", clock=clock, metrics=metrics)
        stack.push_async_callback(opened.close)
        deps = WebDeps(
            transport=transport,
            services=opened.services,
            pool=pool,
            gate=Gate(pool, checks),
            logs=LogStream(clock=clock, metrics=metrics),
            metrics=metrics,
            clock=clock,
            problems=list,
            sign_in_codes=SignInCodes(clock=clock),
            read_terms=read_terms,
            config=WebConfig(static=tmp_path / "static"),
        )
        url = await stack.enter_async_context(serving(deps))
        yield Site(url, deps, namespace, people, clock)


@pytest.fixture
async def greeter(site: Site) -> Site:
    """The site with one Reconciler, made through it."""
    async with site.client("lead") as client:
        answer = await client.post(site.greeter, json={"spec": SPEC})
    assert answer.status_code == 201, answer.text
    return site
