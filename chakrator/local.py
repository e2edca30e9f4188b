"""Runs without a server: the pool of production, for the length of a command."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from core.clock import rfc3339
from sandbox.pool.config import ANY_KIND, Code, Limits, PoolConfig, RunRequest, RunResult
from sandbox.pool.errors import CallRefused
from sandbox.pool.pool import Pool
from sandbox.wire.messages import Call

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
        return _given(path, raw)
    except RecursionError as error:
        raise InputError(f"{path} is nested too deeply to be read") from error


def _given(path: Path, raw: bytes) -> list[Given]:
    try:
        value = json.loads(raw)
    except ValueError as error:
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
class Inputs:
    """What a call of `dry-run` reads: the code, the objects to run it on, and what host calls are answered from."""

    source: str
    objects: Sequence[Given]
    state: Sequence[Given] = ()


@dataclass(frozen=True, slots=True)
class DryRun:
    """One source against many objects in one pool; a new worker only where one died."""

    timeout: float = 5.0
    memory: int = 128 * 1024 * 1024

    async def execute(self, read: Callable[[], Inputs]) -> list[tuple[Path, dict[str, Any]]]:
        """The file and the line of each object, in their order. What `read` raises is raised."""
        cores = os.cpu_count() or 1
        pool = Pool(PoolConfig(max_workers=cores, max_workers_per_reconciler=cores, spares=0))
        booting = asyncio.create_task(pool.start())
        try:
            await asyncio.sleep(0)  # now the zygote is on its way, and reading costs no time of its own
            inputs = read()
            await booting
            lines = await self._runs(pool, inputs, min(cores, len(inputs.objects)))
        finally:
            booting.cancel()
            await asyncio.gather(booting, return_exceptions=True)
            await pool.close()
        return [(given.path, line) for given, line in zip(inputs.objects, lines, strict=True)]

    async def _runs(self, pool: Pool, inputs: Inputs, lanes: int) -> list[dict[str, Any]]:
        now = rfc3339(datetime.now(UTC))
        state = [given.value for given in inputs.state]
        code = Code(
            id="dry-run",
            source=inputs.source,
            limits=Limits(timeout=self.timeout, memory=self.memory),
            owns=(*sorted({_kind(one) for one in state}), ANY_KIND),
            revision=0,
        )
        answer = State(state).answer
        lines: list[dict[str, Any]] = [{}] * len(inputs.objects)
        waiting = iter(enumerate(inputs.objects))

        async def lane() -> None:
            for number, given in waiting:
                request = RunRequest(code=code, object=given.raw, reason="dry-run", now=now)
                lines[number] = result_line(await pool.run(request, answer=answer))

        await asyncio.gather(*(lane() for _ in range(lanes)))
        return lines
