"""Who holds what nobody around him holds? Compares users with the others of their main team."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from rolecall.domain.snapshot import User, UserState
from rolecall.permissions.access import Resolver
from rolecall.permissions.levels import NONE

MIN_PEERS = 4  # fewer people make no custom
MIN_PERMISSIONS = 3  # one odd toggle is a task, three are another job
RARE_SHARE = 0.15  # held by at most this share of the others
_AREAS = ("marketing", "content", "sales", "service", "developer")


@dataclass(frozen=True, slots=True)
class Outlier:
    """A user with the permissions of an area his team does not work in."""

    user: User
    team: str
    area: str
    permissions: tuple[str, ...]
    peers: int


def outliers(resolver: Resolver, users: Iterable[User] | None = None) -> tuple[Outlier, ...]:
    """Users with three or more permissions of an area hardly anybody of their main team holds.

    Super Admins are another question. An area that the job title or the team's own name speaks
    of is explained; only what is surely held counts.
    """
    teams = {team.id: team.name for team in resolver.snapshot.teams}
    groups: defaultdict[str, list[User]] = defaultdict(list)
    for user in resolver.snapshot.users if users is None else users:
        if user.state is UserState.ACTIVE and user.main_team_id and not user.super_admin:
            groups[user.main_team_id].append(user)
    found: list[Outlier] = []
    for team_id, members in groups.items():
        if len(members) > MIN_PEERS:
            found.extend(_of_group(resolver, teams.get(team_id, team_id), members))
    return tuple(found)


def _of_group(resolver: Resolver, team: str, members: list[User]) -> list[Outlier]:
    counts: defaultdict[str, int] = defaultdict(int)
    held: dict[str, list[str]] = {}
    for user in members:
        levels = resolver.access_of(user).levels
        held[user.id] = [one for one, level in levels.items() if level.low != NONE]
        for one in held[user.id]:
            counts[one] += 1
    few = RARE_SHARE * (len(members) - 1)
    found = []
    for user in members:
        rare = [one for one in held[user.id] if counts[one] - 1 <= few]
        found.extend(_of_user(user, team, rare, len(members) - 1))
    return found


def _of_user(user: User, team: str, rare: list[str], peers: int) -> list[Outlier]:
    title = f"{user.profile.get('hs_job_title', '')} {team}".casefold()
    best: Outlier | None = None
    for area in _AREAS:
        mine = tuple(one for one in rare if one.startswith(f"{area}."))
        explained = area in title or (area == "content" and "marketing" in title)
        more = best is None or len(mine) > len(best.permissions)
        if len(mine) >= MIN_PERMISSIONS and more and not explained:
            best = Outlier(user, team, area, mine, peers)
    return [] if best is None else [best]
