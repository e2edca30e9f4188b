"""The kinds that may hold children of one Reconciler, and pruning those that its spec owns no more.

No run would ever prune such children, since runs look at the owned kinds alone. `status.ownedKinds`
remembers the kinds until they are pruned.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog

from controller.account import Account, EffectError, Journal, NotTaken, Outage, Watched
from controller.cache import Cache, Entry
from controller.children import Children
from controller.manager.listing import Listing, pages
from controller.manager.session import Session
from controller.manager.tools import Tools
from controller.spec import ReconcilerSpec
from core.domain.conditions import Problem, Reason
from core.domain.keys import LABEL_RECONCILER, Gvk, ReconcilerRef
from core.errors import ChakratorError
from core.kube.discovery import Resource

MAX_KINDS = 64  # as the Reconciler's schema has it; a spec owns 20 at most

log = structlog.get_logger("chakrator.owned")


class Owned:
    """`keep` returns when the status names kinds of `shown`, and raises what requests raise."""

    def __init__(self, tools: Tools, ref: ReconcilerRef, *, keep: Callable[[frozenset[Gvk]], Awaitable[None]]) -> None:
        self._tools = tools
        self._ref = ref
        self._keep = keep
        self._told: set[Gvk] = set()
        self.kinds: set[Gvk] = set()

    @property
    def shown(self) -> tuple[Gvk, ...]:
        """For the status."""
        return tuple(sorted(self.kinds)[:MAX_KINDS])

    async def keep(self, kinds: frozenset[Gvk]) -> None:
        """Returns when it was tried to remember these kinds beyond this process. Raises NotTaken when there are too
        many of them.

        Tried once: while the status cannot be written, the reporter goes on trying, and no object waits for it.
        """
        if len(self.kinds) > MAX_KINDS:
            raise NotTaken(f"children of more than {MAX_KINDS} kinds would be left behind: those before must go first")
        if kinds <= self._told:
            return
        self._told |= kinds
        try:
            await self._keep(kinds)
        except ChakratorError as error:
            log.warning("owned kinds are not in the status yet", reconciler=str(self._ref), error=error.message[:300])
        except Exception:  # a bug in writing the status is no reason to keep an object from its run
            log.exception("owned kinds are not in the status yet", reconciler=str(self._ref))

    def left(self, spec: ReconcilerSpec, session: Session | None) -> list[Gvk]:
        """Those that neither the spec nor the session, which may run under the spec before, owns any more.

        Another version of an owned kind has the same objects: it is owned.
        """
        owns = spec.owns if session is None else (*spec.owns, *session.spec.owns)
        same = {(kind.group, kind.kind) for kind in owns}
        return sorted(kind for kind in self.kinds if (kind.group, kind.kind) not in same)

    async def prune(self, spec: ReconcilerSpec, session: Session | None) -> list[Problem]:
        """Prunes what is left, once the session knows all primaries; what hinders that. Raises Outage, and what
        discovery raises."""
        problems: list[Problem] = []
        if session is None or not session.synced:
            return problems
        for kind in self.left(spec, session):
            try:
                count = await self._prune(session.account, kind, session.primaries())
            except Outage:
                raise
            except EffectError as error:
                text = f"children of {kind}, which spec.owns names no more, cannot be pruned: {error}"
                problems.append(Problem(Reason.FORBIDDEN, text))
            else:
                self.kinds.discard(kind)
                self._told.discard(kind)
                log.info("children of a kind were pruned", reconciler=str(self._ref), kind=str(kind), count=count)
        return problems

    async def _prune(self, account: Account, kind: Gvk, primaries: Mapping[str, Entry]) -> int:
        """By the rules of a run: label, owner uid and our Apply entry must agree. What belongs to an object that
        is not reconciled any more stays with it."""
        resource = await self._served(kind)
        if resource is None or not resource.namespaced:
            return 0
        journal = Journal()
        async for page in pages(Listing(account, resource, labels=f"{LABEL_RECONCILER}={self._ref.id}")):
            cache = Cache(resource.gvk)
            for entry in page:
                cache.put(entry)
            watched = Watched(resource=resource, cache=cache, wait_rv=_no_wait)
            children = Children(account=account, ref=self._ref, kinds={resource.gvk: watched})
            for uid in sorted({entry.owner_uid for entry in page if entry.owner_uid is not None}):
                primary = primaries.get(uid)
                if primary is not None and not primary.deleting:
                    await children.converge(primary, (), journal, prune=True)
        return len(journal.writes)

    async def _served(self, kind: Gvk) -> Resource | None:
        discovery = self._tools.discovery
        versions = await discovery.served_versions(kind.group, kind.kind, fresh=True)
        if not versions:
            return None
        return await discovery.resource(kind if kind in versions else versions[0])


async def _no_wait(_rv: int, _timeout: float) -> bool:
    return True
