"""The manifests of docs/how-to/add-gvisor-or-kata.md, against a real API server."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-gvisor-or-kata.md"
DEPLOYMENT = ROOT / "deploy" / "controller" / "deployment.yaml"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
CLASSES = {document["metadata"]["name"]: block for block in BLOCKS if "kind" in (document := yaml.safe_load(block))}
PATCHES = {name: block for block in BLOCKS for name in re.findall(r"^# patch: (\w+)$", block, re.MULTILINE)}

Kubectl = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = pytest.mark.controlplane


def test_the_page_has_a_class_and_a_patch_for_each() -> None:
    """Every block of it is one or the other."""
    assert set(CLASSES) == set(PATCHES) == {"gvisor", "kata"}
    assert len(BLOCKS) == 4


@pytest.fixture(params=["gvisor", "kata"])
def runtime(request: pytest.FixtureRequest, kubectl: Kubectl) -> Iterator[str]:
    """A RuntimeClass of the page, really there."""
    name = str(request.param)
    done = kubectl("apply", "-f", "-", input=CLASSES[name])
    assert done.returncode == 0, done.stderr
    yield name
    kubectl("delete", "runtimeclass", name)


def patched(kubectl: Kubectl, name: str) -> dict[str, object]:
    """The Deployment that we ship, with the patch of the page."""
    (deployment,) = [one for one in yaml.safe_load_all(DEPLOYMENT.read_text("utf-8")) if one["kind"] == "Deployment"]
    created = kubectl("apply", "-f", "-", input=json.dumps(deployment))
    assert created.returncode == 0, created.stderr
    try:
        patch = json.dumps(yaml.safe_load(PATCHES[name]))
        namespace = ("-n", "chakrator-system")
        done = kubectl("patch", *namespace, "deployment", "chakrator", "-p", patch, "--dry-run=server", "-o", "json")
    finally:
        kubectl("delete", *namespace, "deployment", "chakrator", "--wait=false")
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_patched_deployment_is_taken_and_makes_a_pod(runtime: str, kubectl: Kubectl) -> None:
    """By the server's own merge and validation; the pod of it gets what the class says, and loses nothing."""
    template = patched(kubectl, runtime)["spec"]["template"]  # type: ignore[index]
    (container,) = template["spec"]["containers"]
    assert container["args"] == ["run", "--data", "/data"]
    waived = [one["value"] for one in container.get("env", []) if one["name"] == "CHAKRATOR_ALLOW_DEGRADED"]
    assert waived == (["landlock"] if runtime == "gvisor" else [])
    metadata = {"name": "chakrator-try", "namespace": "chakrator-system"}
    pod = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
    done = kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", input=pod)
    assert done.returncode == 0, done.stderr
    spec = json.loads(done.stdout)["spec"]
    assert spec["runtimeClassName"] == runtime
    assert spec["securityContext"]["runAsNonRoot"] is True
    if runtime == "kata":
        assert spec["overhead"] == {"memory": "160Mi", "cpu": "250m"}
        assert spec["nodeSelector"] == {"katacontainers.io/kata-runtime": "true"}
