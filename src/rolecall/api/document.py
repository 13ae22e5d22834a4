"""The OpenAPI document: what every operation has in common is written into each of them here.

Entity tags and idempotency keys are the work of layers around the routes, which the framework does
not see; a client generated from the document must be able to send and to take them all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from rolecall.api.answers import IF_MATCH, ProblemModel, errors
from rolecall.api.entity_tags import IF_NONE_MATCH
from rolecall.api.idempotency import KEY, WRITES

Operation = dict[str, Any]
_TAG = {"schema": {"type": "string"}, "description": "The tag of exactly this answer"}
_PARAMETERS = {
    "IfNoneMatch": {
        "name": IF_NONE_MATCH,
        "in": "header",
        "required": False,
        "description": "Tags of answers you hold; 304 without a body where one of them still is so",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Sent again with the same key, the same request is answered, not done again",
        "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"},
    },
}


def document_of(api: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1 of an application; validation errors are problems like all others."""
    made = get_openapi(
        title=api.title,
        version=api.version,
        openapi_version="3.1.0",
        summary="Who can do what in which HubSpot portal, and how to change that safely.",
        routes=api.routes,
    )
    components = made["components"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["schemas"]["ProblemModel"] = ProblemModel.model_json_schema()
    components["parameters"] = _PARAMETERS
    for method, operation in _operations(made):
        _tell_tags(method, operation)
        if method in WRITES:
            _take(operation, "IdempotencyKey")
    return made


def _operations(made: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    for methods in made["paths"].values():
        for method, operation in methods.items():
            yield method.upper(), operation


def _tell_tags(method: str, operation: Operation) -> None:
    """JSON that is read carries a tag and may be spared; a write may name what it means to meet."""
    done = operation["responses"].get("200", {})
    if method == "GET" and "application/json" in done.get("content", {}):
        done["headers"] = {"ETag": _TAG}
        spared = {"description": "You hold it already", "headers": {"ETag": _TAG}}
        operation["responses"]["304"] = spared
        _take(operation, "IfNoneMatch")
    if any(one.get("name") == IF_MATCH for one in operation.get("parameters", ())):
        operation["responses"]["412"] = errors(body=True)[412]


def _take(operation: Operation, parameter: str) -> None:
    told = {"$ref": f"#/components/parameters/{parameter}"}
    operation.setdefault("parameters", []).append(told)
