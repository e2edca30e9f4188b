"""Every body that comes in or goes out, with its bounds. Unknown fields are refused: a typo is not a default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.domain.revision import MAX_SOURCE_BYTES, Activation, Diagnostic, Revision, RevisionInfo
from core.services.protocols import AuditEntry, ChainReport, RunRow
from sandbox.wire.anchors import anchor

T = TypeVar("T")
Json = dict[str, Any]  # a resource's own JSON, passed through as it is


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must say something")
    if any(ord(char) < 32 and char not in "\n\t" for char in value):
        raise ValueError("must not hold control characters")
    return value


def _source(value: str) -> str:
    if len(value.encode("utf-8")) > MAX_SOURCE_BYTES:
        raise ValueError(f"at most {MAX_SOURCE_BYTES} bytes of UTF-8")
    return value


Reason = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_text)]
Source = Annotated[str, Field(max_length=MAX_SOURCE_BYTES), AfterValidator(_source)]
Number = Annotated[int, Field(ge=1, le=2**53, strict=True)]


class Body(BaseModel):
    """What comes in."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Answer(BaseModel):
    """What goes out."""

    model_config = ConfigDict(extra="forbid")


# ── in ───────────────────────────────────────────────────────────────────────────────────────────
class SignIn(Body):
    """A token, or the code of a sign-in link: exactly one of the two."""

    token: str | None = Field(default=None, min_length=1, max_length=16384, repr=False)
    code: str | None = Field(default=None, min_length=1, max_length=200, repr=False)


class CreateReconciler(Body):
    """The API server checks the spec, by schema, CEL and admission policy."""

    spec: Json


class ChangeReconciler(Body):
    """A merge patch of the spec; with `resource_version`, only onto that very version."""

    spec: Json
    resource_version: str | None = Field(default=None, max_length=64, pattern=r"^[0-9]+$")


class Validate(Body):
    """A source that is only looked at."""

    source: Source


class Save(Body):
    """A new revision. `base` is the newest that the author saw, null for none yet."""

    source: Source
    message: Reason
    base: Number | None


class Activate(Body):
    """`expected` is the revision that the actor saw active, null for none yet."""

    revision: Number
    reason: Reason
    expected: Number | None


class Rollback(Body):
    """Back to `to`, by default the revision that was active before."""

    to: Number | None = None
    reason: Reason


# ── out ──────────────────────────────────────────────────────────────────────────────────────────
class ErrorDetail(Answer):
    """What went wrong; `code` is stable."""

    code: str
    message: str
    details: Json


class ErrorBody(Answer):
    """The one shape of every answer that is not a success."""

    error: ErrorDetail


class Listing(Answer, Generic[T]):
    """One page; `cursor` is opaque, null at the end."""

    items: list[T]
    cursor: str | None = None


class UserOut(Answer):
    """A person as the API server names them."""

    name: str
    groups: list[str]


class RightsOut(Answer):
    """What a person may do; `activate` without its second half, `impersonate`, unless that is given too."""

    see: bool
    validate_: bool = Field(alias="validate", serialization_alias="validate")
    save: bool
    activate: bool
    create: bool
    change: bool
    delete: bool
    runs: bool
    audit: bool
    impersonate: bool | None = None


class SessionOut(Answer):
    """Who am I, and what may I do in `rights_namespace` (null: in all of them)."""

    user: UserOut
    via: str
    csrf: str | None
    rights: RightsOut
    rights_namespace: str | None


class Place(Answer):
    """1-based; columns count UTF-16 units."""

    line: int
    column: int


class DiagnosticOut(Answer):
    """One finding of one tool; `end` is exclusive. `doc`: the section of docs/reference, for the policy's own."""

    tool: str
    code: str
    severity: str
    message: str
    hint: str
    doc: str
    start: Place
    end: Place

    @classmethod
    def of(cls, found: Diagnostic) -> DiagnosticOut:
        """From the domain."""
        return cls(
            tool=found.tool,
            code=found.code,
            severity=found.severity.value,
            message=found.message,
            hint=found.hint,
            doc=anchor(found.code) if found.tool == "policy" else "",
            start=Place(line=found.start.line, column=found.start.column),
            end=Place(line=found.end.line, column=found.end.column),
        )


class ValidateAnswer(Answer):
    """The gate's report; `ok` is false when a finding is an error."""

    ok: bool
    diagnostics: list[DiagnosticOut]
    policy_version: str
    took_ms: float


class RevisionOut(Answer):
    """One immutable version, without its source."""

    number: int
    sha256: str
    message: str
    author: str
    created_at: datetime
    policy_version: str
    report: list[DiagnosticOut]

    @classmethod
    def of(cls, info: RevisionInfo) -> RevisionOut:
        """From the domain."""
        return cls(**_revision(info))


class RevisionWithSource(RevisionOut):
    """One immutable version."""

    source: str

    @classmethod
    def whole(cls, revision: Revision) -> RevisionWithSource:
        """From the domain."""
        return cls(**_revision(revision.info), source=revision.source)


def _revision(info: RevisionInfo) -> Json:
    return {
        "number": info.number,
        "sha256": info.sha256,
        "message": info.message,
        "author": info.author,
        "created_at": info.created_at,
        "policy_version": info.policy_version,
        "report": [DiagnosticOut.of(found) for found in info.report],
    }


class DiffOut(Answer):
    """A unified diff from `a` to `b`; empty when they are the same."""

    a: int
    b: int
    diff: str


class ActivationOut(Answer):
    """One row of the activation log."""

    seq: int
    revision: int
    sha256: str
    kind: str
    actor: str
    reason: str
    service_account: str
    at: datetime

    @classmethod
    def of(cls, row: Activation) -> ActivationOut:
        """From the domain."""
        return cls(
            seq=row.seq,
            revision=row.revision,
            sha256=row.sha256,
            kind=row.kind.value,
            actor=row.actor,
            reason=row.reason,
            service_account=row.service_account,
            at=row.at,
        )


class ActiveOut(Answer):
    """What runs, and what a rollback without `to` would make run."""

    active: ActivationOut | None
    last_good: int | None


class ReconcilerOut(Answer):
    """The resource; `spec` and `status` are as the API server has them."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    created_at: str
    deleting: bool
    spec: Json
    status: Json

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> ReconcilerOut:
        """From the API server's JSON."""
        return cls(**reconciler_fields(resource))


class ReconcilerDetail(ReconcilerOut):
    """The resource, with what the store knows of it and what the caller may do with it."""

    active: ActivationOut | None
    newest: int | None
    rights: RightsOut


def reconciler_fields(resource: Mapping[str, Any]) -> Json:
    """The fields of ReconcilerOut, from the API server's JSON."""
    meta = resource.get("metadata") or {}
    return {
        "namespace": meta.get("namespace", ""),
        "name": meta.get("name", ""),
        "uid": meta.get("uid", ""),
        "resource_version": meta.get("resourceVersion", ""),
        "generation": meta.get("generation", 0),
        "created_at": meta.get("creationTimestamp", ""),
        "deleting": "deletionTimestamp" in meta,
        "spec": resource.get("spec") or {},
        "status": resource.get("status") or {},
    }


class DeletedOut(Answer):
    """`deleted` is false while a finalizer holds the resource."""

    namespace: str
    name: str
    deleted: bool


class RunOut(Answer):
    """One execution."""

    id: str
    object: str
    object_uid: str
    revision: int
    outcome: str
    layer: str | None
    message: str
    line: int | None
    reason: str
    attempt: int
    started_at: datetime
    duration_ms: float
    cpu_ms: float
    peak_memory_bytes: int
    effects: list[str]
    logs: list[Json]

    @classmethod
    def of(cls, row: RunRow) -> RunOut:
        """From the domain."""
        return cls(
            id=row.id,
            object=row.target,
            object_uid=row.target_uid,
            revision=row.revision,
            outcome=row.outcome,
            layer=row.layer,
            message=row.message,
            line=row.line,
            reason=row.reason,
            attempt=row.attempt,
            started_at=row.started_at,
            duration_ms=row.duration_ms,
            cpu_ms=row.cpu_ms,
            peak_memory_bytes=row.peak_memory_bytes,
            effects=list(row.effects),
            logs=[dict(line) for line in row.logs],
        )


class AuditEntryOut(Answer):
    """One row of the chain; what the reader may not see is null, its hashes are there."""

    seq: int
    ts: str
    actor: str | None
    action: str | None
    namespace: str | None
    subject: str | None
    payload: Json | None
    salt: str | None
    payload_sha: str
    prev: str
    hash: str

    @classmethod
    def of(cls, entry: AuditEntry) -> AuditEntryOut:
        """From the domain."""
        return cls(
            seq=entry.seq,
            ts=entry.ts,
            actor=entry.actor,
            action=entry.action,
            namespace=entry.namespace,
            subject=entry.subject,
            payload=None if entry.payload is None else dict(entry.payload),
            salt=entry.salt,
            payload_sha=entry.payload_sha,
            prev=entry.prev,
            hash=entry.hash,
        )


class ChainOut(Answer):
    """`broken_seq` names the first entry that is wrong."""

    ok: bool
    entries: int
    head: str
    broken_seq: int | None
    why: str

    @classmethod
    def of(cls, report: ChainReport) -> ChainOut:
        """From the domain."""
        return cls(ok=report.ok, entries=report.entries, head=report.head, broken_seq=report.broken_seq, why=report.why)


class HealthOut(Answer):
    """`problems` is empty when all is well. `notices`: it works, but not as it should."""

    status: str
    problems: list[str] = []
    notices: list[str] = []


class NoticeOut(Answer):
    """Something that everybody should know; `severity` is error or warning."""

    code: str
    severity: str
    text: str


class StatusOut(Answer):
    """How the product is. `layers`: those of the cage by name, empty while there is none."""

    ready: bool
    read_only: bool
    layers: dict[str, str]
    notices: list[NoticeOut]
