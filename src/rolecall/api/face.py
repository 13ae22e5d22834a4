"""The REST face as one ASGI application: layers, routes, problems."""

from __future__ import annotations

import logging
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from rolecall.api import (
    access,
    connecting,
    evidence,
    findings,
    managing,
    operators,
    packs,
    people,
    permissions,
    plans,
    portals,
    reports,
    requests,
    reviews,
    sources,
    structure,
    tasks,
    users,
)
from rolecall.api.document import document_of
from rolecall.api.entity_tags import EntityTags
from rolecall.api.idempotency import Idempotency
from rolecall.http.asgi import App as AsgiApp
from rolecall.http.asgi import Receive, Scope, Send
from rolecall.http.layers import BodyLimit
from rolecall.http.problems import MEDIA_TYPE, Problem, problem_of
from rolecall.http.strict_json import StrictJson
from rolecall.kit.errors import RolecallError
from rolecall.services.app import App

PREFIX = "/api/v1"
MOST_BYTES = 4 * 2**20  # an access.yaml of a large portal
LOG = logging.getLogger("rolecall.api")
_ROOMS = (
    portals, connecting, structure, users, permissions, packs, findings, plans, access, people, tasks,
    requests, reviews, reports, evidence, operators, sources, managing,
)  # fmt: skip


def create_face(app: App) -> AsgiApp:
    """The ASGI application for every path under /api/v1; it wants the whole path."""
    return BodyLimit(StrictJson(Idempotency(EntityTags(_Rooted(create_api(app))), app)), MOST_BYTES)


def create_api(app: App | None = None) -> FastAPI:
    """The FastAPI application; without an installation it still tells its OpenAPI document."""
    api = FastAPI(
        title="Rolecall",
        version=_version(),
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    api.state.rolecall = app
    versioned = APIRouter(prefix=PREFIX)
    for room in _ROOMS:
        versioned.include_router(room.router)
    api.include_router(versioned)
    api.add_exception_handler(RolecallError, _ours)
    api.add_exception_handler(RequestValidationError, _unfit)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _unexpected)
    api.openapi = lambda: _document(api)  # type: ignore[method-assign]
    return api


class _Rooted:
    """Gives FastAPI the whole path, mounted or not."""

    def __init__(self, app: AsgiApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, "root_path": ""}, receive, send)


def _document(api: FastAPI) -> dict[str, Any]:
    """Made once."""
    if api.openapi_schema is None:
        api.openapi_schema = document_of(api)
    return api.openapi_schema


def _problem(problem: Problem) -> Response:
    after = problem.more.get("retry_after")
    headers = {"retry-after": str(after)} if after is not None else {}
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(problem.body(), problem.status, headers, MEDIA_TYPE)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, RolecallError)
    return _problem(problem_of(error, _instance(request)))


async def _unfit(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        {"at": "/".join(str(part) for part in one["loc"]), "message": one["msg"]}
        for one in error.errors()
    ]
    detail = "; ".join(f"{one['at']}: {one['message']}" for one in found[:5])
    problem = Problem(
        422, "The request does not fit", detail, instance=_instance(request), more={"errors": found}
    )
    return _problem(problem)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem = Problem(error.status_code, str(error.detail), instance=_instance(request))
    answer = _problem(problem)
    answer.headers.update(error.headers or {})
    return answer


async def _unexpected(request: Request, error: Exception) -> Response:
    LOG.error("unexpected", exc_info=error)
    return _problem(Problem(500, "Something is broken here", instance=_instance(request)))


def _instance(request: Request) -> str:
    request_id = request.scope.get("state", {}).get("request_id", "")
    return f"urn:uuid:{request_id}" if request_id else ""


def _version() -> str:
    try:
        return version("rolecall")
    except PackageNotFoundError:
        return "0"
