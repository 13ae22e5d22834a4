"""Who was let in and never came? Tells an unanswered invitation from one never sent."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.domain.snapshot import User
from rolecall.insights.activity import activity_of, evidence_of, never_came
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View

_INVITATION_EVENT = "MANUAL_REGISTRATION_EMAIL_SEND"


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
        sent = _invited(view).get(user.id)
        if sent is not False:
            yield _ghost(view, user, "invitation sent" if sent else "invitation not known")


@rule(
    "user.created-never-signed-in",
    Severity.MEDIUM,
    title="Created, never signed in",
    why="A user created without an invitation can still sign in; nobody may remember it exists.",
    docs="Fires for a user created longer ago than the limit who never signed in, when it is known "
    "that no invitation was sent (created through Rolecall without the welcome e-mail).",
    thresholds=("invitation_days",),
)
def created_never_signed_in(view: View) -> Iterator[Observation]:
    """Users who never signed in and were never invited."""
    for user in _ghosts(view):
        if _invited(view).get(user.id) is False:
            yield _ghost(view, user, "no invitation was sent")


def _ghosts(view: View) -> Iterator[User]:
    limit = view.ago(view.thresholds.invitation_days)
    for user in view.active:
        if user.created_at is not None and user.created_at <= limit and never_came(view, user):
            yield user


def _invited(view: View) -> dict[str, bool]:
    sent = {
        event.object_id: True
        for event in view.facts.events
        if event.type == _INVITATION_EVENT and event.object_id is not None
    }
    return {**view.facts.invitations, **sent}


def _ghost(view: View, user: User, invitation: str) -> Observation:
    assert user.created_at is not None
    days = view.days_since(user.created_at)
    facts: list[Evidence] = [view.seen(f"created {user.created_at:%Y-%m-%d}")]
    activity = activity_of(view, user)
    if activity.source:
        facts.append(evidence_of(view, activity))
    if user.state_estimated:
        facts.append(view.seen("invitation state is estimated; HubSpot's API does not tell it"))
    return of_user(
        user,
        f"created {days} days ago, never signed in; {invitation}",
        evidence=tuple(facts),
        mend=Mend("remove_user", f"Remove {user.email}, or invite again"),
    )
