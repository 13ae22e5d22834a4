"""Decisions that take access away, as claims and as wishes; and the proof that it is gone. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.review import Campaign, ReviewItem, Verdict
from rolecall.domain.snapshot import Snapshot, User
from rolecall.policy.desired import DesiredUser, Source, Wanted
from rolecall.policy.document import Presence
from rolecall.reviews.decisions import takes_away

SUPER_ADMIN = "super_admin"
PARKED = (Presence.PARKED.value,)


def reference_of(campaign_id: str) -> str:
    """How assignments and plans name the campaign they come from."""
    return f"review:{campaign_id}"


def claims_of(
    items: Iterable[ReviewItem], campaign: Campaign, now: datetime
) -> tuple[Assignment, ...]:
    """Claims that take values away wherever else they are given; Super Admin is no slot of ours."""
    return tuple(
        Assignment(
            item.user_email.casefold(),
            campaign.hub_id,
            item.slot,
            item.value,
            Origin.REVIEW,
            starts_at=now,
            reason=reason_of(item, campaign),
            reference=reference_of(campaign.id),
        )
        for item in items
        if takes_away(item, campaign) and item.value != SUPER_ADMIN
    )


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What is left to somebody whose every seat or permission set was taken.

    HubSpot's API leaves nobody without either; without a no-access set a person must do it.
    """

    seat: str
    permission_set: str | None = None


def wishes_of(
    items: Sequence[ReviewItem], campaign: Campaign, snapshot: Snapshot, left: Leftovers
) -> tuple[DesiredUser, ...]:
    """What a plan should bring about: grants taken or reduced; who keeps nothing is parked."""
    by_user: dict[str, list[ReviewItem]] = defaultdict(list)
    for item in items:
        by_user[item.user_id].append(item)
    users = {user.id: user for user in snapshot.users if user.present}
    found = []
    for user_id, theirs in by_user.items():
        taken = [item for item in theirs if takes_away(item, campaign)]
        if taken and user_id in users:
            whole = _is_all(users[user_id], taken)
            found.append(_wish(users[user_id], taken, campaign, left, whole=whole))
    return tuple(found)


def _is_all(user: User, taken: Sequence[ReviewItem]) -> bool:
    """Whether nothing the user holds would be left, whatever the campaign looked at."""
    gone = {(item.slot, item.value) for item in taken if not _reduced(item)}
    return all((slot, value) in gone for slot in Slot for value in held_in(user, slot))


def _wish(
    user: User, taken: Sequence[ReviewItem], campaign: Campaign, least: Leftovers, *, whole: bool
) -> DesiredUser:
    reason = "; ".join(dict.fromkeys(reason_of(item, campaign) for item in taken))
    source = Source(Origin.REVIEW, reason, reference_of(campaign.id))
    admin = False if any(item.value == SUPER_ADMIN for item in taken) else None
    if whole:
        parked = Wanted(PARKED, source)
        return DesiredUser(user.email, parked, super_admin=admin, reason=reason, named=False)
    left = {slot: _left(user, slot, taken) for slot in Slot}
    seats, sets = left[Slot.SEAT], left[Slot.PERMISSION_SET]
    if sets == () and least.permission_set:
        sets = (least.permission_set,)
    return DesiredUser(
        email=user.email,
        presence=Wanted((Presence.PRESENT.value,), source),
        permission_sets=_wanted(sets, source),
        seats=_wanted((least.seat,) if seats == () else seats, source),
        main_team=_wanted(left[Slot.MAIN_TEAM], source),
        extra_teams=None
        if left[Slot.EXTRA_TEAM] is None
        else dict.fromkeys(left[Slot.EXTRA_TEAM] or (), source),
        super_admin=admin,
        reason=reason,
        named=False,
    )


def _left(user: User, slot: Slot, taken: Sequence[ReviewItem]) -> tuple[str, ...] | None:
    """What stays in a slot, with what it was reduced to; None where nothing of it was taken."""
    gone = {item.value: item for item in taken if item.slot is slot}
    if not gone or slot is Slot.USER:
        return None
    instead = [item.reduce_to for item in gone.values() if _reduced(item)]
    kept = [value for value in held_in(user, slot) if value not in gone]
    return tuple(dict.fromkeys((*kept, *instead)))


def _reduced(item: ReviewItem) -> bool:
    return item.verdict is Verdict.REDUCE


def _wanted(values: tuple[str, ...] | None, source: Source) -> Wanted | None:
    return None if values is None else Wanted(values, source)


def held_in(user: User, slot: Slot) -> tuple[str, ...]:
    """What a user holds in one slot."""
    return {
        Slot.USER: (SUPER_ADMIN,) if user.super_admin else (),
        Slot.PERMISSION_SET: user.permission_set_ids,
        Slot.MAIN_TEAM: (user.main_team_id,) if user.main_team_id else (),
        Slot.EXTRA_TEAM: user.extra_team_ids,
        Slot.SEAT: user.seat_names or (),
    }[slot]


def reason_of(item: ReviewItem, campaign: Campaign) -> str:
    """Why an item is taken away, for plans and the audit trail."""
    said = f": {item.comment}" if item.comment else ""
    return f"review {campaign.title}, {item.verdict.value if item.verdict else 'open'}{said}"


def gone_by(
    items: Iterable[ReviewItem], campaign: Campaign, snapshot: Snapshot
) -> Mapping[str, bool]:
    """By item id, of all that takes access away: whether this complete snapshot shows it gone.

    An incomplete snapshot proves nothing: everything counts as still there.
    """
    users = {user.id: user for user in snapshot.users if user.present}
    taken = [item for item in items if takes_away(item, campaign)]
    if not snapshot.complete:
        return dict.fromkeys((item.id for item in taken), False)
    return {
        item.id: item.user_id not in users
        or item.value not in held_in(users[item.user_id], item.slot)
        for item in taken
    }
