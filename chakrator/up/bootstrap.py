"""What a fresh control plane needs before the product can run on it: CRDs, RBAC, admission, the controller's token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec

from chakrator.up import kubeconfig, manifests
from chakrator.up.errors import StartFailed
from chakrator.up.files import write_private
from chakrator.up.resources import deploy_folder
from core.kube.client import KubeTransport
from core.kube.errors import KubeError, check

NAMESPACE = "chakrator-system"
SERVICE_ACCOUNT = "chakrator-controller"
TOKEN_LIFE = 3600
REFRESH_AFTER = TOKEN_LIFE * 0.5
REFRESH_RETRY = 10.0
ESTABLISHED_DEADLINE = 30.0


async def install(transport: KubeTransport, *, overlay: bool = True) -> None:
    """Applies everything of deploy/ that is not the sample, and waits until the CRDs are served.

    `overlay` adds the bindings of a machine of one's own: the admin, the three people, and impersonation in
    every namespace. `transport` must be the bootstrap one on the first call: nobody else has a right yet.
    """
    crds = list(manifests.load(deploy_folder("crds")))
    rbac = deploy_folder("rbac")
    for manifest in (*manifests.load(rbac), *crds, *manifests.load(deploy_folder("admission"))):
        await manifests.apply(transport, manifest)
    if overlay:
        for manifest in manifests.load(rbac / "up"):
            await manifests.apply(transport, manifest)
    await _established(transport, crds)


async def _established(transport: KubeTransport, crds: list[manifests.Manifest]) -> None:
    try:
        async with asyncio.timeout(ESTABLISHED_DEADLINE):
            for crd in crds:
                while not _is_established(check(await transport.request("GET", crd.path)).object()):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
    except TimeoutError:
        raise StartFailed(f"the CRDs were not served within {ESTABLISHED_DEADLINE:g} s") from None


def _is_established(crd: dict[str, object]) -> bool:
    status = cast("dict[str, list[dict[str, str]]]", crd.get("status", {}))
    return any(
        condition["type"] == "Established" and condition["status"] == "True"
        for condition in status.get("conditions", [])
    )


async def install_sample(transport: KubeTransport) -> None:
    """Makes the sample's objects where they are missing; what somebody changed since stays changed."""
    for manifest in manifests.load(deploy_folder("samples")):
        await manifests.create(transport, manifest)


def sample_source() -> str:
    """The sample's code."""
    return (deploy_folder("samples") / "greeter.py").read_text(encoding="utf-8")


async def service_account_token(
    transport: KubeTransport, namespace: str, name: str, *, seconds: int = TOKEN_LIFE
) -> str:
    """A fresh token of a ServiceAccount (TokenRequest). Raises ApiError or Unreachable."""
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": seconds},
    }
    response = await transport.request(
        "POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", body=msgspec.json.encode(body)
    )
    answer = check(response).object()
    return str(cast("dict[str, str]", answer["status"])["token"])


class ControllerToken:
    """The controller's token in a file, renewed long before it ends, and a kubeconfig that reads it."""

    def __init__(self, transport: KubeTransport, folder: Path, *, server: str, ca: bytes) -> None:
        self.token_file = folder / "controller.token"
        self.kubeconfig = folder / "controller.kubeconfig"
        self._transport = transport
        kubeconfig.write(
            self.kubeconfig,
            server=server,
            ca=ca,
            user=kubeconfig.token_file_user(self.token_file),
            namespace=NAMESPACE,
        )

    async def renew(self) -> None:
        """Writes a new token. Raises ApiError or Unreachable."""
        token = await service_account_token(self._transport, NAMESPACE, SERVICE_ACCOUNT)
        write_private(self.token_file, token)

    async def keep_fresh(self, say: Callable[[str], None]) -> None:
        """Renews it for ever; an API server that is away is asked again until it is back."""
        delay = REFRESH_AFTER
        while True:
            await asyncio.sleep(delay)
            try:
                await self.renew()
                delay = REFRESH_AFTER
            except KubeError as error:
                say(f"the controller's token could not be renewed, trying again: {error.message}")
                delay = REFRESH_RETRY
