"""Who belongs to no team? Never asked of portals that have no teams."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Mend, Severity
from rolecall.domain.snapshot import User, UserState
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "user.no-team",
    Severity.LOW,
    title="No team",
    why="Team-only permissions give such a user nothing, or everything is opened to make up for "
    "it; reports and routing miss the user.",
    docs="Fires for an active user without a main and without any extra team, in a portal that "
    "has teams. Super Admins, invited users and users newer than the limit are left out.",
    thresholds=("new_user_days",),
)
def no_team(view: View) -> Iterator[Observation]:
    """Active users in no team."""
    if not view.snapshot.teams:
        return
    for user in view.active:
        if _teamless(view, user):
            mend = Mend("set_main_team", f"Give {user.email} a main team")
            fact = view.seen("neither main nor extra team")
            yield of_user(user, "belongs to no team", evidence=(fact,), mend=mend)


def _teamless(view: View, user: User) -> bool:
    if user.main_team_id or user.extra_team_ids or user.super_admin:
        return False
    if user.state is UserState.INVITED:
        return False
    return user.created_at is None or user.created_at <= view.ago(view.thresholds.new_user_days)
