"""Whose access changed between two snapshots without any plan of ours? Compared slot by slot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.insights.facts import OutsideChange
from rolecall.insights.foreign import shown_actor, told_by_audit
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View

SHOWN = 5  # lines of the audit log beside a change
REVERT = "revert"  # marks a mend whose values are the access before, by slot


@rule(
    "foreign.access-changed",
    Severity.MEDIUM,
    title="Access changed outside Rolecall",
    why="Nobody planned or approved it, so nobody can say what it is for or when it ends.",
    docs="Fires for an active user whose permission sets, teams or seat differ from the snapshot "
    "at the beginning of the days of the limit, where no plan of ours explains the difference; "
    "the audit log, where the edition has one, names who did it. "
    "Mending plans the way back.",
    thresholds=("foreign_days",),
    alert=True,
)
def changed_outside(view: View) -> Iterator[Observation]:
    """Users whose access somebody changed in HubSpot, and nobody changed back."""
    by_user: defaultdict[str, list[OutsideChange]] = defaultdict(list)
    for one in view.facts.outside_changes:
        by_user[one.user_id].append(one)
    audited = told_by_audit(view)
    for user in view.active:
        found = by_user.get(user.id)
        if found:
            told = "; ".join(
                f"{one.slot}: {one.before_shown} -> {one.after_shown}" for one in found
            )
            events = audited.get(user.id, [])[:SHOWN]
            by = ", ".join(dict.fromkeys(shown_actor(one) for one in events))
            lines = tuple(
                Evidence(
                    f"{one.slot} changed between {one.since:%Y-%m-%d %H:%M} and {one.at:%Y-%m-%d %H:%M}",
                    "snapshots",
                    one.at,
                )
                for one in found
            )
            lines += tuple(
                Evidence(
                    f"{one.type} by {shown_actor(one)}, {one.at:%Y-%m-%d %H:%M}",
                    "audit log",
                    one.at,
                )
                for one in events
            )
            values = {REVERT: "yes", **{one.slot: "\n".join(one.before) for one in found}}
            mend = Mend(found[0].kind, f"Bring {user.email} back to the access before", values)
            yield of_user(user, f"{told} (by {by})" if by else told, evidence=lines, mend=mend)
