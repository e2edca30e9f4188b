"""What the launcher of a caged tool is told on its command line. The tool's input comes by stdin."""

from __future__ import annotations

import msgspec

CAGE = "cage: "  # begins the launcher's sentence when it is the cage that is not complete


class Launch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tool: what is executed, what it may run, read and write, and its bounds.

    `failure` is a descriptor that a successful exec closes; a sentence on it is why there was none.
    """

    parent: int
    failure: int
    argv: list[str]
    cwd: str
    run: list[str]
    read: list[str]
    write: list[str]
    memory: int
    cpu: int
    allow_degraded: list[str] = []
