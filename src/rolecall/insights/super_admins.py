"""Are there more Super Admins than a portal needs? Never counts deactivated ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.domain.snapshot import User, UserState
from rolecall.insights.activity import activity_of, evidence_of
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "super-admin.sprawl",
    Severity.HIGH,
    title="More Super Admins than needed",
    why="A Super Admin can read, export and delete everything and make others Super Admin; "
    "every further one is a further way in.",
    docs="Fires for each active Super Admin beyond the limit. Who stays within it is chosen in this "
    "order: named as allowed, humans before apps, a job title of system administration, the longest in the portal. "
    "The mend is a manual task, because HubSpot lets no API demote a Super Admin.",
    thresholds=("max_super_admins", "max_super_admin_share", "admin_titles"),
)
def super_admin_sprawl(view: View) -> Iterator[Observation]:
    """The Super Admins beyond the limit, the least justified ones."""
    holders = _holders(view)
    share = int(view.thresholds.max_super_admin_share * len(view.active))
    limit = max(view.thresholds.max_super_admins, share)
    holders.sort(key=lambda user: _justified(view, user))
    for user in holders[limit:]:
        if user.email.casefold() not in view.facts.allowed_super_admins:
            yield _surplus(view, user, len(holders), limit)


@rule(
    "super-admin.not-named",
    Severity.HIGH,
    title="Super Admin nobody named",
    why="Who may hold the highest right is a decision somebody should have taken.",
    docs="Fires for each active Super Admin who is not on the operator's list of allowed ones. "
    "Silent while there is no such list.",
)
def super_admin_not_named(view: View) -> Iterator[Observation]:
    """Super Admins missing from the operator's list."""
    allowed = view.facts.allowed_super_admins
    for user in _holders(view) if allowed else ():
        if user.email.casefold() not in allowed:
            fact = view.seen(f"Super Admin, not among the {len(allowed)} allowed")
            mend = _demote(user)
            yield of_user(user, "Super Admin without being named", evidence=(fact,), mend=mend)


def _holders(view: View) -> list[User]:
    """Everybody who can act as Super Admin now, apps included."""
    return [user for user in view.snapshot.users if user.acts_as_super_admin]


def _justified(view: View, user: User) -> tuple[bool, bool, bool, float, str]:
    named = user.email.casefold() in view.facts.allowed_super_admins
    words = set(re.findall(r"[\w-]+", user.profile.get("hs_job_title", "").casefold()))
    since = user.created_at.timestamp() if user.created_at else 0.0
    service = user.state is UserState.SERVICE
    untitled = words.isdisjoint(view.thresholds.admin_titles)
    return (not named, service, untitled, since, user.id)


def _surplus(view: View, user: User, count: int, limit: int) -> Observation:
    facts: list[Evidence] = [view.seen(f"Super Admin; {count} in this portal, limit {limit}")]
    activity = activity_of(view, user)
    if activity.source:
        facts.append(evidence_of(view, activity))
    message = f"one of {count} Super Admins; {limit} should be enough"
    return of_user(user, message, evidence=tuple(facts), mend=_demote(user))


def _demote(user: User) -> Mend:
    return Mend(
        "manual",
        f"Demote {user.email} in HubSpot: Settings > Users & Teams > the user > Edit permissions",
        {"proof": "state:user.super_admin=false"},
    )
