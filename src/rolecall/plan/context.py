"""What every part of the diff needs: lookups, modes, options, and how a change is written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rolecall.domain.plan import Change, ChangeKind, Phase, Undo
from rolecall.domain.snapshot import Snapshot, Team, User
from rolecall.plan.abilities import Abilities, abilities
from rolecall.plan.promises import Value, promise
from rolecall.policy.desired import BY_NAME, Desired, Source
from rolecall.policy.document import Mode, Section
from rolecall.policy.structure import team_path


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """What else decides a diff; e-mails are case-folded.

    `parked` says since when a user is parked. `overwrite_sets` names the users whose several
    permission sets may be replaced by one. `no_ops` adds a line for users that need no change.
    """

    now: datetime
    parked: Mapping[str, datetime] = field(default_factory=dict)
    overwrite_sets: frozenset[str] = frozenset()
    no_ops: bool = False


@dataclass(slots=True)
class Proposal:
    """What came out: changes to plan, and differences in sections that are only reported."""

    changes: list[Change] = field(default_factory=list)
    reported: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Context:
    """One comparison of a wish with a snapshot."""

    desired: Desired
    snapshot: Snapshot
    options: DiffOptions
    can: Abilities
    sets: Mapping[str, str]  # names by id
    teams: Mapping[str, Team]
    paths: Mapping[str, str]  # team paths by id or key
    proposal: Proposal = field(default_factory=Proposal)

    def mode(self, section: Section) -> Mode:
        """How far the wish owns a section."""
        return self.desired.mode(section)

    def put(self, section: Section, change: Change, *, gives: bool) -> None:
        """Plan, report or drop a change as the section's mode says."""
        mode = self.mode(section)
        if mode is Mode.EXACT or (mode is Mode.ADD_ONLY and gives):
            self.proposal.changes.append(change)
        elif mode is Mode.REPORT:
            self.proposal.reported.append(change)

    def report(self, section: Section, change: Change, why: str) -> None:
        """Tell a difference that cannot be planned now, unless the section is ignored."""
        if self.mode(section) is not Mode.IGNORE:
            self.proposal.reported.append(replace(change, warnings=(*change.warnings, why)))

    def shown(self, kind: ChangeKind, value: Value) -> str:
        """A value as people read it: names instead of ids."""
        if value is None or value == ():
            return ""
        if isinstance(value, tuple):
            return ", ".join(self.shown(kind, one) for one in value)
        if kind is ChangeKind.SET_PERMISSION_SET:
            return self.sets.get(value, value.removeprefix(BY_NAME))
        if kind in _TEAM_VALUES:
            return self.paths.get(value, value.removeprefix(BY_NAME))
        return value


_TEAM_VALUES = frozenset(
    {
        ChangeKind.SET_MAIN_TEAM, ChangeKind.ADD_EXTRA_TEAM, ChangeKind.DROP_EXTRA_TEAM,
        ChangeKind.MOVE_TEAM,
    }
)  # fmt: skip


# A joiner's access is taken back by taking back the joiner.
_OF_THEMSELVES = (ChangeKind.CREATE_USER, ChangeKind.MANUAL)
_GOES_WITH_THE_USER = (Undo.ROUGH, "")


def context_of(desired: Desired, snapshot: Snapshot, options: DiffOptions) -> Context:
    """The lookups of one comparison."""
    teams = {team.id: team for team in snapshot.teams}
    paths = {ident: team_path(ident, teams) for ident in teams}
    paths.update({team.key: team.path for team in desired.teams or () if team.key not in paths})
    return Context(
        desired=desired,
        snapshot=snapshot,
        options=options,
        can=abilities(snapshot),
        sets={one.id: one.name for one in snapshot.permission_sets},
        teams=teams,
        paths=paths,
    )


def origin_of(source: Source) -> str:
    """`rule:NAME`, `people:line 12`, `request:ID`, ..."""
    return f"{source.origin.name.lower()}:{source.reference}".rstrip(":")


def user_change(
    ctx: Context,
    kind: ChangeKind,
    subject: User | str,
    before: Value,
    after: Value,
    source: Source,
    details: Mapping[str, str] | None = None,
    slot: ChangeKind | None = None,
) -> Change:
    """One change of one user; `slot` names what a manual line stands for."""
    user = subject if isinstance(subject, User) else None
    undo, note = promise(kind, before) if user or kind in _OF_THEMSELVES else _GOES_WITH_THE_USER
    named = slot or kind
    told = dict(details or {})
    for key, value in (("before_shown", before), ("after_shown", after)):
        if shown := ctx.shown(named, value):
            told[key] = shown
    if slot is not None:
        told["slot"] = slot.value
    return Change(
        id="",
        kind=kind,
        subject_kind="user",
        subject=user.email if user else str(subject),
        subject_id=user.id if user else None,
        before=before,
        after=after,
        reason=source.reason,
        phase=Phase.MOVE,
        undo=undo,
        undo_note=note,
        origin=origin_of(source),
        details=told,
    )


def manual(
    ctx: Context,
    task: str,
    subject: User | str,
    before: Value,
    after: Value,
    source: Source,
    slot: ChangeKind,
    why: str,
) -> Change:
    """A line only a person can carry out; `task` names its click path, `why` the API's limit."""
    details = {"task": task, "why": why}
    return user_change(ctx, ChangeKind.MANUAL, subject, before, after, source, details, slot)
