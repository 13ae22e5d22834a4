"""One portal as the rules look at it: snapshot and facts with the lookups every rule needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rolecall.domain.finding import Evidence
from rolecall.domain.snapshot import FeedEvent, Snapshot, User, UserState
from rolecall.insights.facts import Facts
from rolecall.policy.thresholds import Thresholds

_INVITATION = "MANUAL_REGISTRATION_EMAIL_SEND"
_CAME_IN = ("LOGIN_SUCCEEDED", "LOGIN")


@dataclass(frozen=True, slots=True)
class Activity:
    """Last activity and its source; `source` is empty when nothing tells.

    `last_at` None means none since `silent_since`. `doubt` says why the answer may be wrong.
    """

    last_at: datetime | None = None
    source: str = ""
    silent_since: datetime | None = None
    doubt: str = ""

    @property
    def known(self) -> bool:
        """Some source tells, and nothing speaks against it."""
        return bool(self.source) and not self.doubt

    def idle_since(self) -> datetime | None:
        """The moment from which no activity is known; None when nothing tells."""
        return self.last_at or self.silent_since


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a user was created here; `exact` False means: at that moment at the latest."""

    at: datetime
    exact: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """What a rule may look at; `now` is the moment of the question."""

    snapshot: Snapshot
    facts: Facts
    thresholds: Thresholds
    now: datetime
    users: Mapping[str, User]  # by settings id
    present: tuple[User, ...]  # active, invited or deactivated humans
    active: tuple[User, ...]  # humans who can sign in, invited ones included
    business_domains: frozenset[str]
    last_logins: Mapping[str, datetime]  # newest successful log-in in the feed, by user id
    added: Mapping[str, datetime]  # when the security feed says a user was added, by user id
    invited: frozenset[str]  # users the security feed says an invitation was sent to
    activity_source: str  # crm:<property> when the portal tells last activity, else ""
    activities: dict[str, Activity] = field(default_factory=dict)  # asked once per user

    def ago(self, days: float) -> datetime:
        """The moment this many days before now."""
        return self.now - timedelta(days=days)

    def days_since(self, moment: datetime) -> int:
        """Whole days from then to now."""
        return (self.now - moment).days

    def arrival(self, user: User) -> Arrival | None:
        """When the user was created, as far as record or feed tell; None when nothing does."""
        known = user.created_at or self.added.get(user.id)
        if known is not None:
            return Arrival(known)
        since = self.facts.security_feed_since
        return None if since is None else Arrival(since, exact=False)

    def seen(self, fact: str) -> Evidence:
        """A fact the snapshot shows."""
        return Evidence(fact, "snapshot", self.snapshot.sealed_at)


def view_of(snapshot: Snapshot, facts: Facts, thresholds: Thresholds, now: datetime) -> View:
    """Everything looked up once."""
    humans = tuple(u for u in snapshot.users if u.state is not UserState.SERVICE and u.present)
    active = tuple(u for u in humans if u.state is not UserState.DEACTIVATED)
    return View(
        snapshot,
        facts,
        thresholds,
        now,
        users={user.id: user for user in snapshot.users},
        present=humans,
        active=active,
        business_domains=_business_domains(active, facts, thresholds),
        last_logins=_last_logins(facts.events),
        added={e.object_id: e.at for e in facts.events if e.type == "ADD_USER" and e.object_id},
        invited=frozenset(
            e.object_id for e in facts.events if e.type == _INVITATION and e.object_id
        ),
        activity_source=_activity_source(snapshot.users),
    )


def domain_of(email: str) -> str:
    """The part after the @, case-folded."""
    return email.rpartition("@")[2].casefold()


def _business_domains(
    users: tuple[User, ...], facts: Facts, thresholds: Thresholds
) -> frozenset[str]:
    if facts.business_domains:
        return frozenset(one.casefold() for one in facts.business_domains)
    counted = Counter(domain_of(user.email) for user in users if not is_partner(user))
    for domain in [one for one in counted if is_personal(one, thresholds)]:
        del counted[domain]
    # Three, so that in a small portal two agency people do not make their agency a home.
    enough = max(3, thresholds.business_domain_share * len(users))
    commonest = {domain for domain, _ in counted.most_common(1)}
    return frozenset(commonest | {domain for domain, count in counted.items() if count >= enough})


def is_personal(domain: str, thresholds: Thresholds) -> bool:
    """At a free mail provider, named in full or by the first part of its domain."""
    provider = domain.partition(".")[0]
    return domain in thresholds.personal_domains or provider in thresholds.personal_providers


def is_partner(user: User) -> bool:
    """Holds HubSpot's free seat for people of a partner agency."""
    return user.seat_names is not None and "Partner" in user.seat_names


def _last_logins(events: tuple[FeedEvent, ...]) -> Mapping[str, datetime]:
    newest: dict[str, datetime] = {}
    for event in events:
        if event.feed != "login" or event.actor_id is None or event.type not in _CAME_IN:
            continue
        known = newest.get(event.actor_id)
        newest[event.actor_id] = event.at if known is None else max(known, event.at)
    return newest


def _activity_source(users: tuple[User, ...]) -> str:
    sources = (user.last_active_source for user in users)
    return next((source for source in sources if source.startswith("crm:")), "")
