"""Does HubSpot's export speak of permissions the catalogue does not know? New ones come switched on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.insights.rules import Observation, rule
from rolecall.insights.view import View

_SHOWN = 5


@rule(
    "catalogue.unknown-permissions",
    Severity.LOW,
    title="Permissions nobody here knows",
    why="HubSpot adds permissions to existing sets switched on, so members gain what nobody decided.",
    docs="Fires for the portal while its newest users export holds permissions that are in no "
    "catalogue. They are kept as they stand and answer no question until an overlay names them.",
)
def unknown_permissions(view: View) -> Iterator[Observation]:
    """The portal, with the commonest of what could not be read."""
    records = view.facts.access.book.records.values() if view.facts.access else ()
    newest = max((one.as_of for one in records), default=None)
    counted = Counter(token for one in records if one.as_of == newest for token in one.unknown)
    if not counted or newest is None:
        return
    told = [f"{token} ({count} users)" for token, count in counted.most_common(_SHOWN)]
    more = f" and {len(counted) - _SHOWN} more" if len(counted) > _SHOWN else ""
    portal = str(view.snapshot.hub_id)
    fact = Evidence(f"{len(counted)} permissions in no catalogue", "users export", newest)
    mend = Mend("manual", "Review who holds them, and name them in an overlay of the catalogue")
    yield Observation("portal", portal, "the portal", ", ".join(told) + more, (fact,), mend)
