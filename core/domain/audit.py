"""The audit trail's vocabulary and its chain of hashes.

An entry's *payload hash* covers everything a reader may be refused: `SHA-256(salt, canonical JSON of ts,
actor, action, namespace, subject, payload)`. Its *chain hash* covers only what every reader is given:
`SHA-256(prev, seq, ts, payload_sha)`. So a person who may read one namespace can verify the whole chain,
and the random salt keeps them from guessing what the other entries say.

Every part that is hashed is preceded by its length (4 bytes, big-endian), so that no two different
lists of parts give the same bytes. A browser can do the same with Web Crypto.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

GENESIS = "0" * 64
SALT_BYTES = 16


class AuditTag(StrEnum):
    """What an entry is about: `noun:verb` or `noun:verb:result`, each part one or more lower-case words."""

    SIGNIN = "session:signin"
    SIGNIN_REFUSED = "session:signin:refused"
    SIGNOUT = "session:signout"
    ACCESS_DENIED = "access:denied"
    REVISION_SAVE = "revision:save"
    REVISION_SAVE_REFUSED = "revision:save:refused"
    REVISION_PAUSE = "revision:pause"
    ACTIVATE = "activation:activate"
    ACTIVATE_REFUSED = "activation:activate:refused"
    ROLLBACK = "activation:rollback"
    ROLLBACK_REFUSED = "activation:rollback:refused"
    FALLBACK = "activation:fallback"
    FALLBACK_REFUSED = "activation:fallback:refused"
    RECONCILER_CREATE = "reconciler:create"
    RECONCILER_CREATE_REFUSED = "reconciler:create:refused"
    RECONCILER_UPDATE = "reconciler:update"
    RECONCILER_UPDATE_REFUSED = "reconciler:update:refused"
    RECONCILER_DELETE = "reconciler:delete"
    RECONCILER_DELETE_REFUSED = "reconciler:delete:refused"
    FINALIZER_RELEASE = "finalizer:release"
    STORE_WRITE_REFUSED = "store:write:refused"


TAG_MEANING: dict[AuditTag, str] = {
    AuditTag.SIGNIN: "Somebody signed in; `by.via` says how.",
    AuditTag.SIGNIN_REFUSED: "A sign-in failed; repeats from one source in a minute are folded into one `count`.",
    AuditTag.SIGNOUT: "Somebody signed out.",
    AuditTag.ACCESS_DENIED: "A right was missing; the payload names verb, resource and namespace.",
    AuditTag.REVISION_SAVE: "A revision was stored: number, hash and message.",
    AuditTag.REVISION_SAVE_REFUSED: "A save was refused: the gate's findings, an old base, or a broken rule.",
    AuditTag.REVISION_PAUSE: "The host paused a revision, and says why.",
    AuditTag.ACTIVATE: "A revision was made the one that runs: number, hash, reason, ServiceAccount.",
    AuditTag.ACTIVATE_REFUSED: "An activation was refused: a right, the gate, the warm start, or somebody was quicker.",
    AuditTag.ROLLBACK: "An older revision was made the one that runs again: number, hash, reason, ServiceAccount.",
    AuditTag.ROLLBACK_REFUSED: "A rollback was refused.",
    AuditTag.FALLBACK: "An activated revision did not start, and the host went back to the last good one.",
    AuditTag.FALLBACK_REFUSED: "The host wanted to go back, but somebody had activated another revision by then.",
    AuditTag.RECONCILER_CREATE: "A Reconciler was created through the product.",
    AuditTag.RECONCILER_CREATE_REFUSED: "Creating a Reconciler was refused.",
    AuditTag.RECONCILER_UPDATE: "A Reconciler's spec was changed through the product.",
    AuditTag.RECONCILER_UPDATE_REFUSED: "Changing a Reconciler was refused.",
    AuditTag.RECONCILER_DELETE: "A Reconciler was deleted through the product.",
    AuditTag.RECONCILER_DELETE_REFUSED: "Deleting a Reconciler was refused.",
    AuditTag.FINALIZER_RELEASE: "Finalizers were taken off objects because their Reconciler goes away.",
    AuditTag.STORE_WRITE_REFUSED: "Writes were refused because the disk is full.",
}


@dataclass(frozen=True, slots=True)
class Record:
    """What one entry says, without its place in the chain."""

    ts: str
    actor: str
    action: str
    namespace: str
    subject: str
    payload: Mapping[str, object]


def canonical_json(value: object) -> str:
    """One spelling for one value: sorted keys, no spaces, no NaN. Raises ValueError for what JSON cannot hold."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def payload_hash(salt: str, record: Record) -> str:
    """Hex SHA-256 over the salt and the record."""
    said = {
        "ts": record.ts,
        "actor": record.actor,
        "action": record.action,
        "namespace": record.namespace,
        "subject": record.subject,
        "payload": record.payload,
    }
    return _digest(salt, canonical_json(said))


def chain_hash(prev: str, seq: int, ts: str, payload_sha: str) -> str:
    """Hex SHA-256 that binds an entry to its predecessor and its place."""
    return _digest(prev, str(seq), ts, payload_sha)


def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(4, "big"))
        digest.update(data)
    return digest.hexdigest()
