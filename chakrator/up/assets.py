"""Finding the control plane binaries: named by the environment, cached, or built from source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NAMES = ("etcd", "kube-apiserver", "kube-controller-manager")
VARIABLES = ("CHAKRATOR_CONTROL_PLANE_ASSETS", "KUBEBUILDER_ASSETS")


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


def ensure_assets() -> Assets:
    """The binaries, wherever they come from."""
    import os

    for variable in VARIABLES:
        named = os.environ.get(variable)
        if named:
            return Assets(Path(named))
    raise AssetsMissing("no control plane")
