"""What a fresh control plane needs before the product can run on it: CRDs, RBAC, admission, the controller's token."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import cast

import msgspec

from chakrator.up import kubeconfig, manifests, tokens
from chakrator.up.errors import StartFailed
from chakrator.up.files import write_private
from chakrator.up.resources import deploy_folder
from core.domain.keys import API_VERSION
from core.kube.client import KubeTransport
from core.kube.errors import KubeError, check
from core.kube.reviews import Attributes, access_review

NAMESPACE = "chakrator-system"
SERVICE_ACCOUNT = "chakrator-controller"
TOKEN_LIFE = 3600
REFRESH_AFTER = TOKEN_LIFE * 0.5
REFRESH_RETRY = 10.0
SETTLE_DEADLINE = 30.0


async def install(transport: KubeTransport, *, overlay: bool = True) -> None:
    """Applies everything of deploy/ that is not the sample, and waits until it is in effect.

    `overlay` adds the bindings of a machine of one's own: the admin, the three people, and impersonation in
    every namespace. `transport` must be the bootstrap one on the first call: nobody else has a right yet.
    """
    crds = list(manifests.load(deploy_folder("crds")))
    rbac = deploy_folder("rbac")
    everything = [*manifests.load(rbac), *crds, *manifests.load(deploy_folder("admission"))]
    if overlay:
        everything += manifests.load(rbac / "up")
    # Namespaces hold the others; apart from that the order is of no matter, and one by one takes a second.
    await _apply(transport, [manifest for manifest in everything if manifest.kind == "Namespace"])
    await _apply(transport, [manifest for manifest in everything if manifest.kind != "Namespace"])
    await _settled(transport, crds, overlay=overlay)


async def allow_release(transport: KubeTransport) -> None:
    """Lets the controller take our finalizer off the sample kind where a dying namespace lost its RoleBindings."""
    await _apply(transport, list(manifests.load(deploy_folder("rbac") / "release")))


async def _apply(transport: KubeTransport, some: list[manifests.Manifest]) -> None:
    answers = await asyncio.gather(*(manifests.apply(transport, manifest) for manifest in some), return_exceptions=True)
    for answer in answers:
        if answer is not None:
            raise answer


async def _settled(transport: KubeTransport, crds: list[manifests.Manifest], *, overlay: bool) -> None:
    """An accepted manifest takes effect a moment later; whoever comes after us must find it in effect."""

    async def served(crd: manifests.Manifest) -> bool:
        return _is_established(check(await transport.request("GET", crd.path)).object())

    async def admin_may() -> bool:
        everything = Attributes(verb="*", resource="*", group="*")
        return await access_review(transport, tokens.user(tokens.ADMIN), (), everything)

    for crd in crds:
        await _until(functools.partial(served, crd), f"the CRD {crd.name} is not served")
    await _until(lambda: _policy_denies(transport), "the admission policy is not in effect")
    if overlay:
        await _until(admin_may, "the admin's binding is not in effect")


async def _until(probe: Callable[[], Awaitable[bool]], complaint: str) -> None:
    try:
        async with asyncio.timeout(SETTLE_DEADLINE):
            while not await probe():  # noqa: ASYNC110 - the API server has no signal for these
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise StartFailed(f"{complaint} after {SETTLE_DEADLINE:g} s") from None


async def _policy_denies(transport: KubeTransport) -> bool:
    """Whether a Reconciler in our own namespace, made as a dry run, is refused."""
    reconciler = {
        "apiVersion": API_VERSION,
        "kind": "Reconciler",
        "metadata": {"name": "probe", "namespace": NAMESPACE},
        "spec": {"watch": {"apiVersion": "v1", "kind": "ConfigMap"}, "serviceAccountName": "probe"},
    }
    answer = await transport.request(
        "POST",
        manifests.parse(reconciler).collection,
        query={"dryRun": "All"},
        body=msgspec.json.encode(reconciler),
    )
    return answer.status == HTTPStatus.FORBIDDEN


def _is_established(crd: dict[str, object]) -> bool:
    status = cast("dict[str, list[dict[str, str]] | None]", crd.get("status", {}))
    return any(
        condition["type"] == "Established" and condition["status"] == "True"
        for condition in status.get("conditions") or []  # null before its controller has seen the CRD
    )


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
            except (KubeError, OSError) as error:  # the API server is away, or the disk is full: both pass
                say(f"the controller's token could not be renewed, trying again: {error}")
                delay = REFRESH_RETRY
