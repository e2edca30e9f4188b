"""What an informer is, and how it is: the values its users see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.kube.discovery import Resource


class InformerStatus(StrEnum):
    """SYNCING until the first list is complete; STALE while a cache that was current may have missed something."""

    SYNCING = "Syncing"
    LIVE = "Live"
    STALE = "Stale"
    FORBIDDEN = "Forbidden"
    ABSENT = "Absent"


@dataclass(frozen=True, slots=True)
class InformerState:
    """`message` is a sentence for a condition, empty when all is well; `since` is monotonic."""

    value: InformerStatus
    message: str
    since: float

    @property
    def usable(self) -> bool:
        """Whether the cache may be read: a missing right closes it, an outage does not."""
        return self.value in (InformerStatus.LIVE, InformerStatus.STALE)


@dataclass(frozen=True, slots=True)
class InformerKey:
    """What makes two watches the same. Identity comes first: caches are never shared between ServiceAccounts.

    `namespace` None is every namespace, and the only choice for a cluster-scoped kind.
    """

    impersonate: str | None
    resource: Resource
    namespace: str | None

    @property
    def path(self) -> str:
        """The collection that is listed and watched."""
        return self.resource.path(self.namespace)

    @property
    def thing(self) -> str:
        """`configmaps in namespace team-a`, `widgets.example.com in all namespaces`."""
        group = self.resource.gvk.group
        place = f"namespace {self.namespace}" if self.namespace else "all namespaces"
        return f"{self.resource.plural}{'.' if group else ''}{group} in {place}"

    @property
    def who(self) -> str:
        """The identity as a person names it."""
        if self.impersonate is None:
            return "the controller"
        prefix, _, account = self.impersonate.partition("system:serviceaccount:")
        return self.impersonate if prefix or not account else f"the ServiceAccount {account.replace(':', '/', 1)}"


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. A cap of 30 instead of 5 on the backoff cost 5 s of lag after an outage of 2."""

    backoff_first: float = 0.2
    backoff_longest: float = 5.0
    healthy: float = 5.0  # a watch that held so long resets the backoff
    relist_interval: float = 10.0
    outage_grace: float = 60.0  # an API server that starts denies everything for a moment
    denial_first: float = 5.0
    absent_first: float = 1.0
    retry_longest: float = 30.0
    watch_shortest: float = 300.0
    watch_longest: float = 600.0  # bounds how long a revoked right keeps delivering on an open watch
