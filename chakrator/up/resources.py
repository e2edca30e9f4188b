"""Where the files beside the code are: manifests, samples and the Go module, in a checkout or in a wheel."""

from __future__ import annotations

from pathlib import Path

import chakrator
from chakrator.up.errors import AssetsMissing


def deploy_folder(name: str) -> Path:
    """`deploy/<name>`: shipped inside the package by a wheel, at the top of a checkout. Raises AssetsMissing."""
    package = Path(chakrator.__file__).resolve().parent
    for candidate in (package / "deploy" / name, package.parent / "deploy" / name):
        if candidate.is_dir():
            return candidate
    raise AssetsMissing(f"this installation lacks its folder deploy/{name}; install the package again")
