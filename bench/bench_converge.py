"""From `kubectl apply` to a converged object, beside what the API server alone takes for the same writes.

The limit: create the object, apply the child, apply the status, one after the other, by one client that
knows everything beforehand. What is over it is ours: watch, queue, cage, and waiting for our own writes.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROUNDS = 20
DEADLINE = 30.0
BIN = Path(sys.executable).parent


def manifest(name: str) -> str:
    """A MyResource of the sample kind."""
    return json.dumps(
        {
            "apiVersion": "example.com/v1",
            "kind": "MyResource",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"message": f"hello {name}", "replicas": 1},
        }
    )


def kubectl(data: Path, *arguments: str, text: str | None = None) -> str:
    """One kubectl command against the product in `data`."""
    environment = {**os.environ, "KUBECONFIG": str(data / "kubeconfig")}
    command = ("kubectl", *arguments)
    done = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def ready(body: dict[str, Any]) -> bool:
    """Ready=True for the newest generation."""
    status = body.get("status", {})
    conditions = {c["type"]: c["status"] for c in status.get("conditions", ())}
    return conditions.get("Ready") == "True" and status.get("observedGeneration") == body["metadata"]["generation"]


def main() -> None:
    """Print p50 and p95 of both, and the ratio."""
    with tempfile.TemporaryDirectory(prefix="chakrator-bench-") as folder:
        data = Path(folder) / "data"
        started = time.monotonic()
        command = (str(BIN / "chakrator"), "up", "--data", str(data), "--port", "0", "--no-open")
        product = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert product.stdout is not None
            line = product.stdout.readline()
            boot = time.monotonic() - started
            if not line.startswith("ready "):
                sys.exit("chakrator up did not become ready")
            ours = [converge(data, f"bench-{n}") for n in range(ROUNDS)]
            limit = [bare(data, f"bare-{n}") for n in range(ROUNDS)]
        finally:
            product.terminate()
            product.wait(timeout=60)
    result = {
        "benchmark": "converge",
        "boot_s": round(boot, 2),
        "ours_ms": summary(ours),
        "limit_ms": summary(limit),
        "ratio_p50": round(statistics.median(ours) / statistics.median(limit), 2),
    }
    print(f"boot to ready          {result['boot_s']} s")
    print(f"kubectl exit → Ready   {result['ours_ms']} ms")
    print(f"the bare writes        {result['limit_ms']} ms")
    print(json.dumps(result))


def summary(seconds: list[float]) -> dict[str, float]:
    """p50 and p95 in ms."""
    ordered = sorted(seconds)
    return {
        "p50": round(statistics.median(ordered) * 1000, 1),
        "p95": round(ordered[int(len(ordered) * 0.95) - 1] * 1000, 1),
    }


def converge(data: Path, name: str) -> float:
    """Seconds from the exit of `kubectl apply` until the API server shows the object Ready."""
    kubectl(data, "apply", "-f", "-", text=manifest(name))
    started = time.monotonic()
    with api(data) as client:
        while time.monotonic() - started < DEADLINE:
            body = client.get(f"/apis/example.com/v1/namespaces/default/myresources/{name}").json()
            if ready(body):
                return time.monotonic() - started
            time.sleep(0.002)
    sys.exit(f"{name} did not converge in {DEADLINE:.0f} s")


def bare(data: Path, name: str) -> float:
    """Seconds for the writes alone: the child and the status of an object that nobody reconciles."""
    body = json.loads(manifest(name))
    body["metadata"]["namespace"] = "bench"
    query = {"fieldManager": "bench", "force": "true"}
    headers = {"Content-Type": "application/apply-patch+yaml"}
    with api(data) as client:
        client.post("/api/v1/namespaces", json={"metadata": {"name": "bench"}})
        base = "/apis/example.com/v1/namespaces/bench/myresources"
        client.post(base, json=body).raise_for_status()
        started = time.monotonic()
        child = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"message": "x"}}
        client.patch(
            f"/api/v1/namespaces/bench/configmaps/{name}", params=query, headers=headers, content=json.dumps(child)
        ).raise_for_status()
        status = {
            "apiVersion": "example.com/v1",
            "kind": "MyResource",
            "metadata": {"name": name},
            "status": {"phase": "Ready", "observedGeneration": 1},
        }
        client.patch(
            f"{base}/{name}/status", params=query, headers=headers, content=json.dumps(status)
        ).raise_for_status()
        return time.monotonic() - started


def api(data: Path) -> Any:
    """A plain HTTP client of the API server, as the admin."""
    import base64
    import ssl

    import httpx
    import yaml

    config = yaml.safe_load((data / "kubeconfig").read_text())
    cluster = config["clusters"][0]["cluster"]
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    token = (data / "token").read_text().strip()
    return httpx.Client(
        base_url=cluster["server"], verify=context, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    )


if __name__ == "__main__":
    main()
