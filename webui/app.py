"""The web application: routes, sockets and page behind one shell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import ASGIApp

from core.errors import ChakratorError
from sandbox.pool.errors import PoolError
from webui.context import Web, WebDeps
from webui.deps import API
from webui.errors import Problem, crash, invalid, to_problem
from webui.http import activations, audit, ops, reconcilers, revisions, runs, session
from webui.http.pages import Pages
from webui.http.shell import Shell
from webui.sockets.logs import LogSockets

SWEEP_SECONDS = 30.0
_CODES = {400: "invalid", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}


def create_app(deps: WebDeps) -> ASGIApp:
    """The ASGI application. Its lifespan must run: it owns the tasks of the log sockets."""
    web = Web(deps)
    sockets = LogSockets(web)
    app = create_api(web, sockets)
    for route in iter_route_contexts(app.routes):
        deps.metrics.declare_route(route.path or "other")
    deps.metrics.declare_route("other")
    return Shell(app=app, sockets=sockets.asgi, config=deps.config, metrics=deps.metrics)


def create_api(web: Web, sockets: LogSockets) -> FastAPI:
    """The HTTP part alone: what the OpenAPI document and the matrix of rights are made from."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            sweeper = tasks.create_task(_sweep(web))
            async with sockets.running(tasks):
                yield
            sweeper.cancel()

    app = FastAPI(
        title="Chakrator",
        version="1",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        separate_input_output_schemas=False,
    )
    app.state.web = web
    for part in (session, reconcilers, revisions, activations, runs, audit):
        app.include_router(part.router)
    app.include_router(ops.router)
    app.router.default = Pages(web.deps.config.static)
    for kind in (Problem, ChakratorError, PoolError):
        app.add_exception_handler(kind, _answer)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_crash)
    return app


async def _sweep(web: Web) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        web.sessions.sweep()


async def _answer(_request: Request, error: Exception) -> JSONResponse:
    problem = to_problem(error)
    if problem is None:
        raise error
    return _render(problem)


async def _answer_invalid(_request: Request, error: Exception) -> JSONResponse:
    """422 for JSON of a wrong shape; 400 for what is no JSON at all."""
    assert isinstance(error, RequestValidationError)
    if any(found.get("type") == "json_invalid" for found in error.errors()):
        return _render(Problem(400, "invalid", "body: this is not JSON"))
    return _render(invalid([_problem(found) for found in error.errors()]))


def _problem(found: Mapping[str, Any]) -> dict[str, str]:
    """Place and rule. Never the input: it may be a token."""
    where = ".".join(str(part)[:100] for part in found.get("loc", ()))
    return {"where": where or "request", "message": str(found.get("msg", "is not valid")).removeprefix("Value error, ")}


async def _answer_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "error")
    headers = dict(error.headers or {})
    if error.status_code == 405:  # the router names the methods of the first route that it meets, not of the path
        headers["Allow"] = ", ".join(allowed(request))
    return _render(Problem(error.status_code, code, str(error.detail), headers=headers))


def allowed(request: Request) -> list[str]:
    """The methods that this path takes."""
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if compile_path(route.path or "")[0].match(request.url.path):
            methods |= route.methods or set()
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


async def _answer_crash(_request: Request, _error: Exception) -> JSONResponse:
    """The framework raises the error again once this is sent, and the shell logs it."""
    return _render(crash())


def _render(problem: Problem) -> JSONResponse:
    return JSONResponse(problem.body(), status_code=problem.status, headers=problem.headers)
