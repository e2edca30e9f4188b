"""The files of deploy/: every object has a place, and the rights in them are as narrow as promised."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from chakrator.up import kubeconfig, manifests
from chakrator.up.errors import AssetsMissing
from chakrator.up.resources import deploy_folder

FOLDERS = [deploy_folder(name) for name in ("crds", "rbac", "admission", "samples")]
FOLDERS.append(deploy_folder("rbac") / "up")
ALL = [manifest for folder in FOLDERS for manifest in manifests.load(folder)]


@pytest.mark.parametrize("manifest", ALL, ids=lambda manifest: f"{manifest.kind}-{manifest.name}")
def test_every_object_has_a_path(manifest: manifests.Manifest) -> None:
    """Namespaced kinds say their namespace, all paths are absolute."""
    namespaced = "/namespaces/" in manifest.collection
    assert namespaced == ("namespace" in manifest.document["metadata"])  # type: ignore[operator]
    assert manifest.path.startswith(("/api/v1/", "/apis/"))


def test_no_two_objects_share_a_path() -> None:
    """The one applied later would silently win."""
    paths = [manifest.path for manifest in ALL]
    assert len(paths) == len(set(paths))


def test_no_role_of_ours_has_a_wildcard() -> None:
    """A wildcard would grant what a later version adds."""
    roles = [manifest for manifest in ALL if manifest.kind in ("Role", "ClusterRole")]
    assert roles
    for role in roles:
        for rule in role.document["rules"]:  # type: ignore[attr-defined]
            assert "*" not in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]], role.name


def test_nobody_but_the_overlay_binds_impersonation_everywhere() -> None:
    """The default install leaves it to each namespace."""
    for manifest in ALL:
        if manifest.kind == "ClusterRoleBinding":
            role = manifest.document["roleRef"]["name"]  # type: ignore[index]
            overlay = manifest.name.startswith("chakrator-up-")
            assert overlay or role not in ("chakrator-impersonator", "cluster-admin")


def test_a_kubeconfig_verifies_the_server(tmp_path: Path) -> None:
    """The CA is embedded, and nothing in the file switches verification off."""
    path = tmp_path / "kubeconfig"
    kubeconfig.write(path, server="https://127.0.0.1:1", ca=b"PEM", user=kubeconfig.token_user("t"))
    cluster = yaml.safe_load(path.read_text())["clusters"][0]["cluster"]
    assert cluster == {"server": "https://127.0.0.1:1", "certificate-authority-data": "UEVN"}
    assert "insecure" not in path.read_text()


def test_a_missing_folder_is_a_clear_sentence() -> None:
    """A broken installation says so."""
    with pytest.raises(AssetsMissing, match="deploy/nowhere"):
        deploy_folder("nowhere")
