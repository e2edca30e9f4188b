"""What this machine offers of the cage, found out by building it: for `doctor` and the canary of a release."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sandbox.pool.config import PoolConfig
from sandbox.pool.errors import CageUnavailable
from sandbox.pool.remedies import remedy
from sandbox.pool.zygote import Zygote
from sandbox.wire.control import Settings

ON, OFF, MISSING, UNKNOWN = "on", "off", "missing", "unknown"
REQUIRED = ("process", "identity", "no_new_privs", "landlock", "rlimits", "seccomp")
OPTIONAL = ("executable_memory", "namespaces", "oom_score")


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One layer: `on`, `off` (waived, or an extra that is not to be had), `missing`, or `unknown` (not reached)."""

    layer: str
    state: str
    detail: str
    remedy: str
    required: bool


async def layers(config: PoolConfig | None = None) -> Mapping[str, str]:
    """Each layer and its state in words, as a zygote of its own saw it; a missing one says why."""
    config = config or PoolConfig()
    settings = Settings(parent=os.getpid(), uid=config.uid, allow_degraded=sorted(config.allow_degraded))
    try:
        zygote = await Zygote.start(settings, config.start_timeout, _nothing)
    except CageUnavailable as missing:
        found = {missing.layer: f"{MISSING}: {missing.why}"}
        if missing.layer == "landlock" and not config.allow_degraded:
            # The one that can be done without: so the others can still be looked at.
            others = await layers(replace(config, allow_degraded=frozenset(("landlock",))))
            found = {**others, **found}
        return found
    found = dict(zygote.layers)
    zygote.close()
    return found


async def examine(config: PoolConfig | None = None) -> tuple[LayerReport, ...]:
    """Every layer there is, required ones first, and whatever else stood in the way."""
    found = await layers(config)
    names = [*REQUIRED, *OPTIONAL]
    names += [name for name in found if name not in names]
    first = next((name for name in found if state(found[name]) == MISSING), "")
    return tuple(_report(name, found.get(name, f"{UNKNOWN}: not reached, for {first} is missing")) for name in names)


def complete(reports: tuple[LayerReport, ...]) -> bool:
    """Whether workers can run here."""
    return all(one.state in (ON, OFF) for one in reports if one.required)


def state(text: str) -> str:
    """The one word of a layer's state: `on (ABI 7)` is on, `not taken: …` is off."""
    word = text.partition(" ")[0].rstrip(":")
    return word if word in (ON, OFF, MISSING, UNKNOWN) else OFF


def _report(name: str, text: str) -> LayerReport:
    word = state(text)
    required = name not in OPTIONAL
    detail = text.partition(": ")[2] or text.removeprefix(word).strip(" ()")
    advice = remedy(name) if word in (OFF, MISSING) else ""
    return LayerReport(name, word, detail, advice, required)


def _nothing(_zygote: Zygote) -> None:
    return None
