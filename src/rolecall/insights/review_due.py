"""Is an access review due? The reminder of the quarter; campaigns are another room."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.insights.rules import Observation, rule
from rolecall.insights.view import View


@rule(
    "review.due",
    Severity.LOW,
    title="Access review is due",
    why="Access that is never looked at only grows.",
    docs="Fires for the portal when the last access review (or, before the first one, the "
    "connection of the portal) is longer ago than the limit.",
    thresholds=("review_days",),
)
def review_due(view: View) -> Iterator[Observation]:
    """The portal, once a quarter has passed without a review."""
    since = view.facts.reviewed_at or view.facts.connected_at
    if since is None or since > view.ago(view.thresholds.review_days):
        return
    last = "last review" if view.facts.reviewed_at else "connected, never reviewed;"
    fact = Evidence(f"{last} {since:%Y-%m-%d}", "Rolecall", since)
    portal = str(view.snapshot.hub_id)
    mend = Mend("manual", "Open an access review of this portal")
    message = f"{last} {view.days_since(since)} days ago"
    yield Observation("portal", portal, "the portal", message, (fact,), mend)
