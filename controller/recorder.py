"""KubeEvents on the objects of a Reconciler, as its ServiceAccount.

An aid for people, never a duty: the same KubeEvent is sent once in ten minutes, and one that is
refused is dropped and counted, so that neither a loop nor a missing right costs a run.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from controller.account import Account, Call, EffectError, Outage, PlanInvalid
from controller.cache import Entry
from core.clock import Clock, rfc3339
from core.domain.keys import ReconcilerRef
from core.kube.errors import Refused
from sandbox.wire.messages import Effect, EventEffect

REPEAT_AFTER = 600.0
MAX_REMEMBERED = 4096
MAX_MESSAGE = 1024
_REASON = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")


def plan_events(effects: Sequence[Effect]) -> list[EventEffect]:
    """The KubeEvents of a plan. Raises PlanInvalid."""
    events = [effect for effect in effects if isinstance(effect, EventEffect)]
    for event in events:
        if event.type not in ("Normal", "Warning"):
            raise PlanInvalid(f"ctx.event: type must be Normal or Warning, not {event.type[:40]!r}")
        if not _REASON.fullmatch(event.reason):
            raise PlanInvalid(f"ctx.event: {event.reason[:60]!r} is not a reason in CamelCase")
    return events


class Recorder:
    """Sends KubeEvents, each distinct one at most once in REPEAT_AFTER seconds."""

    def __init__(self, *, account: Account, clock: Clock, ref: ReconcilerRef) -> None:
        self._account = account
        self._clock = clock
        self._ref = ref
        self._sent: OrderedDict[str, float] = OrderedDict()
        self.dropped = 0  # refused by the API server
        self.repeated = 0  # the same one was sent a short while ago

    async def record(self, primary: Entry, events: Sequence[EventEffect]) -> None:
        """Sends what is new. Raises Outage alone; everything else is dropped and counted."""
        for event in events:
            digest = hashlib.sha256(
                "\0".join((primary.uid, event.type, event.reason, event.message)).encode()
            ).hexdigest()
            now = self._clock.monotonic()
            last = self._sent.get(digest)
            if last is not None and now - last < REPEAT_AFTER:
                self.repeated += 1
                continue
            try:
                await self._send(primary, event, digest)
            except Outage:
                raise
            except EffectError:
                self.dropped += 1
            self._sent[digest] = now
            self._sent.move_to_end(digest)
            while len(self._sent) > MAX_REMEMBERED:
                self._sent.popitem(last=False)

    async def _send(self, primary: Entry, event: EventEffect, digest: str) -> None:
        moment = rfc3339(self._clock.now())
        # Named by content and time: a repeat after an unanswered write finds the first one there.
        stamp = f"{int(self._clock.now().timestamp() // REPEAT_AFTER):x}"
        name = f"{primary.name[:200]}.{digest[:16]}{stamp}"
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": primary.namespace},
            "involvedObject": {
                "apiVersion": primary.gvk.api_version,
                "kind": primary.gvk.kind,
                "namespace": primary.namespace,
                "name": primary.name,
                "uid": primary.uid,
            },
            "type": event.type,
            "reason": event.reason,
            "message": event.message[:MAX_MESSAGE],
            "source": {"component": self._ref.manager},
            "reportingComponent": self._ref.manager,
            "reportingInstance": "",
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "count": 1,
        }
        path = f"/api/v1/namespaces/{primary.namespace}/events"
        call = Call(f"KubeEvent {event.reason}", "POST", path, msgspec.json.encode(body), expect=(Refused,))
        try:
            await self._account.send(call)
        except Refused:
            self.repeated += 1
