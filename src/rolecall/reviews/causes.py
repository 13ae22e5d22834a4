"""When campaigns open by themselves: on a calendar, and for events in a portal. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rolecall.domain.finding import Finding
from rolecall.domain.review import Cadence, CampaignOrder, Scope
from rolecall.domain.snapshot import FeedEvent, User

MONTHS = {
    Cadence.MONTHLY: 1,
    Cadence.QUARTERLY: 3,
    Cadence.SEMI_ANNUAL: 6,
    Cadence.YEARLY: 12,
}
EVENT_DUE_DAYS = 7
MOVER = "mover"
INSTALLED, UNINSTALLED = "INSTALL_INTEGRATION", "UNINSTALL_INTEGRATION"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a campaign opens; `key` makes sure it opens once."""

    key: str
    order: CampaignOrder


def following(at: datetime, cadence: Cadence) -> datetime:
    """The same moment some months later, on the last day where a month is too short."""
    months = at.month - 1 + MONTHS[cadence]
    year, month = at.year + months // 12, months % 12 + 1
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))


def next_after(at: datetime, cadence: Cadence, now: datetime) -> datetime:
    """The next turn after now: a server that slept for a year opens one campaign, not four."""
    turn = following(at, cadence)
    while turn <= now:
        turn = following(turn, cadence)
    return turn


def of_users(
    hub_id: int, before: Iterable[User], after: Iterable[User], snapshot_id: str
) -> tuple[Cause, ...]:
    """New Super Admins and people whose place changed, between two pictures."""
    known = {user.id: user for user in before}
    causes = []
    for user in after:
        former = known.get(user.id)
        if not user.present:
            continue
        if user.super_admin and (former is None or not former.super_admin):
            causes.append(_of(hub_id, "new super admin", user, snapshot_id, admins=True))
        elif former is not None and _moved(former, user):
            causes.append(_of(hub_id, MOVER, user, snapshot_id))
    return tuple(causes)


def _moved(before: User, after: User) -> bool:
    title = "hs_job_title"
    changed_title = before.profile.get(title, "") != after.profile.get(title, "")
    changed_team = before.main_team_id != after.main_team_id
    return (changed_title and bool(before.profile.get(title))) or (
        changed_team and before.main_team_id is not None
    )


def _of(hub_id: int, trigger: str, user: User, token: str, *, admins: bool = False) -> Cause:
    order = _order(trigger, user.email, admins=admins)
    return Cause(f"{hub_id}:{trigger}:{user.id}:{token}", order)


def _order(trigger: str, email: str, *, admins: bool = False) -> CampaignOrder:
    """A campaign about one user."""
    scope = Scope(users=(email.casefold(),), super_admins_only=admins)
    title = f"{trigger.capitalize()}: {email}"
    return CampaignOrder(title, scope, due_days=EVENT_DUE_DAYS, trigger=trigger)


def of_moves(hub_id: int, moved: Mapping[str, str]) -> tuple[Cause, ...]:
    """Users whose person changed place by a people list; `moved` is their e-mail by move."""
    return tuple(
        Cause(f"{hub_id}:{MOVER}:{move}", _order(MOVER, email)) for move, email in moved.items()
    )


def of_findings(hub_id: int, found: Iterable[tuple[str, Finding]]) -> tuple[Cause, ...]:
    """Dormant users and users of people who left; each opened finding (by its id) once."""
    triggers = {"user.dormant": "dormant", "person.left": "left"}
    causes = []
    for finding_id, finding in found:
        trigger = triggers.get(finding.rule)
        if trigger is None or "@" not in finding.subject:
            continue
        order = _order(trigger, finding.subject)
        causes.append(Cause(f"{hub_id}:{trigger}:{finding_id}", order))
    return tuple(causes)


def of_events(hub_id: int, events: Iterable[FeedEvent]) -> tuple[Cause, ...]:
    """Integrations installed or removed: whoever did it, and the Super Admins, are looked at."""
    words = {INSTALLED: "integration installed", UNINSTALLED: "integration removed"}
    causes = []
    for event in events:
        trigger = words.get(event.type)
        if trigger is None or not event.actor_email:
            continue
        scope = Scope(users=(event.actor_email.casefold(),))
        title = f"{trigger.capitalize()} by {event.actor_email}"
        order = CampaignOrder(title, scope, due_days=EVENT_DUE_DAYS, trigger=trigger)
        causes.append(Cause(f"{hub_id}:{trigger}:{event.id}", order))
    return tuple(causes)
