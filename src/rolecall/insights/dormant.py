"""Who has not been here for long? Never claims it without a source of last activity."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Mend, Severity
from rolecall.domain.snapshot import UserState
from rolecall.insights.activity import activity_of, evidence_of, idle_days, never_came
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "user.dormant",
    Severity.MEDIUM,
    title="Dormant user",
    why="A login nobody uses is watched by nobody; whoever takes it over stays unnoticed.",
    docs="Fires for an active user whose last activity is longer ago than the limit. The source "
    "is HubSpot's last-active property where the portal has one, else the log-in feed as far back "
    "as it was read. Users known to work by browser extension or mobile app are left out, since "
    "log-ins do not show them. Without any source nothing is claimed. High for a Super Admin.",
    thresholds=("dormant_days",),
)
def dormant_users(view: View) -> Iterator[Observation]:
    """Active users idle for longer than the limit."""
    for user in view.active:
        days = None if user.state is UserState.INVITED else idle_days(view, user)
        if days is None or days < view.thresholds.dormant_days or never_came(view, user):
            continue
        evidence = evidence_of(view, activity_of(view, user))
        mend = Mend("park", f"Park {user.email}: take teams, seat and permissions back, reversibly")
        severity = Severity.HIGH if user.super_admin else None
        message = f"no activity for {days} days"
        yield of_user(user, message, evidence=(evidence,), mend=mend, severity=severity)
