"""Works out which users may act on a record, from their effective access and who owns the record.

Record scopes are those of the permission screens: all, their team's, their own, each with or
without records that have no owner. Deactivated users may nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.crm.kinds import RECORD_KINDS, ObjectKind, kind_named
from hubspot_emulator.crm.records import ObjectStore, Record
from hubspot_emulator.granular.access import access_key, effective, split_level
from hubspot_emulator.wire import ApiError
from hubspot_emulator.world import Membership, Portal

VIEW, EDIT, COMMUNICATE = "crm-object:VIEW", "crm-object:EDIT", "crm-object:COMMUNICATE"
ACTIONS = (VIEW, EDIT, COMMUNICATE)


@dataclass(frozen=True, slots=True)
class Resource:
    """One record as a HubSpot resource name tells it."""

    name: str
    kind: ObjectKind
    record: Record


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has a record: the users its owner properties name, and the teams that see it."""

    user_ids: frozenset[int]
    team_ids: frozenset[int]


def resource_named(portal: Portal, name: str) -> Resource | None:
    """The record of hcrn:{portal}:crm-object:{type}:{id}; None when it is gone, 400 when malformed."""
    parts = name.split(":")
    if len(parts) != 5 or parts[0] != "hcrn" or parts[2] != "crm-object":
        raise ApiError(400, f"Invalid HCRN: {name}")
    kind = kind_named(parts[3])
    if parts[1] != str(portal.id) or kind not in RECORD_KINDS or as_id(parts[4]) is None:
        raise ApiError(400, f"Unsupported resource: {name}")
    record = portal.crm.objects[kind.name].records.get(as_id(parts[4]) or 0)
    return None if record is None or record.archived else Resource(name, kind, record)


def permitted(portal: Portal, resource: Resource) -> dict[str, list[int]]:
    """User ids per action, ascending."""
    holding = _holding(portal, resource)
    found: dict[str, list[int]] = {action: [] for action in ACTIONS}
    for user_id, levels in _levels_of_everybody(portal, resource.kind):
        member = portal.members[user_id]
        for action, level in zip(ACTIONS, levels, strict=True):
            if _reaches(level, member, holding):
                found[action].append(user_id)
    return found


def _levels_of_everybody(
    portal: Portal, kind: ObjectKind
) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Levels for view, edit and communicate; users with the same access are worked out once."""
    known: dict[tuple[object, ...], tuple[str, str, str]] = {}
    for user_id in sorted(portal.members):
        member = portal.members[user_id]
        key = access_key(member)
        levels = known.get(key)
        if levels is None:
            levels = known[key] = _levels(effective(portal, member), kind)
        yield user_id, levels


def _levels(grants: Mapping[str, str], kind: ObjectKind) -> tuple[str, str, str]:
    root = f"crm_objects.{kind.name}"
    view, edit = grants.get(f"{root}.view", "none"), grants.get(f"{root}.edit", "none")
    return view, edit, grants.get("crm_tools.communicate", "none")


def _holding(portal: Portal, resource: Resource) -> Holding:
    store = portal.crm.objects[resource.kind.name]
    user_ids = frozenset(_owner_users(portal, store, resource.record))
    members = [portal.members[i] for i in user_ids if i in portal.members]
    teams = {team_id for member in members for team_id in _teams(member)}
    return Holding(user_ids, frozenset(_with_parents(portal, teams)))


def _owner_users(portal: Portal, store: ObjectStore, record: Record) -> Iterator[int]:
    """Users named by the owner property and by custom user-type properties."""
    for name in store.indexes:
        value = record.properties.get(name) or ""
        owner = portal.crm.owners.get(as_id(value) or 0)
        if owner is not None and owner.user_id_including_inactive is not None:
            yield owner.user_id_including_inactive


def _teams(member: Membership) -> tuple[int, ...]:
    main = () if member.main_team_id is None else (member.main_team_id,)
    return (*main, *member.extra_team_ids)


def _with_parents(portal: Portal, team_ids: set[int]) -> set[int]:
    """The teams and all above them: a parent team sees the records of its child teams."""
    found: set[int] = set()
    waiting = list(team_ids)
    while waiting:
        team_id = waiting.pop()
        team = portal.teams.get(team_id)
        if team is None or team_id in found:
            continue
        found.add(team_id)
        if team.parent_id is not None:
            waiting.append(team.parent_id)
    return found


def _reaches(level: str, member: Membership, holding: Holding) -> bool:
    scope, unassigned = split_level(level)
    if scope == "all":
        return True
    if scope == "none":
        return False
    if not holding.user_ids:
        return unassigned
    if member.user_id in holding.user_ids:
        return True
    return scope == "team" and not holding.team_ids.isdisjoint(_teams(member))
