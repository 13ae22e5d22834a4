"""Who was let in and never came? Tells an unanswered invitation from one never sent."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.domain.snapshot import User
from rolecall.insights.activity import activity_of, evidence_of, never_came
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "user.invited-never-came",
    Severity.MEDIUM,
    title="Invited, never came",
    why="An open invitation is a way in for whoever reads that mailbox, and may hold a paid seat.",
    docs="Fires for a user created longer ago than the limit who never signed in, when an "
    "invitation was sent or nothing tells whether one was. HubSpot's API does not show "
    "invitations, so the state is estimated and the finding says so.",
    thresholds=("invitation_days",),
)
def invited_never_came(view: View) -> Iterator[Observation]:
    """Users who never signed in although an invitation went out, or may have."""
    for user in _ghosts(view):
        sent = _invited(view, user)
        if sent is not False:
            yield _ghost(view, user, "invitation sent" if sent else "invitation not known")


@rule(
    "user.created-never-signed-in",
    Severity.MEDIUM,
    title="Created, never signed in",
    why="A user created without an invitation can still sign in; nobody may remember it exists.",
    docs="Fires for a user created longer ago than the limit who never signed in, when it is known "
    "that no invitation was sent: created through Rolecall without the welcome e-mail, or the "
    "security feed reaches back to the creation and shows none.",
    thresholds=("invitation_days",),
)
def created_never_signed_in(view: View) -> Iterator[Observation]:
    """Users who never signed in and were never invited."""
    for user in _ghosts(view):
        if _invited(view, user) is False:
            yield _ghost(view, user, "no invitation was sent")


def _ghosts(view: View) -> Iterator[User]:
    limit = view.ago(view.thresholds.invitation_days)
    for user in view.active:
        arrival = view.arrival(user)
        if arrival is not None and arrival.at <= limit and never_came(view, user):
            yield user


def _invited(view: View, user: User) -> bool | None:
    told = view.facts.invitations.get(user.id)
    if told is not None or user.id in view.invited:
        return told or user.id in view.invited
    since, arrival = view.facts.security_feed_since, view.arrival(user)
    if since is None or arrival is None or not arrival.exact or arrival.at < since:
        return None
    return False


def _ghost(view: View, user: User, invitation: str) -> Observation:
    arrival = view.arrival(user)
    assert arrival is not None
    days = view.days_since(arrival.at)
    least = "" if arrival.exact else "at least "
    by = "" if arrival.exact else "by "
    facts: list[Evidence] = [view.seen(f"created {by}{arrival.at:%Y-%m-%d}")]
    activity = activity_of(view, user)
    if activity.source:
        facts.append(evidence_of(view, activity))
    if user.state_estimated:
        facts.append(view.seen("invitation state is estimated; HubSpot's API does not tell it"))
    return of_user(
        user,
        f"created {least}{days} days ago, never signed in; {invitation}",
        evidence=tuple(facts),
        mend=Mend("remove_user", f"Remove {user.email}, or invite again"),
    )
