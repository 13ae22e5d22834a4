"""What happened in a portal beside our own journal: our writes as feeds tell them, and the rest.

Two proofs: feed events no write of ours explains, and access that differs between two snapshots
by more than our receipts account for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rolecall.domain.assignment import Origin
from rolecall.domain.events import Event
from rolecall.domain.finding import Finding
from rolecall.domain.plan import Change, ChangeKind, Outcome, Receipt
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import Snapshot, User
from rolecall.insights.facts import OutsideChange, OwnAct, OwnActors
from rolecall.policy.desired import DesiredUser, Source, Wanted
from rolecall.store import AuditQuery, SnapshotHead, UserVersion, View

MOST_PLANS = 1_000
MOST_HISTORIES = 200  # beyond so many users the window of the look is told, not the moment
_TEAMS = frozenset({"TEAM_USER_ADDED", "TEAM_USER_DELETED"})
_SET = frozenset({"ADD_ADMIN_PERMISSIONS", "REMOVE_ADMIN_PERMISSIONS"})
# What the security feed says when we make a change, by kind.
EXPLAINS: Mapping[ChangeKind, frozenset[str]] = {
    ChangeKind.CREATE_USER: frozenset({"ADD_USER", "MANUAL_REGISTRATION_EMAIL_SEND"})
    | _TEAMS
    | _SET,
    ChangeKind.REMOVE_USER: frozenset({"REMOVE_USER", "TEAM_USER_DELETED"}),
    ChangeKind.PARK: _TEAMS | _SET,
    ChangeKind.SET_PERMISSION_SET: _SET,
    ChangeKind.SET_MAIN_TEAM: _TEAMS,
    ChangeKind.ADD_EXTRA_TEAM: _TEAMS,
    ChangeKind.DROP_EXTRA_TEAM: _TEAMS,
    ChangeKind.CREATE_TEAM: frozenset({"TEAM_ADDED"}),
    ChangeKind.DELETE_TEAM: frozenset({"TEAM_DELETED"}),
}
# What it says when a person does one of our tasks, by the task's name.
TASKS: Mapping[str, frozenset[str]] = {
    "super_admin.add": frozenset({"ADD_ADMIN_USER", "ADD_ADMIN_PERMISSIONS"}),
    "super_admin.remove": frozenset({"REMOVE_ADMIN_USER", "REMOVE_ADMIN_PERMISSIONS"}),
    "user.deactivate": frozenset({"DEACTIVATE_USER"}),
    "user.reactivate": frozenset({"REACTIVATE_USER"}),
    "permission_set.change": _SET,
    "team.add_member": _TEAMS,
    "team.remove_member": _TEAMS,
    "permissions.grant": _SET,
    "permissions.take_back": _SET,
}
_DONE = (Outcome.DONE, Outcome.ALREADY)
_OURS = (*_DONE, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class OwnChange:
    """A change of ours with what became of it."""

    change: Change
    receipt: Receipt
    begun_at: datetime | None = None  # of its first receipt

    @property
    def by_hand(self) -> bool:
        """A person did it, in HubSpot's screens."""
        return self.change.kind is ChangeKind.MANUAL


async def own_changes(view: View, hub_id: int, since: datetime) -> tuple[OwnChange, ...]:
    """Every change of ours that may have reached the portal since a time, oldest first."""
    found = []
    for stored in await view.plans.find(hub_id, limit=MOST_PLANS):
        if stored.state_at < since:
            continue
        changes = {change.id: change for change in stored.plan.changes}
        receipts = await view.journal.receipts(stored.plan.id)
        last = {one.change_id: one for one in receipts}
        first = {one.change_id: one.observed_at for one in reversed(receipts)}
        found += [
            OwnChange(changes[one.change_id], one, first[one.change_id])
            for one in last.values()
            if one.change_id in changes and one.outcome in _OURS and one.observed_at >= since
        ]
    return tuple(sorted(found, key=lambda one: one.receipt.observed_at))


async def own_actors(view: View, portal: Portal) -> OwnActors:
    """The maker of the present credential, since it was entered."""
    maker = portal.credential_user_id
    query = AuditQuery(hub_id=portal.hub_id, event=Event.PORTAL_CREDENTIAL_REPLACED.value, limit=1)
    replaced = [line.event.at for line in await view.audit.lines(query)]
    return OwnActors(frozenset(filter(None, [maker])), max(replaced, default=portal.added_at))


def own_acts(changes: tuple[OwnChange, ...], snapshot: Snapshot) -> tuple[OwnAct, ...]:
    """Our changes as the events they leave in HubSpot's feed."""
    ids = {user.email.casefold(): user.id for user in snapshot.users}
    found = []
    for one in changes:
        change = one.change
        explains = (
            TASKS.get(change.details.get("task", "")) if one.by_hand else EXPLAINS.get(change.kind)
        )
        subject = change.subject_id or ids.get(change.subject.casefold(), "")
        if subject and change.kind is not ChangeKind.NO_OP:
            found.append(
                OwnAct(
                    *(subject, one.receipt.observed_at, explains or frozenset(), one.by_hand),
                    since=one.begun_at,
                    leaves=_leaves(change),
                    returns=_returns(change),
                )
            )
    return tuple(found)


def _leaves(change: Change) -> bool:
    """It took the user out of the portal, as far as we can."""
    parked = change.kind is ChangeKind.PARK and change.after == "parked"
    by_hand = change.details.get("task") == "user.deactivate"
    return parked or by_hand or change.kind is ChangeKind.REMOVE_USER


def _returns(change: Change) -> bool:
    """It let the user in again."""
    called = change.kind is ChangeKind.PARK and change.after == "present"
    return called or change.details.get("task") == "user.reactivate"


@dataclass(slots=True)
class _Account:
    """What one user should hold, beginning with what was and adding what we did."""

    held: dict[str, tuple[str, ...]]
    excused: set[str] = field(default_factory=set)  # slots a person changed for us


async def outside_changes(
    view: View, snapshot: Snapshot, changes: tuple[OwnChange, ...], since: datetime
) -> tuple[OutsideChange, ...]:
    """Slots of users that differ from the snapshot of then by more than our receipts explain.

    Users we wrote to after this snapshot was read are left out until the next one.
    """
    first = await _first_head(view, snapshot.hub_id, since)
    last = await view.snapshots.head(snapshot.hub_id)
    if first is None or last is None or first.seq >= last.seq or last.id != snapshot.id:
        return ()
    before, now = await view.users.differing(snapshot.hub_id, first.seq, last.seq)
    mine: defaultdict[str, list[OwnChange]] = defaultdict(list)
    for one in changes:
        if one.change.subject_id and one.receipt.observed_at >= first.started_at:
            mine[one.change.subject_id].append(one)
    found: list[OutsideChange] = []
    for user_id, user in now.items():
        former = before.get(user_id)
        late = any(one.receipt.observed_at >= last.started_at for one in mine[user_id])
        if former is not None and user.present and former.present and not late:
            found += _of_user(snapshot, former, user, mine[user_id], (first, last))
    return await _dated(view, snapshot.hub_id, found)


async def _first_head(view: View, hub_id: int, since: datetime) -> SnapshotHead | None:
    """The complete snapshot at the beginning of the window, or the portal's first one."""
    then = await view.snapshots.head(hub_id, since, complete=True)
    if then is not None:
        return then
    whole = [one for one in await view.snapshots.heads(hub_id, limit=10_000) if one.complete]
    return whole[-1] if whole else None


def _of_user(
    snapshot: Snapshot,
    former: User,
    user: User,
    mine: list[OwnChange],
    window: tuple[SnapshotHead, SnapshotHead],
) -> Iterator[OutsideChange]:
    account = _Account({slot: value(former) for slot, (value, _) in _SLOTS.items()})
    for one in mine:
        _book(account, one)
    names = _names(snapshot)
    for slot, (value, kind) in _SLOTS.items():
        expected, held = account.held[slot], value(user)
        unseen = slot == "seats" and None in (former.seat_names, user.seat_names)
        if slot in account.excused or unseen or set(expected) == set(held):
            continue
        yield OutsideChange(
            *(user.id, slot, kind.value, expected, held),
            *(_shown(expected, names), _shown(held, names)),
            *(window[0].sealed_at, window[1].sealed_at),
        )


def _book(account: _Account, one: OwnChange) -> None:
    """Add what one change of ours left behind."""
    change = one.change
    kind = ChangeKind(change.details.get("slot", "manual")) if one.by_hand else change.kind
    slot = _SLOT_OF.get(kind)
    if slot is None:
        return
    if one.by_hand or one.receipt.outcome not in _DONE:
        account.excused.add(slot)
    elif kind is ChangeKind.ADD_EXTRA_TEAM:
        account.held[slot] = tuple({*account.held[slot], str(change.after)})
    elif kind is ChangeKind.DROP_EXTRA_TEAM:
        account.held[slot] = tuple(t for t in account.held[slot] if t != change.before)
    else:
        account.held[slot] = _many(change.after)


def _many(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _extra_teams(user: User) -> tuple[str, ...]:
    """Extra teams; HubSpot may list the main team among them."""
    return tuple(sorted(one for one in user.extra_team_ids if one != user.main_team_id))


_SLOTS: Mapping[str, tuple[Callable[[User], tuple[str, ...]], ChangeKind]] = {
    "permission_sets": (
        lambda user: tuple(sorted(user.permission_set_ids)),
        ChangeKind.SET_PERMISSION_SET,
    ),
    "main_team": (
        lambda user: (user.main_team_id,) if user.main_team_id else (),
        ChangeKind.SET_MAIN_TEAM,
    ),
    "extra_teams": (_extra_teams, ChangeKind.ADD_EXTRA_TEAM),
    "seats": (lambda user: tuple(sorted(user.seat_names or ())), ChangeKind.SET_SEATS),
}
_SLOT_OF = {
    ChangeKind.SET_PERMISSION_SET: "permission_sets",
    ChangeKind.SET_MAIN_TEAM: "main_team",
    ChangeKind.ADD_EXTRA_TEAM: "extra_teams",
    ChangeKind.DROP_EXTRA_TEAM: "extra_teams",
    ChangeKind.SET_SEATS: "seats",
}


def _names(snapshot: Snapshot) -> Mapping[str, str]:
    sets = {one.id: one.name for one in snapshot.permission_sets}
    return {**sets, **{one.id: one.name for one in snapshot.teams}}


def _shown(values: tuple[str, ...], names: Mapping[str, str]) -> str:
    return ", ".join(sorted(names.get(one, one) for one in values)) or "none"


async def _dated(view: View, hub_id: int, found: list[OutsideChange]) -> tuple[OutsideChange, ...]:
    """The same with the two snapshots between which each happened."""
    if len({one.user_id for one in found}) > MOST_HISTORIES:
        return tuple(found)
    told = []
    for one in found:
        versions = await view.users.history(hub_id, one.user_id)
        told.append(_within(one, versions))
    return tuple(told)


def _within(one: OutsideChange, versions: tuple[UserVersion, ...]) -> OutsideChange:
    """Between the last snapshot that showed something else and the first that shows it now."""
    value = _SLOTS[one.slot][0]
    at = one.at
    for version in reversed(versions):
        if set(value(version.user)) != set(one.after):
            break
        at = max(version.since, one.since)
    earlier = [version.since for version in versions if version.since < at]
    since = max((*earlier, one.since)) if earlier else one.since
    return replace(one, at=at, since=min(since, at - timedelta(0)))


def revert_wish(finding: Finding, reason: str) -> DesiredUser:
    """The access before an outside change, as a wish; slots the finding is silent of stay."""
    assert finding.mend is not None
    values = finding.mend.values
    source = Source(Origin.OPERATOR, reason, f"finding {finding.rule}")
    wish = DesiredUser(finding.subject, named=False, reason=reason)
    if "permission_sets" in values:
        wish = replace(wish, permission_sets=Wanted(_lines(values["permission_sets"]), source))
    if "main_team" in values:
        wish = replace(wish, main_team=Wanted(_lines(values["main_team"]), source))
    if "seats" in values:
        wish = replace(wish, seats=Wanted(_lines(values["seats"]), source))
    if "extra_teams" in values:
        wish = replace(wish, extra_teams=dict.fromkeys(_lines(values["extra_teams"]), source))
    return wish


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.split("\n") if line)
