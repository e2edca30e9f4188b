"""The people of a data folder: one static bearer token each, kept in files of mode 0600.

They are ordinary users, bound by RBAC (deploy/rbac/up): none is in system:masters, which would make every
refusal hollow.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from chakrator.up.files import private_folder, write_private

ADMIN = "admin"
PEOPLE = ("viewer", "author", "operator")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,}")


def path(data: Path, who: str) -> Path:
    """Where the token of `who` is kept: DIR/token for the admin, DIR/tokens/<who> for the others."""
    return data / "token" if who == ADMIN else data / "tokens" / who


def user(who: str) -> str:
    """The Kubernetes user name."""
    return f"chakrator-{who}"


def ensure(data: Path, csv: Path) -> None:
    """Makes what is missing or damaged, and writes the API server's token file from all of them."""
    private_folder(data / "tokens")
    rows = []
    for who in (ADMIN, *PEOPLE):
        rows.append(f"{_ensure(path(data, who))},{user(who)},{user(who)}")
    write_private(csv, "\n".join(rows) + "\n")


def _ensure(place: Path) -> str:
    try:
        kept = place.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        kept = ""
    if _TOKEN.fullmatch(kept):
        place.chmod(0o600)
        return kept
    token = secrets.token_urlsafe(32)
    write_private(place, token + "\n")
    return token
