"""One transaction with a repository per noun; audit lines and notices are written with the act.

Nothing here commits early: leaving `Database.begin` does, or rolls everything back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from rolecall.domain.actor import Actor, AuditEvent
from rolecall.domain.events import Event
from rolecall.domain.snapshot import EMPTY
from rolecall.kit.errors import Broken
from rolecall.kit.ids import uuid7
from rolecall.kit.logs import about_now
from rolecall.store.outbox import Notice
from rolecall.store.rows import Repository

if TYPE_CHECKING:
    from rolecall.store.answers import Answers
    from rolecall.store.api_tokens import ApiTokens
    from rolecall.store.assignments import Assignments
    from rolecall.store.audit import Audit
    from rolecall.store.credentials import Credentials
    from rolecall.store.evidence import Evidence
    from rolecall.store.feeds import Feeds
    from rolecall.store.findings import Findings
    from rolecall.store.handovers import HandOvers
    from rolecall.store.import_apps import ImportApps
    from rolecall.store.journal import Journal
    from rolecall.store.keys import KeyRing
    from rolecall.store.links import Links
    from rolecall.store.notice_deliveries import NoticeDeliveries
    from rolecall.store.oauth_apps import OAuthApps
    from rolecall.store.operators import Operators
    from rolecall.store.outbox import Outbox
    from rolecall.store.people import People
    from rolecall.store.plans import Overrides, Plans, Tasks
    from rolecall.store.policies import Policies
    from rolecall.store.portals import Portals
    from rolecall.store.preferences import Preferences
    from rolecall.store.quota import DailyUse
    from rolecall.store.requests import Requests
    from rolecall.store.reviews import Reviews
    from rolecall.store.scim import Scim
    from rolecall.store.sessions import Sessions, SignInTries
    from rolecall.store.snapshots import Snapshots
    from rolecall.store.syncs import Syncs
    from rolecall.store.users import Users
    from rolecall.store.webhooks import Webhooks


# What a line says of the request it was written in, where there is one; logs use the same words.
REQUEST_FACTS = ("request_id", "correlation_id")


def _request_now() -> dict[str, str]:
    """The ids of the request that is answered now, or whose work goes on behind its answer."""
    known = about_now()
    return {name: known[name] for name in REQUEST_FACTS if name in known}


@dataclass(slots=True)
class View:
    """Every repository over one transaction; `now` is when it began, by the given clock.

    Each repository is loaded when it is asked for: a command that lists users must not pay for
    plans, reviews and sessions.
    """

    connection: AsyncConnection
    now: datetime
    keys: KeyRing | None = field(default=None, repr=False)

    @property
    def answers(self) -> Answers:
        """Answers kept under idempotency keys."""
        from rolecall.store.answers import Answers

        return Answers(self.connection)

    @property
    def api_tokens(self) -> ApiTokens:
        """API tokens, by the hash of their secret."""
        from rolecall.store.api_tokens import ApiTokens

        return ApiTokens(self.connection)

    @property
    def audit(self) -> Audit:
        """The hash-chained audit trail."""
        from rolecall.store.audit import Audit

        return Audit(self.connection)

    @property
    def credentials(self) -> Credentials:
        """Secrets, encrypted."""
        from rolecall.store.credentials import Credentials

        return Credentials(self.connection, self.keys)

    @property
    def daily_use(self) -> DailyUse:
        """Requests made per portal, day and share."""
        from rolecall.store.quota import DailyUse

        return DailyUse(self.connection)

    @property
    def feeds(self) -> Feeds:
        """HubSpot's activity feeds."""
        from rolecall.store.feeds import Feeds

        return Feeds(self.connection)

    @property
    def import_apps(self) -> ImportApps:
        """Apps HubSpot calls us for as a source of users."""
        from rolecall.store.import_apps import ImportApps

        return ImportApps(self.connection)

    @property
    def links(self) -> Links:
        """One-time links."""
        from rolecall.store.links import Links

        return Links(self.connection)

    @property
    def notice_deliveries(self) -> NoticeDeliveries:
        """Notices on their way over the installation's channels."""
        from rolecall.store.notice_deliveries import NoticeDeliveries

        return NoticeDeliveries(self.connection)

    @property
    def oauth_apps(self) -> OAuthApps:
        """OAuth apps portals are connected with."""
        from rolecall.store.oauth_apps import OAuthApps

        return OAuthApps(self.connection)

    @property
    def operators(self) -> Operators:
        """Who may sign in, and how they prove it."""
        from rolecall.store.operators import Operators

        return Operators(self.connection)

    @property
    def outbox(self) -> Outbox:
        """Notices on their way out."""
        from rolecall.store.outbox import Outbox

        return Outbox(self.connection)

    @property
    def plain(self) -> Repository:
        """Rows of small tables that need no repository of their own."""
        return Repository(self.connection)

    @property
    def portals(self) -> Portals:
        """Connected portals."""
        from rolecall.store.portals import Portals

        return Portals(self.connection)

    @property
    def preferences(self) -> Preferences:
        """What people chose; saved reports."""
        from rolecall.store.preferences import Preferences

        return Preferences(self.connection)

    @property
    def requests(self) -> Requests:
        """Access requests."""
        from rolecall.store.requests import Requests

        return Requests(self.connection)

    @property
    def reviews(self) -> Reviews:
        """Campaigns, their items and schedules."""
        from rolecall.store.reviews import Reviews

        return Reviews(self.connection)

    @property
    def scim(self) -> Scim:
        """SCIM clients and what they pushed."""
        from rolecall.store.scim import Scim

        return Scim(self.connection)

    @property
    def sessions(self) -> Sessions:
        """Signed-in browsers."""
        from rolecall.store.sessions import Sessions

        return Sessions(self.connection)

    @property
    def sign_in_tries(self) -> SignInTries:
        """Tries to sign in, for limits."""
        from rolecall.store.sessions import SignInTries

        return SignInTries(self.connection)

    @property
    def snapshots(self) -> Snapshots:
        """What is, and what was."""
        from rolecall.store.snapshots import Snapshots

        return Snapshots(self.connection)

    @property
    def syncs(self) -> Syncs:
        """Syncs and their checkpoints."""
        from rolecall.store.syncs import Syncs

        return Syncs(self.connection)

    @property
    def users(self) -> Users:
        """Users of a portal."""
        from rolecall.store.users import Users

        return Users(self.connection)

    @property
    def webhooks(self) -> Webhooks:
        """Where notices are posted to."""
        from rolecall.store.webhooks import Webhooks

        return Webhooks(self.connection)

    @property
    def assignments(self) -> Assignments:
        """Who should hold what."""
        from rolecall.store.assignments import Assignments

        return Assignments(self.connection)

    @property
    def evidence(self) -> Evidence:
        """Users exports, attestations, learned facts."""
        from rolecall.store.evidence import Evidence

        return Evidence(self.connection)

    @property
    def findings(self) -> Findings:
        """What is wrong, since when, and the leaves to break a rule."""
        from rolecall.store.findings import Findings

        return Findings(self.connection)

    @property
    def handovers(self) -> HandOvers:
        """Records that change hands."""
        from rolecall.store.handovers import HandOvers

        return HandOvers(self.connection)

    @property
    def journal(self) -> Journal:
        """Effects and receipts of plans."""
        from rolecall.store.journal import Journal

        return Journal(self.connection)

    @property
    def overrides(self) -> Overrides:
        """One-shot leaves to pass a guardrail."""
        from rolecall.store.plans import Overrides

        return Overrides(self.connection)

    @property
    def people(self) -> People:
        """The humans behind users."""
        from rolecall.store.people import People

        return People(self.connection)

    @property
    def plans(self) -> Plans:
        """What will be."""
        from rolecall.store.plans import Plans

        return Plans(self.connection)

    @property
    def policies(self) -> Policies:
        """Policy texts in force."""
        from rolecall.store.policies import Policies

        return Policies(self.connection)

    @property
    def tasks(self) -> Tasks:
        """What only a person can do."""
        from rolecall.store.plans import Tasks

        return Tasks(self.connection)


@dataclass(slots=True)
class UnitOfWork(View):
    """A writing transaction of one actor, for one reason."""

    actor: Actor = field(kw_only=True)
    reason: str = field(kw_only=True)
    _events: list[AuditEvent] = field(default_factory=list)
    _notices: list[Notice] = field(default_factory=list)

    def record(
        self,
        event: Event,
        *,
        subject: str = "",
        hub_id: int | None = None,
        details: Mapping[str, str] = EMPTY,
        reason: str | None = None,
    ) -> None:
        """Leave a line in the audit trail, written when this transaction commits.

        Raises Broken where there is no reason: every act has one.
        """
        why = self.reason if reason is None else reason
        if not why:
            raise Broken(f"An audited act needs a reason: {event.value}")
        at, told = self.now, {**details, **_request_now()}
        line = AuditEvent(event.value, self.actor.id, at, why, hub_id, subject, told)
        self._events.append(line)
        if event.topic:
            facts = {event.source: subject, "by": self.actor.id, "reason": why, **details}
            self.notify(event.topic, facts, hub_id=hub_id)

    def notify(self, topic: str, payload: Mapping[str, str], *, hub_id: int | None = None) -> None:
        """Queue a notice, sent by one service after this transaction commits."""
        self._notices.append(Notice(uuid7(), topic, hub_id, dict(payload), self.now))

    async def flush(self) -> None:
        """Write what was recorded; the database does it last, so the chain's end is held shortly."""
        await self.outbox.append(self._notices)
        await self.audit.append(self._events)
        self._notices.clear()
        self._events.clear()
