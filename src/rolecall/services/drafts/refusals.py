"""What HubSpot refused us before: learned from our own receipts, so nobody runs into it twice.

HubSpot publishes neither which seats go with which permission sets nor what the maker of a token
may hand out, so a refusal is remembered and stops the next plan that would meet it. How HubSpot
words either is not known: status, the field it points at, and what the write changed decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rolecall.domain.plan import Change, ChangeKind, Receipt, Refusal
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import Snapshot, User
from rolecall.store import View

REMEMBERED = timedelta(days=180)  # sets are edited, and HubSpot changes its rules
FORBIDDEN = 403
SET_FIELDS, SEAT_FIELDS = frozenset({"roleId", "roleIds"}), frozenset({"seatNames"})
_ACCESS = frozenset({ChangeKind.SET_PERMISSION_SET, ChangeKind.SET_SEATS})


@dataclass(frozen=True, slots=True)
class Learned:
    """Refused pairs of (seat, case-folded; permission set id), and refused permission set ids."""

    pairs: frozenset[tuple[str, str]] = frozenset()
    sets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RefusedWrite:
    """A refused write of one user: how, and all it would have changed."""

    refusal: Refusal
    at: datetime
    changes: tuple[Change, ...]

    @property
    def permission_set(self) -> str:
        """The set it would have given; empty where it gave none."""
        given = [one.after for one in self.changes if one.kind is ChangeKind.SET_PERMISSION_SET]
        return next((one for one in given if isinstance(one, str)), "")

    @property
    def subject(self) -> str:
        """Whom it was about: their id, or their e-mail where they had none yet."""
        return self.changes[0].subject_id or self.changes[0].subject

    def teaches_nothing(self, snapshot: Snapshot) -> bool:
        """It gave no set, or the user has it by now."""
        user = self.user(snapshot)
        wanted = self.permission_set
        return not wanted or (user is not None and wanted in user.permission_set_ids)

    def user(self, snapshot: Snapshot) -> User | None:
        """Whom it was about, as the portal shows them."""
        return snapshot.user(self.subject)

    def blames_access(self) -> bool:
        """Whether set or seat is what HubSpot refused, and not a team, a name or an address."""
        pointed = frozenset(self.refusal.fields)
        if pointed:
            return bool(pointed & (SET_FIELDS | SEAT_FIELDS))
        alone = {one.kind for one in self.changes} <= _ACCESS
        return alone or self.refusal.status == FORBIDDEN

    def seats(self, user: User | None) -> tuple[str, ...]:
        """The seats the user would have had."""
        given = [_many(one.after) for one in self.changes if one.kind is ChangeKind.SET_SEATS]
        held = () if user is None else user.seat_names or ()
        return given[-1] if given else held


async def learned(view: View, portal: Portal, snapshot: Snapshot) -> Learned:
    """What writes of ours were refused for; of sets only what this very credential was refused."""
    return await learned_from(await refused_writes(view, portal), view, portal, snapshot)


async def refused_writes(view: View, portal: Portal) -> list[RefusedWrite]:
    """The writes that were refused for set or seat and are remembered still."""
    receipts = await view.journal.refusals(portal.hub_id, view.now - REMEMBERED)
    return await _writes(view, receipts)


async def learned_from(
    refused: Sequence[RefusedWrite], view: View, portal: Portal, snapshot: Snapshot
) -> Learned:
    """What these writes teach; of the snapshot's users their own, the token's maker and one holder
    of each pair of seat and set are all that is looked at."""
    writes = [one for one in refused if not one.teaches_nothing(snapshot)]
    if not writes:
        return Learned()
    since = await view.credentials.since(portal.hub_id)
    maker = snapshot.user(portal.credential_user_id or "")
    trusted = maker is not None and maker.super_admin  # nothing is beyond them any more
    pairs: set[tuple[str, str]] = set()
    sets: set[str] = set()
    for one in writes:
        pair = _pair(one, snapshot)
        if pair is not None and (trusted or not _goes(snapshot, *pair)):
            pairs.add((pair[0].casefold(), pair[1]))
        elif not trusted and (since is None or one.at >= since):
            sets.add(one.permission_set)
    return Learned(frozenset(pairs), frozenset(sets))


async def _writes(view: View, receipts: Sequence[Receipt]) -> list[RefusedWrite]:
    """The refused writes that were refused for set or seat."""
    groups: defaultdict[tuple[str, str], list[Receipt]] = defaultdict(list)
    for one in receipts:
        if one.refusal is not None:
            groups[one.plan_id, one.effect_id].append(one)
    found = []
    for (plan_id, _), refused in groups.items():
        plan = (await view.plans.get(plan_id)).plan
        ids = {one.change_id for one in refused}
        changes = tuple(one for one in plan.changes if one.id in ids)
        if refused[0].refusal is not None:
            found.append(RefusedWrite(refused[0].refusal, refused[0].observed_at, changes))
    return [one for one in found if one.blames_access()]


def _pair(write: RefusedWrite, snapshot: Snapshot) -> tuple[str, str] | None:
    """Seat and set the write would have brought together; None where the set alone is to blame."""
    pointed = frozenset(write.refusal.fields)
    if write.refusal.status == FORBIDDEN or (pointed and pointed <= SET_FIELDS):
        return None
    seats = write.seats(write.user(snapshot))
    return (seats[0], write.permission_set) if len(seats) == 1 else None


def _goes(snapshot: Snapshot, seat: str, permission_set: str) -> bool:
    """Somebody holds the pair, so it is valid, and the set itself was refused."""
    return any(
        permission_set in user.permission_set_ids and seat in (user.seat_names or ())
        for user in snapshot.users
        if user.present
    )


def _many(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
