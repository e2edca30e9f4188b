"""What this machine offers of the cage, found out by building it: for `doctor` and the canary of a release."""

from __future__ import annotations

import os
from collections.abc import Mapping

from sandbox.pool.config import PoolConfig
from sandbox.pool.errors import CageUnavailable
from sandbox.pool.zygote import Zygote
from sandbox.wire.control import Settings


async def layers(config: PoolConfig | None = None) -> Mapping[str, str]:
    """Each layer and its state, as a zygote of its own saw it; a missing one says why and what to do."""
    config = config or PoolConfig()
    settings = Settings(parent=os.getpid(), uid=config.uid, allow_degraded=sorted(config.allow_degraded))
    try:
        zygote = await Zygote.start(settings, config.start_timeout, _nothing)
    except CageUnavailable as missing:
        return {missing.layer: f"missing: {missing.why}"}
    found = dict(zygote.layers)
    zygote.close()
    return found


def _nothing(_zygote: Zygote) -> None:
    return None
