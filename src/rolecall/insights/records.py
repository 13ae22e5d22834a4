"""Do records still belong to somebody who is gone? Says unknown where nobody counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.domain.snapshot import RecordOwner, User, UserState
from rolecall.insights.rules import Observation, rule
from rolecall.insights.view import View

_COUNTED = (
    "Counted are contacts, companies, deals and tickets by their Owner property and by other user "
    "properties. An owner with no records, or not counted yet, does not fire."
)


@rule(
    "records.owner-deactivated",
    Severity.MEDIUM,
    title="Deactivated, but still owner of records",
    why="Nobody follows up what belongs to somebody who cannot sign in; leads and tickets rot.",
    docs=f"Fires for a deactivated user who still owns records. {_COUNTED}",
)
def owner_deactivated(view: View) -> Iterator[Observation]:
    """Deactivated users with records."""
    for owner, user, state in _gone_owners(view):
        if state == "deactivated":
            yield from _left_behind(view, owner, user, state)


@rule(
    "records.owner-gone",
    Severity.HIGH,
    title="Gone, but still owner of records",
    why="The user cannot come back to them, and HubSpot keeps naming somebody who is gone.",
    docs=f"Fires for a removed user whose archived owner still owns records. {_COUNTED}",
)
def owner_gone(view: View) -> Iterator[Observation]:
    """Removed users with records."""
    for owner, user, state in _gone_owners(view):
        if state == "removed":
            yield from _left_behind(view, owner, user, state)


def _gone_owners(view: View) -> Iterator[tuple[RecordOwner, User | None, str]]:
    users = {u.owner_id: u for u in view.snapshot.users if u.owner_id is not None}
    for owner in view.snapshot.owners:
        user = _user_of(view, owner, users)
        state = "" if owner.queue else _gone(owner, user)
        if state:
            yield owner, user, state


def _gone(owner: RecordOwner, user: User | None) -> str:
    if user is None:
        return "removed" if owner.archived else ""
    if user.state in (UserState.DEACTIVATED, UserState.REMOVED):
        return user.state.value
    return ""


def _user_of(view: View, owner: RecordOwner, users: Mapping[str, User]) -> User | None:
    by_id = None if owner.user_id is None else view.users.get(owner.user_id)
    return by_id or users.get(owner.id)


def _left_behind(
    view: View, owner: RecordOwner, user: User | None, state: str
) -> Iterator[Observation]:
    owned = view.facts.owned_records.get(owner.id) or 0
    named = view.facts.named_records.get(owner.id) or 0
    if not owned + named:
        return
    shown = owner.email or (user.email if user else "") or f"owner {owner.id}"
    evidence = (
        Evidence(
            f"owner of {owned} records, named in {named} more",
            "records counted at HubSpot",
            view.snapshot.sealed_at,
        ),
        view.seen(f"owner {owner.id} is {'archived' if owner.archived else 'not archived'}"),
    )
    values = {"owner_id": owner.id, "records": str(owned + named)}
    mend = Mend("hand_over", f"Hand {owned + named} records of {shown} to a successor", values)
    subject_id = user.id if user else owner.user_id or f"owner-{owner.id}"
    parts = [f"still owner of {owned} records" if owned else ""]
    parts.append(f"still named in {named} {'more ' if owned else ''}records" if named else "")
    message = ", ".join([state, *filter(None, parts)])
    yield Observation("user", subject_id, shown, message, evidence, mend)
