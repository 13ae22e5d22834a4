"""Builders of domain values for unit tests: a user, a snapshot, an event, with plain defaults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs

from rolecall.domain.snapshot import FeedEvent, PermissionSet, Seat, Snapshot, Team, User

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_PLAIN = User(
    id="1",
    email="anna.berg@acme.test",
    first_name="Anna",
    last_name="Berg",
    main_team_id="10",
    seat_names=("Core",),
    last_active_at=NOW - timedelta(days=1),
    last_active_source="crm:hs_last_active",
    created_at=NOW - timedelta(days=400),
)


def days_ago(days: float) -> datetime:
    """The moment this many days before NOW."""
    return NOW - timedelta(days=days)


def a_user(user_id: str | int, email: str = "", **changes: Any) -> User:
    """An active, unremarkable user; `changes` are fields of User."""
    name = f"Name{user_id}"
    changes.setdefault("first_name", name)
    changes.setdefault("last_name", f"Family{user_id}")
    return structs.replace(
        _PLAIN, id=str(user_id), email=email or f"{name.lower()}@acme.test", **changes
    )


def a_snapshot(users: Iterable[User], **changes: Any) -> Snapshot:
    """A complete snapshot with one team, two sets and two seats."""
    plain = Snapshot(
        hub_id=42,
        id="snapshot-1",
        started_at=days_ago(0.01),
        sealed_at=NOW,
        complete=True,
        users=tuple(users),
        permission_sets=(PermissionSet("100", "Sales Rep"), PermissionSet("101", "Exporter")),
        teams=(Team("10", "Sales"),),
        seats=(Seat("Core", remaining=3), Seat("View-Only")),
    )
    return replace(plain, **changes)


def an_event(event_type: str, at: datetime = NOW, **changes: Any) -> FeedEvent:
    """A security event by nobody on nothing."""
    changes.setdefault("feed", "security")
    return FeedEvent(id=f"{event_type}-{at.isoformat()}", type=event_type, at=at, **changes)
