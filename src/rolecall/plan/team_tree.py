"""Team structure: create, rename, re-parent, delete, from the file's tree and the portal's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rolecall.domain.assignment import Origin
from rolecall.domain.plan import Change, ChangeKind, Phase
from rolecall.plan.context import Context
from rolecall.plan.promises import promise
from rolecall.policy.desired import NEW_TEAM, DesiredTeam
from rolecall.policy.document import Section
from rolecall.policy.structure import sound_parents

_REASON = "teams: in access.yaml"


def structure_changes(ctx: Context) -> None:
    """Put every difference of the tree into the proposal, parents before children."""
    tree = ctx.desired.teams
    if tree is None:
        return
    parents = sound_parents(ctx.snapshot)
    for team in tree:
        if team.key in ctx.teams:
            _keep(ctx, team, parents)
        else:
            _create(ctx, team)
    if not ctx.desired.whole:
        return
    declared = {team.key for team in tree}
    for ident in sorted(ctx.teams.keys() - declared, key=lambda one: -_depth(one, parents)):
        change = _change(ctx, ChangeKind.DELETE_TEAM, ident, ident, ctx.teams[ident].name, None)
        reason = "not in teams: of access.yaml"
        ctx.put(Section.TEAM_STRUCTURE, replace(change, reason=reason), gives=False)


def _depth(ident: str | None, parents: Mapping[str, str | None]) -> int:
    depth = 0
    while ident is not None:
        depth, ident = depth + 1, parents.get(ident)
    return depth


def _create(ctx: Context, team: DesiredTeam) -> None:
    details = {"name": team.name, "key": team.key, "depth": str(team.depth)}
    if team.parent is not None:
        details["parent"] = team.parent
        details["parent_shown"] = ctx.paths.get(team.parent, team.parent)
    change = _change(ctx, ChangeKind.CREATE_TEAM, team.key, None, None, team.path, details)
    ctx.put(Section.TEAM_STRUCTURE, _allowed(ctx, change, team), gives=True)


def _keep(ctx: Context, team: DesiredTeam, parents: Mapping[str, str | None]) -> None:
    actual = ctx.teams[team.key]
    depth = {"depth": str(team.depth)}
    if actual.name != team.name:
        kind = ChangeKind.RENAME_TEAM
        change = _change(ctx, kind, team.key, team.key, actual.name, team.name, depth)
        ctx.put(Section.TEAM_STRUCTURE, change, gives=False)
    if parents[team.key] != team.parent:
        kind = ChangeKind.MOVE_TEAM
        change = _change(ctx, kind, team.key, team.key, parents[team.key], team.parent, depth)
        ctx.put(Section.TEAM_STRUCTURE, _allowed(ctx, change, team), gives=False)


def _change(
    ctx: Context,
    kind: ChangeKind,
    key: str,
    ident: str | None,
    before: str | None,
    after: str | None,
    details: Mapping[str, str] | None = None,
) -> Change:
    undo, note = promise(kind, before)
    told = {"key": key, **(details or {})}
    for name, value in (("before_shown", before), ("after_shown", after)):
        if shown := ctx.shown(kind, value):
            told[name] = shown
    change = Change(
        id="",
        kind=kind,
        subject_kind="team",
        subject=ctx.paths.get(key, key.removeprefix(NEW_TEAM)),
        subject_id=ident,
        before=before,
        after=after,
        reason=_REASON,
        phase=Phase.PREPARE,
        undo=undo,
        undo_note=note,
        origin=Origin.PEOPLE.name.lower(),
        details=told,
    )
    return change if ctx.can.teams else _by_hand(change, "the connection may not write teams")


def _allowed(ctx: Context, change: Change, team: DesiredTeam) -> Change:
    """The change, or a manual line where the edition has no teams below teams."""
    if team.parent is None or ctx.can.nested_teams or change.kind is ChangeKind.MANUAL:
        return change
    return _by_hand(change, "teams below teams need HubSpot Enterprise")


def _by_hand(change: Change, why: str) -> Change:
    undo, note = promise(ChangeKind.MANUAL, change.before)
    details = {**change.details, "slot": change.kind.value, "task": "team.edit", "why": why}
    return replace(change, kind=ChangeKind.MANUAL, undo=undo, undo_note=note, details=details)
