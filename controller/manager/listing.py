"""All objects of a kind in a namespace, read live page by page where no informer watches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from controller.account import Account, Call, NotTaken, PlanInvalid
from controller.cache import Entry
from core.kube.client import KubeTransport
from core.kube.discovery import Resource
from core.kube.objects import Damaged, shallow

PAGE = 500


@dataclass(frozen=True, slots=True)
class Listing:
    """Which objects: as this account, in its namespace, with these labels. `instead` is asked where the account
    may not list."""

    account: Account
    resource: Resource
    labels: str = ""
    instead: KubeTransport | None = None


class _Page(msgspec.Struct):
    class Meta(msgspec.Struct):
        token: str = msgspec.field(default="", name="continue")

    items: list[msgspec.Raw]
    metadata: Meta


_pages = msgspec.json.Decoder(_Page)


async def pages(listing: Listing) -> AsyncIterator[list[Entry]]:
    """Raises EffectError, and what requests raise."""
    token = ""
    while True:
        page = await _page(listing, token)
        try:
            yield [Entry.parse(listing.resource.gvk, bytes(raw)) for raw in page.items]
        except Damaged as error:
            raise NotTaken(f"list {listing.resource.gvk.kind}: {error}") from error
        token = page.metadata.token
        if not token:
            return


async def _page(listing: Listing, token: str) -> _Page:
    account, resource = listing.account, listing.resource
    path = resource.path(account.namespace)
    query = {"limit": str(PAGE)}
    query |= {"labelSelector": listing.labels} if listing.labels else {}
    query |= {"continue": token} if token else {}
    try:
        answer = await account.send(Call(f"list {resource.gvk.kind}", "GET", path, query=query))
    except (NotTaken, PlanInvalid) as first:
        if listing.instead is None:
            raise
        answer = await listing.instead.request("GET", path, query=query)
        if answer.status != 200:
            raise first from None
    try:
        return _pages.decode(answer.body)
    except RecursionError:  # an object nested beyond reading must not keep the others from being seen
        return _pages.decode(shallow(answer.body))
