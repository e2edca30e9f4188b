"""kubeconfig files for one server: CA embedded, one user, no way to skip verification."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import yaml

from chakrator.up.files import write_private

NAME = "chakrator"


def token_user(token: str) -> Mapping[str, str]:
    """A user that signs in with this bearer token."""
    return {"token": token}


def token_file_user(path: Path) -> Mapping[str, str]:
    """A user whose bearer token is re-read from a file."""
    return {"tokenFile": str(path)}


def certificate_user(certificate: Path, key: Path) -> Mapping[str, str]:
    """A user that signs in with a client certificate."""
    return {"client-certificate": str(certificate), "client-key": str(key)}


def write(path: Path, *, server: str, ca: bytes, user: Mapping[str, str], namespace: str = "default") -> None:
    """Writes a kubeconfig (mode 0600) whose only context is `server` as `user`. `ca` is PEM."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": NAME,
                "cluster": {"server": server, "certificate-authority-data": base64.b64encode(ca).decode()},
            }
        ],
        "users": [{"name": NAME, "user": dict(user)}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME, "namespace": namespace}}],
        "current-context": NAME,
    }
    write_private(path, yaml.safe_dump(document, sort_keys=False))
