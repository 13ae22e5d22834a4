"""One portal as the rules look at it: snapshot and facts with the lookups every rule needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rolecall.domain.finding import Evidence
from rolecall.domain.snapshot import FeedEvent, Snapshot, User, UserState
from rolecall.insights.facts import Facts
from rolecall.insights.thresholds import Thresholds

_CAME_IN = ("LOGIN_SUCCEEDED", "LOGIN")


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
    activity_source: str  # crm:<property> when the portal tells last activity, else ""

    def ago(self, days: float) -> datetime:
        """The moment this many days before now."""
        return self.now - timedelta(days=days)

    def days_since(self, moment: datetime) -> int:
        """Whole days from then to now."""
        return (self.now - moment).days

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
    for personal in thresholds.personal_domains:
        counted.pop(personal, None)
    # Three, so that in a small portal two agency people do not make their agency a home.
    enough = max(3, thresholds.business_domain_share * len(users))
    commonest = {domain for domain, _ in counted.most_common(1)}
    return frozenset(commonest | {domain for domain, count in counted.items() if count >= enough})


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
