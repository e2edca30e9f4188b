"""The built page: its files, and `index.html` for every address that the page itself knows."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from webui.errors import Problem

OURS = ("/api/", "/socket.io", "/metrics", "/healthz", "/readyz")

UNBUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Chakrator: the page is not built</title></head>
<body>
<h1>The page is not built</h1>
<p>The API works: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>. Run <code>make page</code> and reload.</p>
</body>
</html>
"""


class Pages:
    """Answers what no route does. A path that is not a file of the build is the page's own, or nothing."""

    def __init__(self, static: Path) -> None:
        self._static = static

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Raises Problem 404, 405."""
        request = Request(scope, receive)
        if request.url.path.startswith(OURS):
            raise Problem(404, "not_found", "there is nothing at this address")
        if request.method not in {"GET", "HEAD"}:
            raise Problem(405, "method_not_allowed", "only GET", headers={"Allow": "GET, HEAD"})
        await self._answer(request)(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        path = request.url.path
        file = self._file(path)
        if file is not None and file.name != "index.html":
            forever = path.startswith("/assets/")
            caching = "public, max-age=31536000, immutable" if forever else "no-cache"
            return FileResponse(file, headers={"Cache-Control": caching})
        index = self._static / "index.html"
        wants_page = path == "/" or "text/html" in request.headers.get("accept", "")
        if path.startswith("/assets/") or not wants_page:
            raise Problem(404, "not_found", "there is nothing at this address")
        if not index.is_file():
            return HTMLResponse(UNBUILT, status_code=503, headers={"Cache-Control": "no-store"})
        return FileResponse(index, headers={"Cache-Control": "no-cache"})

    def _file(self, path: str) -> Path | None:
        """A file of the build; None for everything that is not one, or lies elsewhere."""
        try:
            root = self._static.resolve()
            file = (root / path.lstrip("/")).resolve()
            return file if file.is_relative_to(root) and file.is_file() else None
        except (OSError, ValueError):
            return None
