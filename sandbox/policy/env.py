"""What one run gives the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class RunEnv:
    """`write` takes what `print` says; `now` is the run's fixed time (UTC); `seed` is the run's own.

    `modules` are facades of the host's own (`chakrator`), found before the policy's; `log` takes a level and a message.
    """

    write: Callable[[str], None]
    now: datetime
    seed: bytes
    modules: Mapping[str, object] = field(default_factory=dict)
    log: Callable[[str, str], None] | None = None

    def say(self, level: str, message: str) -> None:
        """One entry of the log; without a log of levels it is printed."""
        if self.log is None:
            self.write(f"{message}\n")
        else:
            self.log(level, message)
