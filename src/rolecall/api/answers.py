"""How the REST face answers: JSON of service shapes, entity tags, and every error documented."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Header, Response
from pydantic import BaseModel

from rolecall.api.entity_tags import tag_of, tags_in
from rolecall.http.problems import MEDIA_TYPE
from rolecall.kit.errors import Refused

JSON = "application/json"
IF_MATCH = "If-Match"
NO_STORE = {"cache-control": "no-store"}  # of answers with a secret


class PreconditionFailed(Refused):
    """The thing changed since its entity tag was read; nothing was done."""

    http_status = 412


class ProblemModel(BaseModel):
    """An error as RFC 9457 has it, with a hint where there is a way out."""

    type: str
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    hint: str | None = None
    retry_after: int | None = None
    errors: list[dict[str, Any]] | None = None


_ERRORS = {
    400: "The body is not JSON as it must be",
    401: "No token, or one that is not valid here",
    403: "The token or its owner may not do this",
    404: "There is no such thing, or it is not yours to see",
    409: "It is not in a state for this, or somebody must act first",
    412: "It changed since its entity tag was read",
    413: "The body is too large",
    415: "The body is not application/json",
    422: "The request cannot be carried out as it stands",
    500: "Something is broken here",
    503: "Try again later",
}
_ALWAYS = (401, 403, 404, 409, 422, 500, 503)
_WITH_BODY = (400, 412, 413, 415)


def errors(*, body: bool = False) -> dict[int | str, dict[str, Any]]:
    """The documented errors of an operation."""
    statuses = (*_ALWAYS, *_WITH_BODY) if body else _ALWAYS
    schema = {"$ref": "#/components/schemas/ProblemModel"}
    return {
        status: {"description": _ERRORS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in sorted(statuses)
    }


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)


def told(shape: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A shape as JSON."""
    return Response(_ENCODER.encode(shape), status, dict(headers or {}), JSON)


def _if_match(if_match: Annotated[str, Header(alias=IF_MATCH, max_length=4_096)] = "") -> str:
    return if_match


# The tags a write may meet, as If-Match names them; "" = it may meet any.
Match = Annotated[str, Depends(_if_match)]


async def need_match(match: str, present: Callable[[], Awaitable[Any]]) -> None:
    """Raise PreconditionFailed when If-Match names another state than the present shape.

    The shape is that of the operation that reads the thing; it is made only where it is asked for.
    """
    if not match or match.strip() == "*":
        return
    if tag_of(_ENCODER.encode(await present())) not in tags_in(match):
        raise PreconditionFailed(
            "it changed since you read it", hint="read it again and decide on what it says now"
        )


def as_file(name: str, data: bytes, media_type: str) -> Response:
    """A download; its name holds nothing a header or a file system could take amiss."""
    kept = re.sub(r"[^A-Za-z0-9._-]", "-", name)
    headers = {"content-disposition": f'attachment; filename="{kept}"'}
    return Response(data, headers=headers, media_type=media_type)


def zoned(at: datetime, name: str) -> datetime:
    """A time of a body or query as it came; raises Refused without a time zone."""
    if at.tzinfo is None:
        raise Refused(f"{name} needs a time zone", hint="2027-01-31T08:00:00Z")
    return at
