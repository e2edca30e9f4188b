"""The HTTP side of the commands: where the server is, who we are, and what its errors mean.

Its libraries are loaded with the first client, not with the module: every command names it, and few have one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chakrator.cli.output import fail, print_finding

if TYPE_CHECKING:
    import httpx


class Client:
    """Calls `/api/v1` of one server. Every refusal of the server ends the command with its message."""

    def __init__(self, url: str, token: str) -> None:
        import httpx

        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(60.0, connect=5.0),
            trust_env=False,
        )

    @classmethod
    def find(cls, data: Path | None) -> Client:
        """From `--data DIR` of an `up`, else from CHAKRATOR_URL and CHAKRATOR_TOKEN."""
        if data is not None:
            try:
                return cls((data / "url").read_text().strip(), (data / "token").read_text().strip())
            except OSError as error:
                fail(f"{data} is not the folder of a running `chakrator up`: {error.strerror} ({error.filename})", 2)
        from core.settings import SettingsError, load_client_settings

        try:
            settings = load_client_settings()
        except SettingsError as error:
            fail(error.message, 2)
        if not settings.url or not settings.token.get_secret_value():
            fail("say where the server is: --data DIR of an `up`, or CHAKRATOR_URL and CHAKRATOR_TOKEN", 2)
        return cls(settings.url, settings.token.get_secret_value())

    def get(self, path: str, **query: Any) -> Any:
        """GET; `None` values are left out of the query."""
        return self._call("GET", path, params={k: v for k, v in query.items() if v is not None})

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """POST with an idempotency key of its own, so that a retry by hand below is safe."""
        return self._call("POST", path, json=dict(body), headers={"Idempotency-Key": uuid.uuid4().hex})

    def _call(self, method: str, path: str, **options: Any) -> Any:
        import httpx

        try:
            answer = self._http.request(method, path, **options)
        except httpx.ConnectError:
            place = f"{self._http.base_url.host}:{self._http.base_url.port}"
            fail(f"no server answers at {place}: is `chakrator up` running?", 2)
        except httpx.TransportError as error:
            fail(f"the server did not answer: {error}", 2)
        if answer.is_success:
            return answer.json() if answer.content else None
        self._refuse(answer)
        return None

    @staticmethod
    def _refuse(answer: httpx.Response) -> None:
        try:
            error = answer.json()["error"]
            message, details = error["message"], error.get("details") or {}
        except (ValueError, KeyError, TypeError):
            fail(f"the server answered {answer.status_code} without a reason")
        for finding in details.get("diagnostics", ()):
            print_finding("reconciler.py", finding)
        fail(message)


def route(namespace: str, reconciler: str, rest: str = "") -> str:
    """`{r}` of the contract, with the names quoted."""
    import httpx

    quoted = [httpx.URL("/").copy_with(path=f"/{part}").raw_path.decode()[1:] for part in (namespace, reconciler)]
    return f"/namespaces/{quoted[0]}/reconcilers/{quoted[1]}{rest}"
