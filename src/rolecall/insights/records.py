"""Do records still belong to somebody who is gone? Says unknown where nobody counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.domain.snapshot import RecordOwner, User, UserState
from rolecall.insights.rules import Observation, rule
from rolecall.insights.view import View


@rule(
    "records.owner-gone",
    Severity.HIGH,
    title="Deactivated or gone, but still owner of records",
    why="Nobody follows up what belongs to somebody who cannot sign in; leads and tickets rot.",
    docs="Fires for an owner whose user is deactivated or removed and who still owns contacts, "
    "companies, deals or tickets. Only counted owners fire; an owner with no records, or not "
    "counted yet, does not.",
)
def owner_gone(view: View) -> Iterator[Observation]:
    """Archived or userless record owners with records."""
    users = {u.owner_id: u for u in view.snapshot.users if u.owner_id is not None}
    for owner in view.snapshot.owners:
        count = view.facts.owned_records.get(owner.id)
        if not count or owner.queue or not _gone(view, owner, users):
            continue
        user = _user_of(view, owner, users)
        yield _left_behind(view, owner, user, count)


def _user_of(view: View, owner: RecordOwner, users: Mapping[str, User]) -> User | None:
    by_id = None if owner.user_id is None else view.users.get(owner.user_id)
    return by_id or users.get(owner.id)


def _gone(view: View, owner: RecordOwner, users: Mapping[str, User]) -> bool:
    user = _user_of(view, owner, users)
    if user is None:
        return owner.archived
    return user.state in (UserState.DEACTIVATED, UserState.REMOVED)


def _left_behind(view: View, owner: RecordOwner, user: User | None, count: int) -> Observation:
    gone = "deactivated" if user and user.state is UserState.DEACTIVATED else "removed"
    email = owner.email or (user.email if user else "")
    shown = email or f"owner {owner.id}"
    seen = (
        view.seen(f"owner {owner.id} is {'archived' if owner.archived else 'not archived'}"),
        Evidence(f"{count} records counted", "CRM search", view.snapshot.sealed_at),
    )
    values = {"owner_id": owner.id, "records": str(count)}
    mend = Mend("hand_over", f"Hand {count} records of {shown} over to a successor", values)
    subject_id = user.id if user else owner.user_id or f"owner-{owner.id}"
    message = f"{gone}, still owner of {count} records"
    return Observation("user", subject_id, shown, message, seen, mend)
