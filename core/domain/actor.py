"""Who does something, as the audit trail remembers them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a part of the system. `via` is how they signed in: token, session, link, system."""

    name: str
    groups: tuple[str, ...] = ()
    via: str = "token"
    source: str = ""


SYSTEM = Actor(name="system:chakrator", via="system")
