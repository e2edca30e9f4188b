"""One Reconciler at work: informers as its ServiceAccount, its queue, its runs, under one spec.

A session lives as long as nothing forbids it to (suspension, a missing ServiceAccount, another spec);
the supervisor beside it decides that. Opening one makes every object run once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog

from controller.account import Account, NotTaken, Outage, Watched
from controller.cache import Change, ChangeType, Entry
from controller.dispatch import Cause, Dispatcher, Request, Rules
from controller.informer import Informer, InformerKey, InformerState, InformerStatus
from controller.manager.tools import Tools
from controller.manager.trail import SessionTrail
from controller.predicates import child_reason, should_run
from controller.reconcile import Attempt, Ended, Reconcile, Surroundings
from controller.spec import ActiveCode, ReconcilerSpec
from controller.workqueue import Lane
from core.domain.backoff import Backoff
from core.domain.conditions import Problem, Reason
from core.domain.keys import Gvk, ObjectRef, QueueKey
from core.kube.discovery import Resource
from core.kube.errors import ApiError, KindUnknown, KubeError
from core.kube.schema import StatusSchema

log = structlog.get_logger("chakrator.session")

OWN_WRITES_REMEMBERED = 32
HELD_CHANGES = 64
NOT_SYNCED_WAIT = 1.0
OBJECTS_PER_SECOND = 100.0  # how fast a new revision is given to existing objects


@dataclass(frozen=True, slots=True)
class Duty:
    """What a session works on: the spec, where its kinds live, and the code that runs; `paused` says why it does
    not, where the breaker has paused this activation before."""

    spec: ReconcilerSpec
    resources: Mapping[Gvk, Resource]
    active: ActiveCode
    paused: str = ""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """`changed` is called when the Reconciler's status may be another; the others are awaited as
    controller.reconcile.Surroundings says."""

    changed: Callable[[], None]
    hold_release: Callable[[], Awaitable[None]]
    keep_owned: Callable[[], Awaitable[None]]


T = TypeVar("T")


def _safely(callback: Callable[[T], None]) -> Callable[[T], None]:
    """An informer may be shared: a bug of one session in a callback must not end it for all."""

    def call(argument: T) -> None:
        try:
            callback(argument)
        except Exception:
            log.exception("a WatchEvent ended in a bug")

    return call


class Session:
    """From its opening until it is stopped or cancelled; see `serve`."""

    def __init__(self, tools: Tools, duty: Duty, calls: Callbacks) -> None:
        spec = duty.spec
        self._tools = tools
        self._changed = calls.changed
        self.spec = spec
        self.resources = duty.resources
        self.account = Account(
            transport=tools.transport,
            clock=tools.clock,
            namespace=spec.ref.namespace,
            name=spec.service_account,
            everybody=tools.gate,
        )
        self._informers: dict[Gvk, Informer] = {
            gvk: tools.informers.acquire(InformerKey(self.account.user, resource, spec.ref.namespace))
            for gvk, resource in duty.resources.items()
        }
        kinds = {
            gvk: Watched(resource=duty.resources[gvk], cache=informer.cache, wait_rv=informer.wait_rv)
            for gvk, informer in self._informers.items()
        }
        self._primary = self._informers[spec.watch]
        self._reconcile = Reconcile(
            Surroundings(
                spec=spec,
                account=self.account,
                kinds=kinds,
                schema=self._schema,
                pool=tools.pool,
                clock=tools.clock,
                trail=SessionTrail(tools, spec.ref),
                seed_key=tools.config.seed_key,
                slots=tools.slots,
                hold_release=calls.hold_release,
                keep_owned=calls.keep_owned,
            ),
            duty.active,
        )
        self.dispatcher = Dispatcher(
            run=self._run,
            rules=Rules(
                backoff=Backoff(spec.retry.initial, spec.retry.maximum),
                resync=spec.resync,
                held_back=self._held_back,
            ),
            clock=tools.clock,
            code_id=duty.active.code_id,
            on_ended=self._on_ended,
            on_pause=self._on_pause,
        )
        self.dispatcher.pause(duty.paused)
        self._by_uid: dict[str, QueueKey] = {}
        self._own_rvs: dict[QueueKey, deque[int]] = {}
        self._child_rvs: dict[tuple[Gvk, str], int] = {}
        self._held: dict[QueueKey, list[Change]] = {}
        self._settling: set[QueueKey] | None = None
        self._known_schema: StatusSchema | None = None
        self.last_run: datetime | None = None
        self.pauses: list[tuple[int, str]] = []  # revision and why
        self.revoked = False  # the ServiceAccount is gone: its watches end with this session, without a linger

    # ── life ─────────────────────────────────────────────────────────────────────────────────────
    async def serve(self) -> None:
        """Until stopped or cancelled; leaves nothing behind."""
        unsubscribe = [
            informer.subscribe(
                _safely(self._on_primary if gvk == self.spec.watch else self._on_child), _safely(self._on_state)
            )
            for gvk, informer in self._informers.items()
        ]
        try:
            for entry in list(self._primary.cache):  # a shared informer may have been there before
                self._on_primary(Change(ChangeType.ADDED, None, entry))
            self._on_state(self._primary.state)
            await self.dispatcher.serve()
        finally:
            for stop in unsubscribe:
                stop()
            for informer in self._informers.values():
                self._tools.informers.release(informer.key, at_once=self.revoked)

    def revoke(self) -> None:
        """The right to act is gone: no request is made as the ServiceAccount any more."""
        self.revoked = self.account.revoked = True

    async def retire(self) -> None:
        """After `serve` has ended: the code's workers go."""
        await self._reconcile.close()

    @property
    def active(self) -> ActiveCode:
        """The code that the next run runs."""
        return self._reconcile.active

    async def swap(self, active: ActiveCode) -> None:
        """Another revision: every object runs again on it, paced, behind what changes by itself."""
        # Everything up to the swap happens at once: no run ends, and none begins, between these steps.
        self.dispatcher.new_code(active.code_id)
        keys = sorted(self._key(entry) for entry in self._primary.cache)
        self._settling = set(keys)
        for index, key in enumerate(keys):
            reason = f"revision {active.revision} activated"
            wish = Request(reason, Cause.CODE, Lane.RESYNC, fresh=True, after=index / OBJECTS_PER_SECOND)
            self.dispatcher.enqueue(key, wish)
        self._changed()
        await self._reconcile.swap(active)

    # ── what the status is made of ───────────────────────────────────────────────────────────────
    @property
    def synced(self) -> bool:
        """Whether all caches are complete."""
        return all(informer.cache.synced for informer in self._informers.values())

    @property
    def absent(self) -> bool:
        """Whether a kind is not there where it was found: it may be served elsewhere by now."""
        return any(informer.state.value is InformerStatus.ABSENT for informer in self._informers.values())

    @property
    def total(self) -> int:
        """Objects there are."""
        return len(self._primary.cache)

    @property
    def pending(self) -> int:
        """Objects that are still to run on the revision that is active."""
        return len(self._settling or ())

    @property
    def unreachable(self) -> str:
        """Why what we know may be old; empty when it is not."""
        for informer in self._informers.values():
            if informer.state.value is InformerStatus.STALE:
                return informer.state.message or "a watch is behind"
        return ""

    def problems(self) -> list[Problem]:
        """What keeps this session from its work until somebody acts."""
        found: list[Problem] = []
        for informer in self._informers.values():
            state = informer.state
            if state.value is InformerStatus.FORBIDDEN:
                found.append(Problem(Reason.FORBIDDEN, state.message))
            elif state.value is InformerStatus.ABSENT:
                found.append(Problem(Reason.KIND_UNKNOWN, state.message))
        found += [Problem(Reason.FORBIDDEN, right) for right in self.dispatcher.missing_rights]
        if self.dispatcher.paused:
            text = f"revision {self.active.revision} is paused until the next activation: {self.dispatcher.paused}"
            found.append(Problem(Reason.REVISION_PAUSED, text))
        if self.dispatcher.cage_trouble:
            found.append(Problem(Reason.CAGE_UNAVAILABLE, self.dispatcher.cage_trouble))
        return found

    def primaries(self) -> dict[str, Entry]:
        """The objects that are reconciled, by uid."""
        return {entry.uid: entry for entry in self._primary.cache}

    def carries_finalizer(self) -> bool:
        """Whether any object carries our finalizer, as far as the cache knows."""
        return any(self.spec.ref.finalizer in entry.finalizers for entry in self._primary.cache)

    # ── runs ─────────────────────────────────────────────────────────────────────────────────────
    def _held_back(self) -> float:
        return max(self.account.held_back(), 0.0 if self.synced else NOT_SYNCED_WAIT)

    async def _run(self, key: QueueKey, attempt: Attempt) -> Ended:
        metrics = self._tools.metrics
        started = self._tools.clock.monotonic()
        metrics.queue_wait.observe(attempt.waited)
        ended = await self._reconcile(key, attempt)
        if ended.outcome is not None and not ended.outage:
            metrics.reconcile_duration.observe(self._tools.clock.monotonic() - started)
        return ended

    async def _schema(self) -> StatusSchema:
        gvk = self.spec.watch
        try:
            self._known_schema = await self._tools.schemas.fields(gvk)
        except KubeError as error:
            text = f"the schema of {gvk}: {error.message[:200]}"
            if isinstance(error, KindUnknown) or not error.retry:
                raise NotTaken(text) from error
            # No run begins before the gate opens: each would run the author's code for nothing.
            retry_after = error.retry_after if isinstance(error, ApiError) else None
            self._tools.gate.shut(self._tools.clock.monotonic(), retry_after)
            if self._known_schema is None:
                raise Outage(text, retry_after) from error
        return self._known_schema

    def _on_ended(self, key: QueueKey, ended: Ended | None) -> None:
        if ended is not None:
            for write in ended.writes:
                if write.gvk == self.spec.watch:
                    self._own_rvs.setdefault(key, deque(maxlen=OWN_WRITES_REMEMBERED)).append(write.rv)
                elif write.rv:
                    self._child_rvs[(write.gvk, write.name)] = write.rv
            if ended.outcome is not None:
                self.last_run = self._tools.clock.now()
            if self._primary.cache.get(key.target.namespace, key.target.name) is None:
                self._forget(key)  # also where it was deleted during the run, which just told of its writes
        of_this_code = ended is None or (not ended.outage and ended.code_id == self.active.code_id)
        if self._settling is not None and of_this_code:
            self._settling.discard(key)
        for change in self._held.pop(key, ()):
            self._judge(key, change)
        self._changed()

    def _on_pause(self, why: str) -> None:
        self.pauses.append((self.active.revision, why))
        self._changed()

    # ── WatchEvents ──────────────────────────────────────────────────────────────────────────────
    def _key(self, entry: Entry) -> QueueKey:
        return QueueKey(self.spec.ref, ObjectRef(entry.gvk, entry.namespace, entry.name))

    def _on_state(self, _state: InformerState) -> None:
        if self._settling is None and self.synced:
            self._settling = {self._key(entry) for entry in self._primary.cache}
        self.dispatcher.wake()
        self._changed()

    def _on_primary(self, change: Change) -> None:
        key = self._key(change.entry)
        if change.type is ChangeType.DELETED:
            self._by_uid.pop(change.entry.uid, None)
            self._forget(key)
            self._changed()
            return
        self._by_uid[change.entry.uid] = key
        self._hold_or_judge(key, change)

    def _on_child(self, change: Change) -> None:
        if change.type is ChangeType.DELETED:
            self._child_rvs.pop((change.entry.gvk, change.entry.name), None)
        owners = {entry.owner_uid for entry in (change.old, change.new) if entry is not None}
        for uid in owners:
            key = self._by_uid.get(uid or "")
            if key is not None:
                self._hold_or_judge(key, change)

    def _hold_or_judge(self, key: QueueKey, change: Change) -> None:
        """What comes while the object runs is judged when its writes were answered: one of them may be it."""
        if not self.dispatcher.is_running(key):
            self._judge(key, change)
            return
        held = self._held.setdefault(key, [])
        if len(held) < HELD_CHANGES:
            held.append(change)
        else:
            self.dispatcher.enqueue(key, Request("changed while it ran", Cause.OBJECT))

    def _judge(self, key: QueueKey, change: Change) -> None:
        if change.entry.gvk == self.spec.watch:
            assert change.new is not None
            reason = should_run(change.old, change.new, self._own_rvs.get(key, ()))
            if reason is not None:
                fresh = change.old is None or change.old.generation != change.new.generation
                self.dispatcher.enqueue(key, Request(reason, Cause.OBJECT, fresh=fresh))
            return
        child = (change.entry.gvk, change.entry.name)
        reason = child_reason(change, self._child_rvs.get(child, 0))
        if change.type is ChangeType.DELETED:
            self._child_rvs.pop(child, None)
        if reason is not None:
            self.dispatcher.enqueue(key, Request(reason, Cause.SURROUNDINGS))

    def _forget(self, key: QueueKey) -> None:
        self.dispatcher.forget(key)
        self._reconcile.forget(key)
        self._own_rvs.pop(key, None)
        self._held.pop(key, None)
        if self._settling is not None:
            self._settling.discard(key)
