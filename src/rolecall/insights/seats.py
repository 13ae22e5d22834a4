"""Which paid seats does nobody use? Never claims it of users whose activity cannot be seen."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Mend, Severity
from rolecall.domain.snapshot import User
from rolecall.insights.activity import activity_of, evidence_of, idle_days, never_came
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View
from rolecall.plan.seats import is_free


@rule(
    "seat.unused",
    Severity.MEDIUM,
    title="Paid seat unused",
    why="A paid seat is billed every month whether or not somebody works with it.",
    docs="Fires for an active user with a paid seat and no activity for the limit, or who never "
    "signed in. Free seats (View-Only, Partner) and deactivated users, whose seat HubSpot does not "
    "count, do not fire; neither do users who work by extension, or whose activity nothing tells.",
    thresholds=("seat_idle_days", "invitation_days"),
)
def paid_seat_unused(view: View) -> Iterator[Observation]:
    """Active users with a paid seat they do not use."""
    for user in view.active:
        paid = paid_seats(user)
        reason = _idle(view, user) if paid else ""
        if reason:
            shown = ", ".join(paid)
            evidence = (evidence_of(view, activity_of(view, user)), view.seen(f"seat {shown}"))
            mend = Mend("set_seats", f"Move {user.email} to View-Only", {"seats": "View-Only"})
            yield of_user(user, f"{shown}: {reason}", evidence=evidence, mend=mend)


def paid_seats(user: User) -> tuple[str, ...]:
    """The seats of a user that cost money; empty where the API does not tell seats."""
    return tuple(one for one in user.seat_names or () if not is_free(one))


def _idle(view: View, user: User) -> str:
    if never_came(view, user):
        arrival, limit = view.arrival(user), view.ago(view.thresholds.invitation_days)
        return "never signed in" if arrival is not None and arrival.at <= limit else ""
    days = idle_days(view, user)
    if days is None or days < view.thresholds.seat_idle_days:
        return ""
    return f"not used for {days} days"
