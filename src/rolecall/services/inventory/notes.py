"""Who answers for a permission set and what it is for: notes of the operators, portal by portal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.kit.errors import NotThere, Refused
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named, portal_to_change
from rolecall.services.inventory.users import lists_of

NOTES = "permission set notes"
LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class ResourceNote:
    """What operators wrote down about one permission set."""

    owner: str = ""
    purpose: str = ""


async def notes_of_sets(app: App, actor: Actor, name: str) -> Mapping[str, ResourceNote]:
    """The notes by permission set id."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        kept = await view.preferences.get(f"portal:{portal.hub_id}", NOTES) or {}
    return {key: ResourceNote(*value) for key, value in kept.items()}


async def note_set(app: App, actor: Actor, name: str, set_id: str, note: ResourceNote) -> None:
    """Write a note; Refused when it is too long, NotThere for a set the portal does not have."""
    what = "write notes about permission sets"
    portal = await portal_to_change(app, actor, name, Role.ADMIN, what, TokenScope.MANAGE)
    if max(len(note.owner), len(note.purpose)) > LONGEST:
        raise Refused(f"a note has at most {LONGEST} characters")
    async with app.database.begin(actor, what) as work:
        lists = await lists_of(work, portal)
        if set_id not in {one.id for one in lists.permission_sets}:
            raise NotThere(f"There is no permission set {set_id} in {portal.name}")
        owner = f"portal:{portal.hub_id}"
        kept = dict(await work.preferences.get(owner, NOTES) or {})
        kept[set_id] = [note.owner, note.purpose]
        await work.preferences.save(owner, NOTES, kept, work.now)
        work.record(
            Event.PORTAL_SETTINGS_CHANGED,
            subject=f"permission set {set_id}",
            hub_id=portal.hub_id,
            details={"owner": note.owner},
        )
