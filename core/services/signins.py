"""Counting refused sign-ins: whoever tries keys all night must not fill the disk with audit entries."""

from __future__ import annotations

from collections import Counter

MAX_SOURCES = 256
OTHERS = "*"


class SigninFolder:
    """Knows which sources were refused in the current window. The owner ends windows by `drain`."""

    WINDOW_SECONDS = 60.0

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._more: Counter[str] = Counter()

    def first(self, source: str) -> bool:
        """True when this is a source's first refusal in the window: it is written down at once.

        Beyond a number of sources all further ones are counted together.
        """
        if source not in self._seen and len(self._seen) < MAX_SOURCES:
            self._seen.add(source)
            return True
        self._more[source if source in self._seen else OTHERS] += 1
        return False

    def drain(self) -> list[tuple[str, int]]:
        """Ends the window: (source, how many more), for sources with more than one refusal."""
        counts = sorted(self._more.items())
        self._seen.clear()
        self._more.clear()
        return counts
