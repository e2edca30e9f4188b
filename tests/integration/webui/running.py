"""The site that integration tests look at, and who looks."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from core.clock import SystemClock
from webui.context import WebDeps

SAMPLE = (Path(__file__).parents[3] / "deploy/samples/greeter.py").read_text()
SPEC = {
    "watch": {"apiVersion": "example.com/v1", "kind": "MyResource"},
    "owns": [{"apiVersion": "v1", "kind": "ConfigMap"}],
    "serviceAccountName": "greeter",
    "limits": {"timeout": "2s"},
}
# As the product's roles, each bound in the test's namespace alone. `lead` may also be the ServiceAccount.
ROLES = {
    "viewer": ("chakrator-viewer",),
    "author": ("chakrator-author",),
    "operator": ("chakrator-operator",),
    "lead": ("chakrator-author", "chakrator-operator"),
    "stranger": (),
}


class ShiftedClock(SystemClock):
    """The machine's clock, which a test may move forward."""

    __slots__ = ("ahead",)

    def shift(self, seconds: float) -> None:
        """Makes time pass."""
        object.__setattr__(self, "ahead", getattr(self, "ahead", 0.0) + seconds)

    def monotonic(self) -> float:
        return time.monotonic() + getattr(self, "ahead", 0.0)


@dataclass
class Site:
    """A running application, seen from outside, and its parts where a test has to look behind it."""

    url: str
    deps: WebDeps
    namespace: str
    tokens: dict[str, str] = field(repr=False)
    clock: ShiftedClock

    @property
    def greeter(self) -> str:
        """Path of the test's Reconciler."""
        return f"/namespaces/{self.namespace}/reconcilers/greeter"

    def client(self, who: str | None = None, **headers: str) -> httpx.AsyncClient:
        """An HTTP client with that person's token; None: without any."""
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=60, trust_env=False)

    async def audit(self, **fields: str) -> list[dict[str, Any]]:
        """Entries of the test's namespace with these fields, newest first."""
        async with self.client("operator") as client:
            answer = await client.get("/audit", params={"namespace": self.namespace, **fields})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])


def error(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The one shape of what is not a success."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "details"}
    return dict(answer.json()["error"])
