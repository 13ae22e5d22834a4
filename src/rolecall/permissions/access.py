"""Effective access of a user: union of what was given, under the ceiling of the seats.

Every level is a range, so that unknown is an answer; nothing here ever guesses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rolecall.domain.snapshot import Snapshot, User, UserState
from rolecall.permissions.catalogue import SUPER_ADMIN, Catalogue, Permission
from rolecall.permissions.evidence import (
    Book,
    Ground,
    HistoryLine,
    PermissionRecord,
    SetDefinition,
    Shows,
)
from rolecall.permissions.inference import inferred_definitions, speaks
from rolecall.permissions.levels import NONE, NOTHING, Range, both_ranges, range_under

STALE_AFTER = timedelta(days=120)  # older evidence says what was, not what is


@dataclass(frozen=True, slots=True)
class Given:
    """What was given to a user before any seat, and what that rests on.

    `notes` are sentences for people: conflicts, age, what is missing.
    """

    grants: Mapping[str, Range]
    rest: Range | None  # of permissions not listed; None = anything up to the highest
    ground: Ground
    as_of: datetime | None
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, one: Permission) -> Range:
        """What was given of one permission."""
        known = self.grants.get(one.id)
        if known is not None:
            return known
        return Range(NONE, one.highest) if self.rest is None else self.rest


@dataclass(frozen=True, slots=True)
class Access:
    """Everything known of one user's access; `levels` holds what is not surely nothing."""

    levels: Mapping[str, Range]
    given: Given
    seats: tuple[str, ...] | None

    def of(self, permission_id: str) -> Range:
        """The effective range of one permission."""
        return self.levels.get(permission_id, NOTHING)


_NO_BOOK = Book()


@dataclass(slots=True)
class Resolver:
    """Answers for all users of one snapshot; equal access is worked out once.

    `now` is the moment of the question, `stale_after` the age beyond which evidence of what
    somebody holds no longer counts.
    """

    catalogue: Catalogue
    snapshot: Snapshot
    now: datetime
    book: Book = _NO_BOOK
    stale_after: timedelta = STALE_AFTER
    definitions: dict[str, SetDefinition] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    _cache: dict[tuple[object, ...], Access] = field(default_factory=dict)
    _ceilings: dict[tuple[str, ...] | None, Mapping[str, Range]] = field(default_factory=dict)
    _history: dict[str, list[HistoryLine]] = field(default_factory=dict)
    _members: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.names = {one.id: one.name for one in self.snapshot.permission_sets}
        self.definitions = self._definitions()
        for user in self.snapshot.users:
            self._members.update(user.permission_set_ids)
        for line in self.book.history:
            self._history.setdefault(line.user_email.casefold(), []).append(line)

    def access_of(self, user: User) -> Access:
        """What this user can do."""
        record = self.book.records.get(user.id)
        lines = self._history.get(user.email.casefold())
        key = self._key(user, record, lines)
        known = self._cache.get(key)
        if known is None:
            given = self._given(user, record)
            known = self._under_seats(self._later(given, lines), user.seat_names)
            self._cache[key] = known
        return known

    def others_in(self, set_id: str, user: User) -> str:
        """Whom a change of a set touches beside one member, as a phrase; empty where nobody."""
        count = self._members[set_id] - (set_id in user.permission_set_ids)
        return f"{count} other {'member' if count == 1 else 'members'}" if count else ""

    def history_of(self, user: User) -> tuple[HistoryLine, ...]:
        """Lines of the permission history about a user, in the order they were told."""
        return tuple(self._history.get(user.email.casefold(), ()))

    def certainly_after(self, ground: Ground, as_of: datetime, since: datetime) -> bool:
        """Evidence of this date was surely made after a moment.

        Exports are mostly dated by the day, so of the same day only those count in which somebody
        signed in after the moment.
        """
        if ground not in (Ground.EXPORT, Ground.INFERRED, Ground.MIXED):
            return as_of > since
        if as_of.replace(hour=0, minute=0, second=0, microsecond=0) > since:
            return True
        logins = (one.last_login for one in self.book.records.values() if one.as_of == as_of)
        return any(at is not None and at > since for at in logins)

    def access_of_set(self, set_id: str, seats: tuple[str, ...] | None = ("Core",)) -> Access:
        """What a holder of this set and these seats could do; unknown without a definition."""
        return self._under_seats(self._given_by_sets((set_id,)), seats)

    def _key(
        self, user: User, record: PermissionRecord | None, lines: list[HistoryLine] | None
    ) -> tuple[object, ...]:
        shared = (user.super_admin, user.permission_set_ids, user.seat_names, user.state)
        if record is None:
            return (*shared, id(lines) if lines else 0)
        told = (id(record.grants), record.sets, record.seats, record.super_admin, record.complete)
        since = self.book.touched.get(user.id)
        return (*shared, *told, record.as_of, record.deactivated, id(lines) if lines else 0, since)

    def _definitions(self) -> dict[str, SetDefinition]:
        """The newest definition of each set, attested or inferred, telling when they differ."""
        found = inferred_definitions(
            self.catalogue, self.book, self.snapshot.permission_sets, self.snapshot.tier
        )
        for one in self.book.attested:
            other = found.get(one.set_id)
            found[one.set_id] = one if other is None else _newer(one, other)
        fresh = self.now - self.stale_after
        changed = self.book.touched_sets
        return {
            set_id: one
            for set_id, one in found.items()
            if one.as_of >= max(fresh, changed.get(set_id, fresh))
        }

    def _given(self, user: User, record: PermissionRecord | None) -> Given:
        sealed = self.snapshot.sealed_at
        if user.state in (UserState.DEACTIVATED, UserState.REMOVED):
            return Given({}, NOTHING, Ground.STATE, sealed, (f"user is {user.state.value}",))
        if user.super_admin:
            top = {p: Range(level, level) for p, level in self.catalogue.everything.items()}
            return Given(top, NOTHING, Ground.SUPER_ADMIN, sealed, ("Super Admin",))
        if record is not None and self._speaks_for(record, user):
            own = self._given_by_record(user, record)
            if own is not None:
                return own
        if user.permission_set_ids:
            return self._given_by_sets(user.permission_set_ids)
        note = _why_no_evidence(record, self.now, self.stale_after)
        return Given({}, None, Ground.NONE, None, (), (note,))

    def _speaks_for(self, record: PermissionRecord, user: User) -> bool:
        """The export's line is young enough and describes the user as he is now."""
        if record.as_of < self.now - self.stale_after or record.deactivated:
            return False
        if record.super_admin or SUPER_ADMIN in record.grants:
            return False  # he was Super Admin then and is not now
        if self._touched_since(user, record.as_of):
            return False
        held = sorted(self.names.get(one, one) for one in user.permission_set_ids)
        return held == sorted(record.sets) if record.sets is not None else not held

    def _touched_since(self, user: User, as_of: datetime) -> bool:
        """Something tells that permissions changed after the evidence, and no history says how."""
        told = max((line.at for line in self.history_of(user)), default=as_of)
        at = self.book.touched.get(user.id)
        if at is not None and at > max(as_of, told + timedelta(minutes=1)):
            return True
        sets = self.book.touched_sets
        return any(sets[one] > as_of for one in user.permission_set_ids if one in sets)

    def _given_by_record(self, user: User, record: PermissionRecord) -> Given | None:
        """The export's line as ranges; None when younger definitions of his sets exist."""
        held = [self.definitions.get(set_id) for set_id in user.permission_set_ids]
        if held and all(known and known.as_of > record.as_of for known in held):
            return None
        grants: dict[str, Range] = {}
        limited = self._limited(record)
        for one in self.catalogue.permissions.values():
            grants[one.id] = _told(one, record, hidden=one.id in limited)
        told = {one: level for one, level in grants.items() if level != NOTHING}
        source = f"users export of {record.as_of:%Y-%m-%d}"
        notes = () if record.complete else ("the line was cut; what is missing may be held",)
        return Given(told, NOTHING, Ground.EXPORT, record.as_of, (source,), notes)

    def _limited(self, record: PermissionRecord) -> frozenset[str]:
        """Permissions of which the line may hide a part, because a seat stood above them."""
        if self.book.shows is Shows.STORED:
            return frozenset()
        ceiling = self.ceiling(record.seats)
        permissions = self.catalogue.permissions.values()
        return frozenset(one.id for one in permissions if ceiling[one.id].low != one.highest)

    def _given_by_sets(self, set_ids: tuple[str, ...]) -> Given:
        known = [self.definitions[one] for one in set_ids if one in self.definitions]
        missing = [self.names.get(one, one) for one in set_ids if one not in self.definitions]
        grants: dict[str, Range] = {}
        for one in self.catalogue.permissions.values():
            whole = Range(NONE, one.highest) if missing else NOTHING
            for definition in known:
                whole = both_ranges(one.levels, whole, definition.of(one.id))
            if whole != NOTHING:
                grants[one.id] = whole
        return Given(
            grants,
            NOTHING,
            _common_ground(known, missing),
            min((one.as_of for one in known), default=None),
            tuple(_named(one) for one in known),
            (*_conflicts(known), *(f"nothing is known of the set {one}" for one in missing)),
        )

    def _later(self, given: Given, lines: list[HistoryLine] | None) -> Given:
        """Lines of the permission history younger than the evidence say what changed since."""
        if not lines or given.ground in (Ground.SUPER_ADMIN, Ground.STATE):
            return given
        newer = [line for line in lines if given.as_of is None or line.at > given.as_of]
        if not newer:
            return given
        grants = {**given.grants, **_told_since(self.catalogue, newer)}
        notes = (*given.notes, f"{len(newer)} later lines of the permission history")
        return Given(grants, given.rest, given.ground, given.as_of, given.sources, notes)

    def _under_seats(self, given: Given, seats: tuple[str, ...] | None) -> Access:
        ceiling = self.ceiling(seats)
        levels: dict[str, Range] = {}
        for one in self.catalogue.permissions.values():
            left = range_under(one.levels, given.of(one), ceiling[one.id])
            if left != NOTHING:
                levels[one.id] = left
        return Access(levels, given, seats)

    def ceiling(self, seats: tuple[str, ...] | None) -> Mapping[str, Range]:
        """What seats open together, of every permission."""
        known = self._ceilings.get(seats)
        if known is None:
            known = self.catalogue.ceiling_range(seats, self.snapshot.tier)
            self._ceilings[seats] = known
        return known


def _told_since(catalogue: Catalogue, lines: list[HistoryLine]) -> dict[str, Range]:
    """What the last line of each permission says; both given and taken in one minute says nothing."""
    last: dict[str, list[HistoryLine]] = {}
    for line in sorted(lines, key=lambda one: one.at):
        former = last.get(line.permission_id, [])
        last[line.permission_id] = [*(one for one in former if one.at == line.at), line]
    found: dict[str, Range] = {}
    for permission_id, told in last.items():
        one = catalogue.permissions.get(permission_id)
        if one is not None:
            low = one.levels[0] if all(line.given for line in told) else NONE
            high = one.highest if any(line.given for line in told) else NONE
            found[one.id] = Range(low, high)
    return found


def _told(one: Permission, record: PermissionRecord, *, hidden: bool) -> Range:
    level = record.grants.get(one.id, NONE)
    if hidden or (level == NONE and not speaks(record, one.id)):
        return Range(level, one.highest)
    return Range(level, level)


def _newer(attested: SetDefinition, inferred: SetDefinition) -> SetDefinition:
    """The younger of two definitions; when they contradict each other it says so."""
    ids = attested.grants.keys() | inferred.grants.keys()
    clash = any(_contradict(attested.of(one), inferred.of(one)) for one in ids)
    kept, other = (attested, inferred) if attested.as_of >= inferred.as_of else (inferred, attested)
    if not clash:
        return kept
    note = f"{kept.ground} of {kept.as_of:%Y-%m-%d} differs from {other.ground} of {other.as_of:%Y-%m-%d}"
    return SetDefinition(
        *(kept.set_id, kept.name, kept.grants, kept.rest, kept.ground, kept.as_of, kept.by), note
    )


def _contradict(one: Range, other: Range) -> bool:
    return one.known and other.known and one != other


def _common_ground(known: list[SetDefinition], missing: list[str]) -> Ground:
    grounds = {one.ground for one in known}
    if not grounds:
        return Ground.NONE
    return grounds.pop() if len(grounds) == 1 and not missing else Ground.MIXED


def _named(one: SetDefinition) -> str:
    by = f" ({one.by})" if one.by else ""
    return f"set {one.name}: {one.ground} of {one.as_of:%Y-%m-%d}{by}"


def _conflicts(known: list[SetDefinition]) -> tuple[str, ...]:
    return tuple(f"set {one.name}: {one.conflict}" for one in known if one.conflict)


def _why_no_evidence(record: PermissionRecord | None, now: datetime, stale: timedelta) -> str:
    if record is None:
        return "access was granted individually, and no users export holds this user"
    if record.as_of < now - stale:
        return f"the users export is of {record.as_of:%Y-%m-%d}, too old to say what is held now"
    return f"access changed since the users export of {record.as_of:%Y-%m-%d}"
