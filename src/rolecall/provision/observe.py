"""Looks at one user, team or profile at HubSpot and tells it aspect by aspect."""

from __future__ import annotations

from dataclasses import dataclass, field

from rolecall.domain.plan import Change, Effect, Route
from rolecall.hubspot import wire
from rolecall.hubspot.reader import Reader
from rolecall.provision.aspects import (
    ABSENT,
    EXTRA_TEAM,
    EXTRA_TEAMS,
    PRESENT,
    Observation,
    aspect_of,
    joined,
)


@dataclass(frozen=True, slots=True)
class Look:
    """One look: the observation, the subject's id when there is one, and the user as sent."""

    seen: Observation
    subject_id: str | None = None
    user: wire.User | None = field(default=None, repr=False)
    alike: tuple[str, ...] = ()  # ids of teams of the wanted name under the wanted parent


async def look(
    reader: Reader, effect: Effect, changes: tuple[Change, ...], *, seats_told: bool
) -> Look:
    """One look at the subject of an effect, in as few requests as its route allows.

    `seats_told` True: the API version in use tells seats, so none told means none held.
    """
    if effect.route is Route.PATCH_PROFILE:
        return await _profile(reader, effect, changes)
    if effect.subject_kind == "team":
        return await _team(reader, effect, changes)
    return await _user(reader, effect, changes, seats_told)


async def _user(
    reader: Reader, effect: Effect, changes: tuple[Change, ...], seats_told: bool
) -> Look:
    if effect.subject_id is None:
        user = await reader.user_by_email(effect.subject)
    else:
        user = await reader.user(effect.subject_id)
        if user is None and effect.route is Route.REMOVE_USER:
            user = await reader.user_by_email(effect.subject)  # absence is proved both ways
    if user is None:
        return Look({aspect_of(change): ABSENT for change in changes} | {PRESENT: ABSENT})
    return Look(seen_of_user(user, changes, seats_told), user.id, user)


def seen_of_user(user: wire.User, changes: tuple[Change, ...], seats_told: bool) -> dict[str, str]:
    """A settings user as aspects; extra teams are told per team the changes speak of.

    Seats are left out where this version does not tell them: unseen is not the same as none.
    """
    extra = user.secondary_team_ids or ()
    sets = user.role_ids if user.role_ids is not None else tuple(filter(None, [user.role_id]))
    seen = {
        PRESENT: PRESENT,
        "permission_set": joined(sets),
        "main_team": user.primary_team_id or ABSENT,
        EXTRA_TEAMS: joined(extra),
        "first_name": user.first_name or "",
        "last_name": user.last_name or "",
    }
    if seats_told or user.seat_names is not None:
        seen["seats"] = joined(user.seat_names or ())
    for change in changes:
        aspect = aspect_of(change)
        if aspect.startswith(EXTRA_TEAM):
            team = aspect.removeprefix(EXTRA_TEAM)
            seen[aspect] = team if team in extra else ABSENT
    return seen


async def _profile(reader: Reader, effect: Effect, changes: tuple[Change, ...]) -> Look:
    names = sorted(aspect_of(change).removeprefix("profile:") for change in changes)
    record = await reader.crm_record(
        "users", effect.subject_id or "", names, id_property="hs_internal_user_id"
    )
    if record is None:
        return Look({PRESENT: ABSENT})
    seen = {f"profile:{name}": record.properties.get(name) or "" for name in names}
    return Look({PRESENT: PRESENT, **seen}, record.id)


async def _team(reader: Reader, effect: Effect, changes: tuple[Change, ...]) -> Look:
    if effect.subject_id is None:
        return await _team_to_be(reader, changes)
    team = await reader.team(effect.subject_id)
    if team is None:
        return Look({aspect_of(change): ABSENT for change in changes} | {PRESENT: ABSENT})
    seen = {PRESENT: PRESENT, "name": team.name, "parent": team.parent_team_id or ABSENT}
    return Look(seen, team.id)


async def _team_to_be(reader: Reader, changes: tuple[Change, ...]) -> Look:
    """Teams of the wanted name and place; which one is ours the journal knows."""
    change = changes[0]
    parent = change.details.get("parent") or None
    alike = [
        team.id
        async for page in reader.teams_tree()
        for team in page.items
        if team.name == change.details["name"] and team.parent_team_id == parent
    ]
    return Look({PRESENT: ABSENT}, alike=tuple(alike))
