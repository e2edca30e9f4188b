"""The save gate without a server: what `check` asks, and the cache that it shares with `up`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from sandbox.pool.config import PoolConfig
from sandbox.pool.pool import Pool
from sandbox.wire.anchors import anchor
from webui.validation.gate import Gate, Report


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
