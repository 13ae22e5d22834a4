"""Activity feeds: log-ins (90 days), security events, audit log (Enterprise), newest first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from rolecall.hubspot.connection import Connected
from rolecall.hubspot.operation import Operation
from rolecall.hubspot.paging import pages
from rolecall.hubspot.versions import ACCOUNT
from rolecall.hubspot.wire import AuditEvent, Listed, LoginEvent, SecurityEvent
from rolecall.kit.paging import Page

PAGE = 200  # documented maximum

LOGIN = Operation("GET", ACCOUNT, "/activity/login", Listed[LoginEvent], collection=True)
SECURITY = Operation("GET", ACCOUNT, "/activity/security", Listed[SecurityEvent], collection=True)
AUDIT = Operation("GET", ACCOUNT, "/activity/audit-logs", Listed[AuditEvent], collection=True)


class FeedReads(Connected):
    """Reads of the feeds; MissingScopes without `account-info.security.read`."""

    __slots__ = ()

    def login_feed(
        self, *, user_id: str | None = None, after: str | None = None, max_pages: int | None = None
    ) -> AsyncIterator[Page[LoginEvent]]:
        """Log-ins of the last 90 days from a cursor on; no time filter exists."""
        query = {} if user_id is None else {"userId": user_id}
        return pages(
            self.connection, LOGIN, query=query, limit=PAGE, after=after, max_pages=max_pages
        )

    def security_feed(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        user_id: str | None = None,
        after: str | None = None,
        max_pages: int | None = None,
    ) -> AsyncIterator[Page[SecurityEvent]]:
        """Security events between two aware times."""
        query = {} if user_id is None else {"userId": user_id}
        if since is not None:
            query["fromTimestamp"] = str(int(since.timestamp() * 1000))
        if until is not None:
            query["toTimestamp"] = str(int(until.timestamp() * 1000))
        return pages(
            self.connection, SECURITY, query=query, limit=PAGE, after=after, max_pages=max_pages
        )

    def audit_feed(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        after: str | None = None,
        max_pages: int | None = None,
    ) -> AsyncIterator[Page[AuditEvent]]:
        """Audit log between two aware times; FeatureMissing or Forbidden below Enterprise."""
        query = {}
        if since is not None:
            query["occurredAfter"] = _iso(since)
        if until is not None:
            query["occurredBefore"] = _iso(until)
        return pages(
            self.connection, AUDIT, query=query, limit=PAGE, after=after, max_pages=max_pages
        )


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
