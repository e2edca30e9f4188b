"""Exponential backoff with full jitter: the wait is drawn evenly between nothing and a doubling ceiling.

Full jitter spreads a thousand objects that fail together better than a ceiling with a little noise
does; the random source is an argument, so a test can fix it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

MAX_DOUBLINGS = 62  # beyond that every ceiling has been reached, and a float would overflow in the end


@dataclass(frozen=True, slots=True)
class Backoff:
    """Bounds in seconds. `initial` is the ceiling of the first wait, `maximum` of all later ones."""

    initial: float = 1.0
    maximum: float = 300.0

    def __post_init__(self) -> None:
        if not 0 < self.initial <= self.maximum:
            raise ValueError(f"backoff needs 0 < initial <= maximum, not {self.initial} and {self.maximum}")

    def ceiling(self, failures: int) -> float:
        """The longest wait after so many failures in a row (1 or more), in seconds."""
        doublings = min(max(failures, 1) - 1, MAX_DOUBLINGS)
        return float(min(self.maximum, self.initial * 2**doublings))

    def delay(self, failures: int, rng: random.Random) -> float:
        """Seconds to wait after so many failures in a row."""
        return rng.uniform(0.0, self.ceiling(failures))
