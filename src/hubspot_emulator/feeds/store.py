"""The three feeds of one portal: append, then read newest first by a cursor that stays put.

Knows no HTTP and no identities: people are settings user ids, routes look their names up.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

LOGIN_RETENTION = timedelta(days=90)  # what the login feed still shows [docs]
MOBILE_RETENTION = timedelta(days=30)  # log-ins by the mobile app vanish earlier [kb]
HUBSPOT_ITSELF = 0  # actor of what no person did, such as the automatic deactivation


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request came from, as far as the feeds tell it."""

    ip: str = "198.51.100.7"
    location: str = "berlin, germany"
    country: str = "de"
    region: str = "be"


ELSEWHERE = Place()


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """One row of the security feed; `type` is one of HubSpot's enum values."""

    id: int
    at: datetime
    type: str
    actor_id: int
    target_id: int | None = None
    object_id: str | None = None
    info_url: str | None = None
    place: Place = ELSEWHERE


@dataclass(frozen=True, slots=True)
class LoginEvent:
    """One attempt to sign in."""

    id: int
    at: datetime
    user_id: int | None
    email: str
    succeeded: bool = True
    mobile: bool = False
    user_agent: str = "Mozilla/5.0 (X11; Linux x86_64)"
    place: Place = ELSEWHERE


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One row of the central audit log (Enterprise)."""

    id: int
    at: datetime
    category: str
    action: str
    actor_id: int
    sub_category: str | None = None
    target_id: str | None = None


@dataclass(frozen=True, slots=True)
class PermissionChange:
    """One line of a user's permission history, which no API shows."""

    id: int
    at: datetime
    user_id: int
    permission_id: str
    action: str  # create | delete
    actor_id: int


class _Dated(Protocol):
    @property
    def id(self) -> int: ...

    @property
    def at(self) -> datetime: ...


Row = TypeVar("Row", bound=_Dated)
_by_time = attrgetter("at", "id")


@dataclass(slots=True)
class Feed(Generic[Row]):
    """Rows of one kind, kept in the order of their time; late arrivals find their place."""

    rows: list[Row] = field(default_factory=list)
    _sorted: bool = True

    def add(self, row: Row) -> Row:
        """Append a row; sorting waits until somebody reads."""
        self._sorted = self._sorted and (not self.rows or _by_time(self.rows[-1]) <= _by_time(row))
        self.rows.append(row)
        return row

    def page(
        self,
        limit: int,
        after: str | None = None,
        keep: Callable[[Row], bool] | None = None,
        *,
        oldest_first: bool = False,
    ) -> tuple[list[Row], str | None]:
        """At most `limit` rows, newest first, and the cursor of the rest (None at the end).

        The cursor names the last row given, so rows added meanwhile shift nothing.
        ValueError when the cursor is not one of ours.
        """
        rows = self.in_order()
        following = (rows[at] for at in self._places(after, oldest_first))
        kept = (row for row in following if keep is None or keep(row))
        found = list(islice(kept, limit + 1))
        if len(found) <= limit:
            return found, None
        return found[:limit], cursor_of(found[limit - 1])

    def _places(self, after: str | None, oldest_first: bool) -> range:
        bound = None if after is None else _parse_cursor(after)
        if oldest_first:
            begin = 0 if bound is None else bisect_right(self.rows, bound, key=_micros)
            return range(begin, len(self.rows))
        end = len(self.rows) if bound is None else bisect_left(self.rows, bound, key=_micros)
        return range(end - 1, -1, -1)

    def in_order(self) -> list[Row]:
        """All rows, oldest first; a view, not a copy."""
        if not self._sorted:
            self.rows.sort(key=_by_time)
            self._sorted = True
        return self.rows


def _micros(row: _Dated) -> tuple[int, int]:
    return round(row.at.timestamp() * 1_000_000), row.id


def cursor_of(row: _Dated) -> str:
    """The `after` value of the rows older than this one."""
    micros, row_id = _micros(row)
    return f"{micros}-{row_id}"


def _parse_cursor(text: str) -> tuple[int, int]:
    micros, dash, row_id = text.partition("-")
    if not dash or not (_is_number(micros) and _is_number(row_id)):
        raise ValueError(f"unknown cursor {text!r}")
    return int(micros), int(row_id)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


@dataclass(slots=True)
class FeedStore:
    """Everything one portal remembers about what happened in it."""

    security: Feed[SecurityEvent] = field(default_factory=lambda: Feed[SecurityEvent]())
    logins: Feed[LoginEvent] = field(default_factory=lambda: Feed[LoginEvent]())
    audit: Feed[AuditEvent] = field(default_factory=lambda: Feed[AuditEvent]())
    permissions: Feed[PermissionChange] = field(default_factory=lambda: Feed[PermissionChange]())
    _last_id: int = 0

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def record_security(
        self,
        type: str,  # noqa: A002 - HubSpot's own word for it
        at: datetime,
        actor_id: int,
        target_id: int | None = None,
        *,
        object_id: str | None = None,
        info_url: str | None = None,
        place: Place = ELSEWHERE,
    ) -> SecurityEvent:
        """Write one security event; `target_id` is the user it was done to, if to a user."""
        shown = object_id if object_id is not None or target_id is None else str(target_id)
        event = SecurityEvent(
            self._next_id(), at, type, actor_id, target_id, shown, info_url, place
        )
        return self.security.add(event)

    def record_login(
        self,
        at: datetime,
        user_id: int | None,
        email: str,
        *,
        succeeded: bool = True,
        mobile: bool = False,
        user_agent: str = "Mozilla/5.0 (X11; Linux x86_64)",
        place: Place = ELSEWHERE,
    ) -> LoginEvent:
        """Write one attempt to sign in; `user_id` None when the address is nobody's."""
        event = LoginEvent(
            self._next_id(), at, user_id, email, succeeded, mobile, user_agent, place
        )
        return self.logins.add(event)

    def record_audit(
        self,
        category: str,
        action: str,
        at: datetime,
        actor_id: int,
        *,
        sub_category: str | None = None,
        target_id: str | None = None,
    ) -> AuditEvent:
        """Write one line of the central audit log; categories are free strings."""
        event = AuditEvent(self._next_id(), at, category, action, actor_id, sub_category, target_id)
        return self.audit.add(event)

    def record_permission(
        self, user_id: int, permission_id: str, action: str, at: datetime, actor_id: int
    ) -> PermissionChange:
        """Write that a permission was given (`create`) or taken (`delete`)."""
        change = PermissionChange(self._next_id(), at, user_id, permission_id, action, actor_id)
        return self.permissions.add(change)

    def login_page(
        self,
        now: datetime,
        limit: int,
        after: str | None = None,
        user_id: int | None = None,
    ) -> tuple[list[LoginEvent], str | None]:
        """Log-ins still shown at `now`, newest first: 90 days, by the mobile app 30."""

        def shown(row: LoginEvent) -> bool:
            oldest = now - (MOBILE_RETENTION if row.mobile else LOGIN_RETENTION)
            return row.at >= oldest and user_id in (None, row.user_id)

        return self.logins.page(limit, after, shown)
