"""Are there more Super Admins than a portal needs? Never counts deactivated ones."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.domain.snapshot import User
from rolecall.insights.activity import activity_of, evidence_of
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "super-admin.sprawl",
    Severity.HIGH,
    title="More Super Admins than needed",
    why="A Super Admin can read, export and delete everything and make others Super Admin; "
    "every further one is a further way in.",
    docs="Fires for each active Super Admin who is not named as allowed, once the portal has more "
    "than the limit. The mend is a manual task, because HubSpot lets no API demote a Super Admin.",
    thresholds=("max_super_admins", "max_super_admin_share"),
)
def super_admin_sprawl(view: View) -> Iterator[Observation]:
    """Each Super Admin beyond the named ones, where there are more than the limit."""
    holders = [user for user in view.active if user.super_admin]
    share = int(view.thresholds.max_super_admin_share * len(view.active))
    limit = max(view.thresholds.max_super_admins, share)
    if len(holders) <= limit:
        return
    for user in holders:
        if user.email.casefold() not in view.facts.allowed_super_admins:
            yield _surplus(view, user, len(holders), limit)


def _surplus(view: View, user: User, count: int, limit: int) -> Observation:
    facts: list[Evidence] = [view.seen(f"Super Admin; {count} in this portal, limit {limit}")]
    activity = activity_of(view, user)
    if activity.source:
        facts.append(evidence_of(view, activity))
    mend = Mend(
        "manual",
        f"Demote {user.email} in HubSpot: Settings > Users & Teams > the user > Edit permissions",
        {"proof": "state:user.super_admin=false"},
    )
    message = f"one of {count} Super Admins; {limit} should be enough"
    return of_user(user, message, evidence=tuple(facts), mend=mend)
