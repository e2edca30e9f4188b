"""One run or one check without a server: the pool of production, for the length of a command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from core.clock import rfc3339
from sandbox.pool.config import ANY_KIND, Code, Limits, PoolConfig, RunRequest, RunResult
from sandbox.pool.errors import CallRefused
from sandbox.pool.pool import Pool
from sandbox.wire.anchors import anchor
from sandbox.wire.messages import Call
from webui.validation.gate import Gate, Report

MAX_OBJECT_BYTES = 4 * 1024 * 1024


class InputError(Exception):
    """A file that was given is not what it must be; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Given:
    """One JSON object from a file."""

    path: Path
    raw: bytes
    value: Mapping[str, Any]


def read_objects(path: Path) -> list[Given]:
    """The object of a file, or those of all *.json of a folder, by name. A `List` gives its items."""
    if path.is_dir():
        return [given for child in sorted(path.glob("*.json")) for given in read_objects(child)]
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if len(raw) > MAX_OBJECT_BYTES:
        raise InputError(f"{path} has {len(raw)} bytes; an object of a cluster has at most {MAX_OBJECT_BYTES}")
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    values = value.get("items") if isinstance(value, dict) and str(value.get("kind", "")).endswith("List") else [value]
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise InputError(f"{path} is not a JSON object")
    return [Given(path, json.dumps(one).encode(), one) for one in values]


def _kind(value: Mapping[str, Any]) -> str:
    return f"{value.get('apiVersion', 'v1')}/{value.get('kind', '')}"


def _name(value: Mapping[str, Any]) -> tuple[str, str]:
    metadata = value.get("metadata") or {}
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


@dataclass(frozen=True, slots=True)
class State:
    """The objects that host calls are answered from, and nothing else."""

    objects: Sequence[Mapping[str, Any]]

    async def answer(self, call: Call) -> bytes:
        """`get`: the object or null. `list`: those whose labels match."""
        of_kind = [one for one in self.objects if call.kind in (_kind(one), one.get("kind"))]
        if call.verb == "get":
            for one in of_kind:
                namespace, name = _name(one)
                if name == call.name and (not call.namespace or namespace == call.namespace):
                    return json.dumps(one).encode()
            return b"null"
        if call.verb == "list":
            return json.dumps([one for one in of_kind if self._matches(one, call.labels)]).encode()
        raise CallRefused(f"there is no host call {call.verb!r}")

    @staticmethod
    def _matches(value: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
        have = (value.get("metadata") or {}).get("labels") or {}
        return all(have.get(key) == wanted for key, wanted in labels.items())


def result_line(result: RunResult) -> dict[str, Any]:
    """A result in the JSON of `dry-run`; the field names are part of the command-line contract."""
    effects: list[Any] = [json.loads(msgspec.json.encode(effect)) for effect in result.effects]
    for effect in effects:
        effect["effect"] = effect.pop("t")
    status = json.loads(result.status)
    if status:
        effects.append({"effect": "status", "status": status})
    if result.requeue is not None:
        effects.append({"effect": "requeue", "after": result.requeue})
    return {
        "outcome": result.verdict.value,
        "message": result.message,
        "layer": result.layer.value if result.layer else None,
        "line": result.line,
        "effects": effects,
        "logs": [msgspec.to_builtins(line) for line in result.logs],
        "duration_ms": round(result.duration_ms, 3),
        "cpu_ms": round(result.cpu_ms, 3),
        "peak_memory_bytes": result.peak_memory_bytes,
    }


@dataclass(frozen=True, slots=True)
class DryRun:
    """One source against many objects in one pool; a new worker only where one died."""

    source: str
    state: Sequence[Mapping[str, Any]] = field(default_factory=list)
    timeout: float = 5.0
    memory: int = 128 * 1024 * 1024

    async def execute(self, objects: Sequence[bytes]) -> list[dict[str, Any]]:
        """One line for each object, in their order."""
        pool = Pool(PoolConfig(max_workers=2, spares=0))
        await pool.start()
        try:
            now = rfc3339(datetime.now(UTC))
            code = Code(
                id="dry-run",
                source=self.source,
                limits=Limits(timeout=self.timeout, memory=self.memory),
                owns=(*sorted({_kind(one) for one in self.state}), ANY_KIND),
                revision=0,
            )
            answer = State(self.state).answer
            return [
                result_line(await pool.run(RunRequest(code=code, object=one, reason="dry-run", now=now), answer=answer))
                for one in objects
            ]
        finally:
            await pool.close()


def gate_cache() -> Path:
    """Where the type checker's warm cache is kept between two commands."""
    return Path(platformdirs.user_cache_dir("chakrator")) / "gate"


def report_json(report: Report) -> dict[str, Any]:
    """The report in the shape that `POST {r}/validate` answers."""
    return {
        "ok": report.ok,
        "diagnostics": [
            {**msgspec.to_builtins(finding), "doc": anchor(finding.code) if finding.tool == "policy" else ""}
            for finding in report.diagnostics
        ],
        "took_ms": round(report.took_ms, 1),
    }


async def validate(source: str) -> Report:
    """The save gate's report on a source."""
    pool = Pool(PoolConfig(max_workers=1, spares=0))
    await pool.start()
    try:
        return await Gate(pool, gate_cache()).validate(source, timeout=10.0)
    finally:
        await pool.close()
