"""Which time-boxed elevations were not taken back? Proofs of the return are checked elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "elevation.overdue",
    Severity.HIGH,
    title="Elevation not taken back",
    why="Access that was given for an hour becomes access for good.",
    docs="Fires for a user whose elevation ended longer ago than the grace and was not taken back.",
    thresholds=("elevation_grace_hours",),
    alert=True,
)
def overdue_elevation(view: View) -> Iterator[Observation]:
    """Elevations still in place after their end."""
    grace = timedelta(hours=view.thresholds.elevation_grace_hours)
    for one in view.facts.elevations:
        user = view.users.get(one.user_id)
        if user is None or not user.present or one.returned_at is not None:
            continue
        if one.ends_at + grace <= view.now:
            fact = Evidence(
                f"elevated for {one.pack} until {one.ends_at:%Y-%m-%d %H:%M}", "journal"
            )
            mend = Mend("set_permission_set", f"Take the elevation of {user.email} back")
            message = f"elevation for {one.pack} ended {one.ends_at:%Y-%m-%d %H:%M}, still in place"
            yield of_user(user, message, evidence=(fact,), mend=mend)
