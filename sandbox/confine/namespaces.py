"""Namespaces as a plus: taken once, by the zygote, where the machine allows it. No claim rests on them."""

from __future__ import annotations

import os

from sandbox.confine.system import System

_USER = 0x10000000
_NETWORK_IPC_UTS = 0x40000000 | 0x08000000 | 0x04000000


def leave(system: System) -> str:
    """Leave the host's network, IPC and UTS namespaces if that is allowed; says what came of it."""
    flags = _NETWORK_IPC_UTS if os.geteuid() == 0 else _NETWORK_IPC_UTS | _USER
    try:
        system.now(system.unshare(flags))
    except OSError as error:
        return f"not taken: {error.strerror}"
    return "on (network, ipc, uts)"
