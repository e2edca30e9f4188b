"""The worked example of a first start: its objects, and its code saved and activated through HTTP like anybody's."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

import aiohttp

from chakrator.up import manifests
from chakrator.up.errors import UpError
from chakrator.up.resources import deploy_folder
from core.kube.client import KubeTransport

ROUTE = "/api/v1/namespaces/default/reconcilers/greeter"
MESSAGE = "A ConfigMap for every MyResource"
REASON = "First start of this data folder"
TIMEOUT = 60.0


async def install_objects(transport: KubeTransport) -> None:
    """Makes the sample's objects where they are missing; what somebody changed since stays changed."""
    for manifest in manifests.load(deploy_folder("samples")):
        await manifests.create(transport, manifest)


async def install_code(url: str, token: str) -> None:
    """Saves and activates the sample's code, unless the Reconciler has a revision or an active one already.

    Both questions are asked apart, so a start that died in between is completed by the next. Raises UpError.
    """
    source = (deploy_folder("samples") / "greeter.py").read_text(encoding="utf-8")
    async with aiohttp.ClientSession(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=aiohttp.ClientTimeout(total=TIMEOUT),
    ) as http:
        if not await _revisions(http):
            await _post(http, "revisions", {"source": source, "message": MESSAGE, "base": None})
        await _post(http, "activations", {"revision": 1, "reason": REASON, "expected": None})


async def _revisions(http: aiohttp.ClientSession) -> list[object]:
    async with http.get(f"{ROUTE}/revisions") as response:
        if response.status != HTTPStatus.OK:
            raise UpError(f"the sample's revisions cannot be read: {await _reason(response)}")
        return cast("dict[str, list[object]]", await response.json())["items"]


async def _post(http: aiohttp.ClientSession, what: str, body: dict[str, object]) -> None:
    async with http.post(f"{ROUTE}/{what}", json=body) as response:
        # A conflict: somebody has saved or activated something meanwhile, and theirs stays.
        if response.status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.CONFLICT):
            raise UpError(f"the sample could not be brought up ({what}): {await _reason(response)}")


async def _reason(response: aiohttp.ClientResponse) -> str:
    try:
        return str(cast("dict[str, dict[str, str]]", await response.json())["error"]["message"])
    except (aiohttp.ClientError, ValueError, KeyError, TypeError):
        return f"HTTP {response.status}"
