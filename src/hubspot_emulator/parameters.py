"""Query parameters as HubSpot reads them: known names, page sizes, enum values, cursors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.refusals import invalid, unparsable
from hubspot_emulator.wire import Answer, paged

if TYPE_CHECKING:
    from hubspot_emulator.routing import Call


def only(call: Call, names: Iterable[str] = ()) -> None:
    """Refuse parameters the specification does not name (switch unknown_parameters)."""
    unknown = sorted(set(call.query) - set(names))
    if unknown and call.world.switches["unknown_parameters"] == "reject":
        raise invalid(f"Unknown query parameter: {', '.join(unknown)}")


def page_size(call: Call, *, maximum: int, default: int, clamp: bool = False) -> int:
    """The `limit` of a request; ApiError 400 when it is no number or out of range."""
    text = call.one("limit")
    if not text:
        return default
    try:
        size = int(text)
    except ValueError:
        raise unparsable("query", "limit") from None
    if size > maximum and clamp:
        return maximum
    if not 1 <= size <= maximum:
        raise invalid(f"limit must be between 1 and {maximum}, got {size}", "limit")
    return size


def page_answer(call: Call, rows: list[dict[str, Any]], last: int | None, limit: int) -> Answer:
    """A page whose cursor is the id given last; None when there are no more rows."""
    if last is None:
        return Answer(200, paged(rows, None))
    query = urlencode({"limit": limit, "after": last})
    return Answer(200, paged(rows, str(last), f"{call.base_url}{call.url_path}?{query}"))


def page_of(call: Call, rows: list[Any], following: int | None) -> dict[str, Any]:
    """A page envelope whose link asks what this request asked, from `following` on."""
    if following is None:
        return paged(rows, None)
    asked = {**call.query, "after": [str(following)]}
    query = urlencode(asked, doseq=True)
    return paged(rows, str(following), f"{call.base_url}{call.url_path}?{query}")


def cursor(call: Call) -> int:
    """The `after` of a request as the id that was given last; 0 on the first page."""
    text = call.one("after")
    if text is None or text == "":
        return 0
    given = as_id(text)
    if given is None:
        raise unparsable("query", "after")
    return given


def one_of(call: Call, name: str, values: tuple[str, ...]) -> str:
    """An enum parameter; its first value is the default, unknown ones are a 400."""
    value = call.one(name, values[0]) or values[0]
    if value not in values:
        raise unparsable("query", name)
    return value
