"""Who holds several permission sets? Reads which, not what is in them."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Mend, Severity
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "permission-sets.several",
    Severity.LOW,
    title="Several permission sets",
    why="Access is the sum of all of them, which nobody reviews as one, and the API can write one "
    "set only: any change through it would take the others away.",
    docs="Fires for an active user with two or more permission sets. The mend is a manual task: "
    "one set that says what the job needs, or an exception.",
)
def several_sets(view: View) -> Iterator[Observation]:
    """Active users with two or more permission sets."""
    names = {one.id: one.name for one in view.snapshot.permission_sets}
    for user in view.active:
        held = user.permission_set_ids
        if len(held) < 2:
            continue
        shown = ", ".join(sorted(names.get(one, one) for one in held))
        mend = Mend(
            "manual", f"Replace the {len(held)} sets of {user.email} ({shown}) by one for the job"
        )
        message = f"holds {len(held)} permission sets: {shown}"
        yield of_user(user, message, evidence=(view.seen(f"sets {shown}"),), mend=mend)
