"""HubSpot's quirks on the wire: error envelope, paging envelope, time stamps, HTML pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back; `body` is JSON data, raw bytes, or None for an empty body."""

    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = "application/json;charset=utf-8"


@dataclass(slots=True)
class ApiError(Exception):
    """An error HubSpot answers as its JSON envelope; `app` adds the correlation id."""

    status: int
    message: str
    category: str | None = "VALIDATION_ERROR"
    sub_category: str | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    context: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    category_switch: str | None = None  # the switch under which the category may be missing

    def body(self, correlation_id: str) -> dict[str, Any]:
        """The envelope as recorded: absent parts are dropped, never null."""
        parts: dict[str, Any] = {
            "status": "error",
            "message": self.message,
            "correlationId": correlation_id,
            "context": self.context,
            "errors": self.errors,
            "links": self.links,
            "category": self.category,
            "subCategory": self.sub_category,
            **self.extra,
        }
        return {key: value for key, value in parts.items() if value not in (None, [], {})}


def not_found(message: str = "resource not found") -> ApiError:
    """404 for an absent object on a known route; older answers carry no category."""
    switch = "not_found_category"
    return ApiError(404, message, category="OBJECT_NOT_FOUND", category_switch=switch)


def html_page(status: int, title: str) -> Answer:
    """The HTML page HubSpot answers for unknown routes (404) and wrong verbs (405)."""
    text = (
        '<html> <head> <meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>'
        f" <title>Error {status} {title}</title> </head>"
        f" <body><h2>HTTP ERROR {status} {title}</h2> </body> </html>\n"
    )
    return Answer(status, text.encode(), media_type="text/html;charset=utf-8")


def timestamp(at: datetime) -> str:
    """ISO 8601 with milliseconds and Z, as HubSpot prints it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def paged(results: list[Any], after: str | None, link: str | None = None) -> dict[str, Any]:
    """A page envelope; `paging` is absent on the last page (recorded March 2026)."""
    if after is None:
        return {"results": results}
    following = {"after": after} if link is None else {"after": after, "link": link}
    return {"results": results, "paging": {"next": following}}


def without_nulls(record: dict[str, Any]) -> dict[str, Any]:
    """Absent optionals are dropped, not null (recorded March 2026)."""
    return {key: value for key, value in record.items() if value is not None}


def uuid7(at: datetime, random: Random) -> str:
    """A correlation id: UUID version 7, as every HubSpot answer carries it (recorded 2026)."""
    millis = int(at.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    bits = millis << 80 | 0x7 << 76 | random.getrandbits(12) << 64
    return str(UUID(int=bits | 0b10 << 62 | random.getrandbits(62)))
