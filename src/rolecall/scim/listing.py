"""Plain pages of users and groups, written straight from what is kept; the library's own bytes.

Building the library's models only to have them dumped again cost ten times what reading the rows
does. Whatever a page asks beyond its place goes to the library; a test holds both to the same
answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec
from scim2_models import Group, ListResponse, User
from scim2_server.responses import ScimResponse

from rolecall.domain.scim import ScimRecord
from rolecall.scim.provider import MOST_RESULTS
from rolecall.scim.reading import version_of

_KINDS = {"/Users": ("User", str(User.__schema__)), "/Groups": ("Group", str(Group.__schema__))}
_ASKED = frozenset({"startIndex", "count"})
_MOST_DIGITS = 9
_LIST = str(ListResponse.__schema__)
# A reference is told as an address of ours, which only the library knows to make.
_REFERENCE = '"$ref"'


@dataclass(frozen=True, slots=True)
class PlainPage:
    """A page by place alone: `start` counts from 0, `count` is bounded."""

    kind: str
    schema: str
    endpoint: str
    start: int
    count: int


@dataclass
class Written(ScimResponse):
    """An answer whose body is bytes already."""

    raw: bytes = field(default=b"", repr=False)


def plain_page(path: str, query: Mapping[str, str]) -> PlainPage | None:
    """The page a request asks for; None where it asks anything the library must judge."""
    known = _KINDS.get(path)
    if known is None or not query.keys() <= _ASKED:
        return None
    start = _number(query.get("startIndex", "1"))
    count = _number(query.get("count", str(MOST_RESULTS)))
    if not start or count is None:
        return None
    return PlainPage(*known, path, start - 1, min(count, MOST_RESULTS))


def _number(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return int(text)
    return None


def written(
    page: PlainPage, total: int, records: tuple[ScimRecord, ...], base_url: str
) -> Written | None:
    """The answer; None where a kept resource refers to another one."""
    if any(_REFERENCE in one.body for one in records):
        return None
    place = f"{base_url}{page.endpoint}/"
    answer: dict[str, Any] = {
        "schemas": [_LIST],
        "totalResults": total,
        "startIndex": page.start + 1,
        "itemsPerPage": len(records),
        "Resources": [_resource(page, one, place) for one in records],
    }
    return Written(HTTPStatus.OK, raw=msgspec.json.encode(answer))


def _resource(page: PlainPage, record: ScimRecord, place: str) -> dict[str, Any]:
    kept = msgspec.json.decode(record.body, type=dict[str, msgspec.Raw])
    schemas = [key for key in kept if key.startswith("urn:")]
    return {
        "schemas": [page.schema, *schemas],
        "id": record.id,
        "meta": {
            "resourceType": record.kind,
            "created": _moment(record.created_at),
            "lastModified": _moment(record.modified_at),
            "location": f"{place}{record.id}",
            "version": version_of(record),
        },
        **kept,
    }


def _moment(at: datetime) -> str:
    """A time of UTC as the library writes it."""
    return at.isoformat().replace("+00:00", "Z")
