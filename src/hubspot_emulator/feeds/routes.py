"""Routes of the activity feeds: log-ins, security, and the audit log of Enterprise portals."""

from __future__ import annotations

from datetime import UTC, datetime

from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.feeds import model
from hubspot_emulator.feeds.store import AuditEvent, SecurityEvent
from hubspot_emulator.parameters import only, page_size
from hubspot_emulator.refusals import invalid, unparsable
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer, ApiError, paged

SCOPES = ("account-info.security.read",)
VERSIONS = ("v3", "2025-09", "2026-03", "2026-09")
PAGE_MAX = 200  # for log-ins and security as documented
PAGE_DEFAULT = 100


def list_logins(call: Call) -> Answer:
    """Attempts to sign in of the last 90 days, newest first."""
    only(call, ("userId", "limit", "after"))
    size = page_size(call, maximum=PAGE_MAX, default=PAGE_DEFAULT)
    user_id = _whole_number(call, "userId")
    after = call.one("after")
    try:
        rows, rest = call.portal.feeds.login_page(call.now, size, after, user_id)
    except ValueError:
        raise unparsable("query", "after") from None
    return Answer(200, paged([model.login_row(row) for row in rows], rest))


def list_security(call: Call) -> Answer:
    """Security events, newest first; times are epoch milliseconds."""
    only(call, ("userId", "fromTimestamp", "toTimestamp", "limit", "after"))
    size = page_size(call, maximum=PAGE_MAX, default=PAGE_DEFAULT)
    user_id = _whole_number(call, "userId")
    starts, ends = _moment(call, "fromTimestamp"), _moment(call, "toTimestamp")

    def keep(row: SecurityEvent) -> bool:
        inside = (starts is None or row.at >= starts) and (ends is None or row.at <= ends)
        return inside and user_id in (None, row.actor_id) and model.shows(call.version, row.type)

    try:
        rows, rest = call.portal.feeds.security.page(size, call.one("after"), keep)
    except ValueError:
        raise unparsable("query", "after") from None
    return Answer(200, paged([model.security_row(call.world, row) for row in rows], rest))


def list_audit(call: Call) -> Answer:
    """The central audit log, newest first unless sorted the other way; Enterprise only."""
    names = ("actingUserId", "occurredAfter", "occurredBefore", "limit", "after", "sort")
    only(call, (*names, "fillFinalTimestamp"))
    if call.portal.tier != "enterprise":
        raise ApiError(403, "This account doesn't have access to audit logs.", "FORBIDDEN")
    size = page_size(call, maximum=PAGE_MAX, default=PAGE_DEFAULT)
    starts, ends = _instant(call, "occurredAfter"), _instant(call, "occurredBefore")
    actors = _actors(call)

    def keep(row: AuditEvent) -> bool:
        inside = (starts is None or row.at > starts) and (ends is None or row.at < ends)
        return inside and (not actors or row.actor_id in actors)

    try:
        rows, rest = call.portal.feeds.audit.page(
            size, call.one("after"), keep, oldest_first=_oldest_first(call)
        )
    except ValueError:
        raise unparsable("query", "after") from None
    return Answer(200, paged([model.audit_row(call.world, row) for row in rows], rest))


def _oldest_first(call: Call) -> bool:
    order = call.one("sort") or "-occurredAt"
    if order not in ("occurredAt", "-occurredAt"):
        raise invalid(f"sort must be occurredAt or -occurredAt, got {order}", "sort")
    return order == "occurredAt"


def _actors(call: Call) -> frozenset[int]:
    words = [part for value in call.query.get("actingUserId", ()) for part in value.split(",")]
    found = [as_id(word) for word in words]
    if None in found:
        raise unparsable("query", "actingUserId")
    return frozenset(one for one in found if one is not None)


def _whole_number(call: Call, name: str) -> int | None:
    text = call.one(name)
    if text is None:
        return None
    number = as_id(text)
    if number is None:
        raise unparsable("query", name)
    return number


def _moment(call: Call, name: str) -> datetime | None:
    millis = _whole_number(call, name)
    if millis is None:
        return None
    try:
        return datetime.fromtimestamp(millis / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        raise unparsable("query", name) from None


def _instant(call: Call, name: str) -> datetime | None:
    text = call.one(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise unparsable("query", name) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _routes(version: str) -> tuple[Route, ...]:
    base = f"/account-info/{version}/activity"
    return (
        Route("GET", f"{base}/login", "feeds.logins", list_logins, SCOPES, version),
        Route("GET", f"{base}/security", "feeds.security", list_security, SCOPES, version),
        Route("GET", f"{base}/audit-logs", "feeds.audit", list_audit, SCOPES, version),
    )


ROUTES = tuple(route for version in VERSIONS for route in _routes(version))
