"""Lines of HubSpot's activity feeds as domain events. Pure; unknown types stay as sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rolecall.domain.snapshot import FeedEvent
from rolecall.hubspot import wire
from rolecall.reading.moments import moment

LOGIN = "login"
SECURITY = "security"
AUDIT = "audit"
SUCCEEDED = "LOGIN_SUCCEEDED"
FAILED = "LOGIN_FAILED"

FeedRow = wire.LoginEvent | wire.SecurityEvent | wire.AuditEvent


def event_of(row: FeedRow) -> FeedEvent | None:
    """One line of any feed; None when HubSpot gave it no readable time."""
    if isinstance(row, wire.LoginEvent):
        return _login(row)
    if isinstance(row, wire.SecurityEvent):
        return _security(row)
    return _audit(row)


def events_of(rows: Iterable[FeedRow]) -> tuple[FeedEvent, ...]:
    """All lines that have a readable time."""
    return tuple(event for row in rows if (event := event_of(row)) is not None)


def last_logins(events: Iterable[FeedEvent]) -> dict[str, datetime]:
    """The newest successful log-in by settings user id."""
    newest: dict[str, datetime] = {}
    for event in events:
        if event.type == SUCCEEDED and event.actor_id is not None:
            known = newest.get(event.actor_id)
            if known is None or event.at > known:
                newest[event.actor_id] = event.at
    return newest


def _login(row: wire.LoginEvent) -> FeedEvent | None:
    at = moment(row.login_at)
    if at is None:
        return None
    return FeedEvent(
        feed=LOGIN,
        id=row.id,
        type=FAILED if row.login_succeeded is False else SUCCEEDED,
        at=at,
        actor_id=_id(row.user_id),
        actor_email=row.email or "",
        details=_told(
            ip=row.ip_address,
            location=row.location,
            country=row.country_code,
            region=row.region_code,
            user_agent=row.user_agent,
        ),
    )


def _security(row: wire.SecurityEvent) -> FeedEvent | None:
    at = moment(row.created_at)
    if at is None:
        return None
    return FeedEvent(
        feed=SECURITY,
        id=row.id,
        type=row.type,
        at=at,
        actor_id=_id(row.user_id),
        actor_email=row.acting_user or "",
        object_id=_id(row.object_id),
        details=_told(
            ip=row.ip_address,
            location=row.location,
            country=row.country_code,
            region=row.region_code,
            url=row.info_url,
        ),
    )


def _audit(row: wire.AuditEvent) -> FeedEvent | None:
    """The type is CATEGORY/SUBCATEGORY/ACTION, as far as told: HubSpot's words are free text."""
    at = moment(row.occurred_at)
    if at is None:
        return None
    actor = row.acting_user
    return FeedEvent(
        feed=AUDIT,
        id=row.id,
        type="/".join(part for part in (row.category, row.sub_category, row.action) if part),
        at=at,
        actor_id=None if actor is None else _id(actor.user_id),
        actor_email="" if actor is None else actor.user_email or "",
        object_id=_id(row.target_object_id),
    )


def _id(value: str | int | None) -> str | None:
    return None if value is None or value == "" else str(value)


def _told(**facts: str | None) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value}
