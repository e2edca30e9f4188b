"""Objects that one Reconciler will not reconcile again are let go of: its finalizer comes off them (promise 9).

They are those of a kind that an earlier spec watched, and all of them once the Reconciler is deleted. The
annotation beside the release finalizer remembers the kinds.
"""

from __future__ import annotations

from collections.abc import Callable

from controller.account import Account, EffectError, Outage
from controller.manager.release import Hold, Stripper, explain
from controller.manager.tools import Tools
from controller.spec import ReconcilerSpec
from core.domain.conditions import Problem, Reason
from core.domain.keys import Gvk, ReconcilerRef


class Leftovers:
    """`forbidden` says whether this spec's ServiceAccount may not be used (any more)."""

    def __init__(
        self, tools: Tools, ref: ReconcilerRef, *, hold: Hold, forbidden: Callable[[ReconcilerSpec], bool]
    ) -> None:
        self._tools = tools
        self._ref = ref
        self._hold = hold
        self._forbidden = forbidden
        self._stripper = Stripper(tools, ref)
        self._at_work: tuple[ReconcilerSpec, Account] | None = None

    def recheck(self) -> None:
        """What decides may have changed: a right that is gone is not used for the rest of the present work."""
        if self._at_work is not None:
            spec, account = self._at_work
            account.revoked |= self._forbidden(spec)

    def kinds(self, watched: set[Gvk]) -> list[Gvk]:
        """Those left behind. Another version of a watched kind has the same objects: it is not."""
        same = {(kind.group, kind.kind) for kind in watched}
        return sorted(kind for kind in self._hold.kinds() if (kind.group, kind.kind) not in same)

    async def strip(self, spec: ReconcilerSpec, watched: set[Gvk]) -> list[Problem]:
        """Lets go of the objects of every kind left behind; what hinders that. Raises Outage, and what requests
        and the store raise."""
        problems: list[Problem] = []
        for kind in self.kinds(watched):
            try:
                await self._strip(spec, kind)
            except Outage:
                raise
            except EffectError as error:
                problems.append(Problem(Reason.FORBIDDEN, explain(error, self._ref)))
            else:
                await self._hold.forget(kind)
        return problems

    async def let_go(self, spec: ReconcilerSpec) -> None:
        """Lets go of all objects, then of the Reconciler. Raises EffectError, and what requests and the store raise."""
        for kind in sorted(self._hold.kinds() | {spec.watch}):
            await self._strip(spec, kind)
        await self._hold.off()

    async def _strip(self, spec: ReconcilerSpec, kind: Gvk) -> None:
        account = Account(
            transport=self._tools.transport,
            clock=self._tools.clock,
            namespace=spec.ref.namespace,
            name=spec.service_account,
            everybody=self._tools.gate,
        )
        account.revoked = self._forbidden(spec)
        self._at_work = spec, account
        try:
            await self._stripper.strip(account, kind)
        finally:
            self._at_work = None
