"""Finding the control plane's programs: named by the environment, cached, or built now.

`python -m chakrator.up.assets` does so and prints the folder.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from chakrator.up import build
from chakrator.up.errors import AssetsMissing, UpError
from chakrator.up.resources import deploy_folder

OURS = "CHAKRATOR_CONTROL_PLANE_ASSETS"
KUBEBUILDER = "KUBEBUILDER_ASSETS"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Assets:
    """A folder with the three programs."""

    folder: Path

    @property
    def etcd(self) -> Path:
        """The etcd binary."""
        return self.folder / "etcd"

    @property
    def api_server(self) -> Path:
        """The kube-apiserver binary."""
        return self.folder / "kube-apiserver"

    @property
    def controller_manager(self) -> Path:
        """The kube-controller-manager binary."""
        return self.folder / "kube-controller-manager"


def named(environ: Mapping[str, str], say: Say) -> Assets | None:
    """What the environment points to. Raises AssetsMissing when our own variable points to something incomplete.

    KUBEBUILDER_ASSETS is other tools' too, and their folders often lack the controller manager: then it is
    passed over, aloud.
    """
    ours, theirs = environ.get(OURS), environ.get(KUBEBUILDER)
    if ours:
        assets = Assets(Path(ours).absolute())
        if missing := build.missing(assets.folder):
            raise AssetsMissing(f"{OURS}={ours} lacks {', '.join(missing)}")
        return assets
    if theirs:
        assets = Assets(Path(theirs).absolute())
        if not (missing := build.missing(assets.folder)):
            return assets
        say(f"{KUBEBUILDER}={theirs} lacks {', '.join(missing)}; not using it")
    return None


async def find(*, environ: Mapping[str, str], cache: Path | None = None, say: Say) -> Assets:
    """The programs, built when there is no other way (minutes; `say` shows how far it is). Raises UpError."""
    assets = named(environ, say)
    if assets is not None:
        return assets
    recipe = build.Recipe(deploy_folder("controlplane"))
    root = cache or platformdirs.user_cache_path("chakrator") / "control-plane"
    return Assets(await build.cached(recipe, root, environ=environ, say=say))


def main() -> int:
    """Prints the folder; 0, or the exit code of what went wrong."""

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    try:
        assets = asyncio.run(find(environ=os.environ, say=say))
    except UpError as error:
        say(error.message)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    print(assets.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
