"""What a portal is made of: sets, teams and seats of the newest look, and the file about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rolecall.domain.actor import Actor
from rolecall.domain.snapshot import Snapshot
from rolecall.permissions import matrix
from rolecall.permissions.catalogue import Permission
from rolecall.permissions.compare import side_of_set
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.counted import counted_overview
from rolecall.services.drafts.access_file import policy_for, seen_file
from rolecall.services.inventory.overview import TeamUse
from rolecall.services.inventory.users import lists_of
from rolecall.services.permissions.answers import age_of, set_in, standpoint_of
from rolecall.services.permissions.book import catalogue_of, overlays_of
from rolecall.services.plans.drafting import Drafted, preview
from rolecall.services.plans.policies import dump_access
from rolecall.store import StoredPolicy


async def portal_lists(app: App, actor: Actor, name: str) -> Snapshot:
    """The newest snapshot without users; NeedsPerson before the first sync."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        return await lists_of(view, portal)


WHOLE_TREE = 100  # teams a page shows as one tree; more are shown level by level


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One team with its members, how many teams are below it, and where it is."""

    team: TeamUse
    below: int
    path: tuple[TeamUse, ...]  # from the top, without the team itself


@dataclass(frozen=True, slots=True)
class TeamsPage:
    """Teams as a page shows them: the whole tree, or one level or a search of a large one."""

    rows: tuple[TeamRow, ...]
    total: int
    whole: bool
    inside: TeamRow | None  # the team whose level is shown
    without: int  # users in no team


async def teams_page(
    app: App,
    actor: Actor,
    name: str,
    *,
    inside: str = "",
    search: str = "",
    limit: int = WHOLE_TREE,
    skip: int = 0,
) -> TeamsPage:
    """The team tree with its members; nothing before the first sync."""
    counted = await counted_overview(app, actor, name)
    rows = _team_rows(counted.teams) if counted else ()
    within = next((one for one in rows if one.team.id == inside), None)
    whole = len(rows) <= WHOLE_TREE and not search and within is None
    wanted = search.casefold()
    found = [
        one
        for one in rows
        if whole
        or (wanted and wanted in one.team.name.casefold())
        or (not wanted and _is_level(one, within))
    ]
    shown = found if whole else found[skip : skip + limit]
    without = counted.without_team if counted else 0
    return TeamsPage(tuple(shown), len(found), whole, within, without)


def _is_level(row: TeamRow, within: TeamRow | None) -> bool:
    above = row.path[-1] if row.path else None
    return above is None if within is None else above is within.team


def _team_rows(teams: Sequence[TeamUse]) -> tuple[TeamRow, ...]:
    """Paths and sizes of a tree told depth first."""
    paths: list[tuple[TeamUse, ...]] = []
    below: Counter[str] = Counter()
    above: list[TeamUse] = []
    for one in teams:
        del above[one.depth :]
        paths.append(tuple(above))
        below.update(team.id for team in above)
        above.append(one)
    return tuple(TeamRow(one, below[one.id], path) for one, path in zip(teams, paths, strict=True))


@dataclass(frozen=True, slots=True)
class AccessText:
    """An access.yaml to look at: the one in force, or the portal as it is written down."""

    text: str
    in_force: StoredPolicy | None


async def access_text(app: App, actor: Actor, name: str) -> AccessText:
    """The file in force; before the first one, a file whose plan is empty."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        stored = await view.policies.in_force(portal.hub_id)
    return AccessText(stored.text if stored else await dump_access(app, actor, name), stored)


async def preview_access(app: App, actor: Actor, name: str, text: str) -> Drafted:
    """The plan a file would make; raises PolicyProblems with every mistake. No plan is stored."""
    portal = await portal_named(app, actor, name)
    policy_for(portal.name, text)
    return await preview(app, actor, name, seen_file(text))


@dataclass(frozen=True, slots=True)
class SetContents:
    """What is known to be in a permission set, in the order of the catalogue."""

    rows: tuple[tuple[str, str], ...]  # (permission, level); `own?` = at least
    rests_on: str
    known_by: str = ""  # who tells: an attestation, or members of the export
    deviation: str = ""  # where members, or definitions, contradict each other


async def set_contents_named(app: App, actor: Actor, name: str, wanted: str) -> SetContents:
    """The same for a set named as people do; Refused names the nearest."""
    seen = await standpoint_of(app, actor, name)
    return await set_contents(app, actor, name, set_in(seen.snapshot, wanted))


async def set_contents(app: App, actor: Actor, name: str, set_id: str) -> SetContents:
    """The contents of a set by evidence; empty where nothing is known, which no API tells."""
    seen = await standpoint_of(app, actor, name)
    side = side_of_set(seen.resolver, set_id)
    known = seen.resolver.catalogue.permissions
    rows = [
        (known[key].shown, matrix.shown(held))
        for key in known
        if (held := side.levels.get(key)) is not None and held.low
    ]
    told = seen.resolver.definitions.get(set_id)
    by, conflict = (told.by, told.conflict) if told else ("", "")
    return SetContents(tuple(rows), age_of(seen), by, conflict)


@dataclass(frozen=True, slots=True)
class CatalogueView:
    """Permissions that match some words, the version they are of, and the overlays laid on."""

    version: str
    overlays: tuple[str, ...]
    permissions: tuple[Permission, ...]


def catalogue_view(app: App, words: str = "") -> CatalogueView:
    """The catalogue as it counts here; words narrow it by id, label, older label or phrase."""
    catalogue = catalogue_of(app)
    wanted = words.casefold().split()
    found = (
        one for one in catalogue.permissions.values() if all(w in _spoken(one) for w in wanted)
    )
    overlays = tuple(path.name for path in overlays_of(app))
    return CatalogueView(catalogue.version, overlays, tuple(found))


def _spoken(one: Permission) -> str:
    return " ".join((one.id, *one.path, *one.was, *one.say)).casefold()
