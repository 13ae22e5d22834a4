"""What a portal is made of: sets, teams and seats of the newest look, and the file about it."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.domain.actor import Actor
from rolecall.domain.snapshot import Snapshot
from rolecall.permissions import matrix
from rolecall.permissions.catalogue import Permission
from rolecall.permissions.compare import side_of_set
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.drafts.access_file import policy_for, seen_file
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
