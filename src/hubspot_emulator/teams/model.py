"""Teams of a portal: the tree, its members, and the rules of tiers. Members live in memberships."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from hubspot_emulator import lifecycle
from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.refusals import invalid
from hubspot_emulator.teams.wire import Belonging, Kind, TeamWish
from hubspot_emulator.wire import ApiError, not_found
from hubspot_emulator.world import Team

if TYPE_CHECKING:
    from hubspot_emulator.routing import Call
    from hubspot_emulator.world import Membership, Portal

# Commonly quoted caps; HubSpot's own tables disagree over the years, so a portal may set its own.
TEAM_CAPS = {"professional": 10, "enterprise": 300}


def page(portal: Portal, after: int, limit: int) -> tuple[list[Team], int | None]:
    """Teams with ids beyond `after`, ascending, and the cursor of the next page."""
    ids = sorted(one for one in portal.teams if one > after)
    rows = [portal.teams[one] for one in ids[:limit]]
    return rows, rows[-1].id if len(ids) > limit else None


def members_of_all(portal: Portal) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """User ids by team: main members, extra members; one pass over the portal."""
    main: dict[int, list[int]] = defaultdict(list)
    extra: dict[int, list[int]] = defaultdict(list)
    for user_id in portal.members.following(0):
        member = portal.members[user_id]
        if member.main_team_id is not None:
            main[member.main_team_id].append(user_id)
        for team_id in member.extra_team_ids:
            extra[team_id].append(user_id)
    return main, extra


def members_page(
    portal: Portal, team_id: int, after: int, limit: int
) -> tuple[list[Belonging], int | None]:
    """Members of one team with user ids beyond `after`, and the cursor of the next page."""
    rows = list(islice(_belongings(portal, team_id, after), limit + 1))
    return rows[:limit], rows[limit - 1].user_id if len(rows) > limit else None


def _belongings(portal: Portal, team_id: int, after: int) -> Iterator[Belonging]:
    for user_id in portal.members.following(after):
        kind = _kind_in(portal.members[user_id], team_id)
        if kind is not None:
            yield Belonging(user_id, kind)


def _kind_in(member: Membership, team_id: int) -> Kind | None:
    if member.main_team_id == team_id:
        return "DEFAULT"
    return "EXTRA" if team_id in member.extra_team_ids else None


def find(portal: Portal, word: str) -> Team:
    """The team an id names; ApiError 404 when there is none."""
    team = portal.teams.get(as_id(word) or 0)
    if team is None:
        raise not_found()
    return team


def create(call: Call, wish: TeamWish) -> Team:
    """A new team with its first members."""
    portal = call.portal
    require_teams(portal)
    cap = portal.team_cap or TEAM_CAPS[portal.tier]
    if len(portal.teams) >= cap:
        raise invalid(f"You have reached the limit of {cap} teams.")
    if not (wish.name or "").strip():
        raise invalid("Team name can't be empty", "name")
    parent_id = _parent(portal, wish.parent_id)
    for one in wish.members:  # all or nothing: whatever could fail below fails here
        member = _require_user(portal, one.user_id)
        if one.kind == "DEFAULT" and member.main_team_id is not None:
            _second_main_team(call, member)
    team = Team(call.world.new_id(f"team-{portal.id}", 90_001), wish.name or "", parent_id)
    while team.id in portal.teams:  # a seed may have used the number
        team.id = call.world.new_id(f"team-{portal.id}")
    portal.teams[team.id] = team
    _told(call, "TEAM_ADDED", team)
    for one in wish.members:
        add_member(call, team, one)
    return team


def update(call: Call, team: Team, wish: TeamWish) -> Team:
    """Rename or move a team; nothing else of it can change."""
    require_teams(call.portal)
    if wish.name is not None and not wish.name.strip():
        raise invalid("Team name can't be empty", "name")
    if wish.parent_id:
        parent_id = _parent(call.portal, wish.parent_id)
        if parent_id is not None and team.id in ancestors(call.portal, parent_id):
            raise invalid("A team can't be moved below itself", "parentTeamId")
        team.parent_id = parent_id
    elif _goes_to_top(call, wish):
        team.parent_id = None
    team.name = wish.name if wish.name is not None else team.name
    return team


def _goes_to_top(call: Call, wish: TeamWish) -> bool:
    """What a null or an empty parent means is up to the switch team_to_top."""
    answer = call.world.switches["team_to_top"]
    if answer == "null":
        if wish.parent_id == "":
            raise invalid("Team with id  does not exist", "parentTeamId")
        return wish.nulled
    return answer == "empty_string" and wish.parent_id == ""


def ancestors(portal: Portal, team_id: int | None) -> set[int]:
    """A team's id and those of all above it."""
    found: set[int] = set()
    while team_id is not None and team_id not in found:
        found.add(team_id)
        team_id = portal.teams[team_id].parent_id
    return found


def delete(call: Call, team: Team) -> None:
    """Delete a team; its members lose it, its children are up to switch delete_parent_team."""
    portal = call.portal
    require_teams(portal)
    children = [one for one in portal.teams.values() if one.parent_id == team.id]
    answer = call.world.switches["delete_parent_team"]
    if children and answer == "reject":
        raise invalid("A team with child teams can't be deleted.")
    for child in children:
        if answer == "cascade":
            delete(call, child)
        else:
            child.parent_id = team.parent_id
    for one in list(_belongings(portal, team.id, 0)):
        _leave(call, team, portal.members[one.user_id])
    del portal.teams[team.id]
    _told(call, "TEAM_DELETED", team)


def add_member(call: Call, team: Team, wanted: Belonging) -> Belonging:
    """Put a user into a team; a second main team is up to switch default_conflict."""
    require_teams(call.portal)
    member = _require_user(call.portal, wanted.user_id)
    held = _kind_in(member, team.id)
    if held == wanted.kind:
        return wanted
    if held == "DEFAULT":
        raise invalid("The team is the user's main team already", "type")
    kind = wanted.kind
    if kind == "DEFAULT" and member.main_team_id is not None:
        kind = _second_main_team(call, member)
    if kind == "DEFAULT":
        _take_main_team(call, member, team.id)
    elif held is None:
        member.extra_team_ids.append(team.id)
    if held is None:
        lifecycle.joined_team(call.portal, member.user_id, team.id, _actor(call), call.now)
    lifecycle.changed_access(call.world, call.portal, member.user_id, call.now)
    return Belonging(member.user_id, kind)


def _second_main_team(call: Call, member: Membership) -> Kind:
    answer = call.world.switches["default_conflict"]
    if answer == "reject":
        raise invalid(f"User {member.user_id} already has a main team", "type")
    return "DEFAULT" if answer == "replace" else "EXTRA"


def _take_main_team(call: Call, member: Membership, team_id: int) -> None:
    if member.main_team_id is not None:
        former = member.main_team_id
        lifecycle.left_team(call.portal, member.user_id, former, _actor(call), call.now)
    member.main_team_id = team_id
    if team_id in member.extra_team_ids:
        member.extra_team_ids.remove(team_id)


def remove_member(call: Call, team: Team, word: str, kind: Kind) -> None:
    """Take a user out of a team, if he is in it as that kind of member."""
    require_teams(call.portal)
    user_id = as_id(word)
    if user_id is None:
        raise not_found()
    member = _require_user(call.portal, user_id)
    if _kind_in(member, team.id) == kind:
        _leave(call, team, member)
    elif call.world.switches["remove_member_wrong_type"] == "not_found":
        raise not_found()


def _leave(call: Call, team: Team, member: Membership) -> None:
    if member.main_team_id == team.id:
        member.main_team_id = None
    else:
        member.extra_team_ids.remove(team.id)
    lifecycle.left_team(call.portal, member.user_id, team.id, _actor(call), call.now)
    lifecycle.changed_access(call.world, call.portal, member.user_id, call.now)


def require_teams(portal: Portal) -> None:
    """Teams are a matter of Professional and Enterprise (KB, December 2025)."""
    if portal.tier in ("free", "starter"):
        raise ApiError(400, "Account doesn't have access to teams.")


def _parent(portal: Portal, word: str | None) -> int | None:
    if not word:
        return None
    if portal.tier != "enterprise":
        raise invalid("Account doesn't have access to nested teams.", "parentTeamId")
    parent_id = as_id(word)
    if parent_id is None or parent_id not in portal.teams:
        raise invalid(f"Team with id {word} does not exist", "parentTeamId")
    return parent_id


def _require_user(portal: Portal, user_id: int) -> Membership:
    member = portal.members.get(user_id)
    if member is None:
        raise not_found(f"User {user_id} does not exist")
    return member


def _actor(call: Call) -> int:
    return call.token.user_id or 0


def _told(call: Call, event: str, team: Team) -> None:
    now: datetime = call.now
    call.portal.feeds.record_security(event, now, _actor(call), object_id=str(team.id))
