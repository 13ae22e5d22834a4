"""What one SCIM client pushed, read back for it, and the log of what it sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rolecall.domain.scim import ScimLine, ScimRecord
from rolecall.services.app import App
from rolecall.services.scim.clients import Pusher
from rolecall.store.encoding import to_json

NAME, EXTERNAL_ID, ID = "name", "external_id", "id"  # what kept resources are looked up by


@dataclass(frozen=True, slots=True)
class Published:
    """Names a portal publishes as canonical values, as of a snapshot ("" = never read)."""

    snapshot_id: str
    seats: tuple[str, ...] = ()
    permission_sets: tuple[str, ...] = ()


async def published_values(app: App, pusher: Pusher) -> Published:
    """Seats and permission sets as of the newest snapshot of the pusher's portal."""
    async with app.database.read() as view:
        found = await view.snapshots.load(pusher.portal.hub_id, without_users=True)
    if found is None:
        return Published("")
    seats = tuple(one.name for one in found.seats)
    return Published(found.id, seats, tuple(one.name for one in found.permission_sets))


async def kept_resource(app: App, pusher: Pusher, kind: str, record_id: str) -> ScimRecord:
    """One resource this client pushed; NotThere otherwise."""
    async with app.database.read() as view:
        return await view.scim.get(pusher.client.id, kind, record_id)


async def page_of_kept(
    app: App, pusher: Pusher, kinds: Sequence[str], start: int, count: int | None
) -> tuple[int, tuple[ScimRecord, ...]]:
    """How many resources of these kinds there are, and a page of them by id."""
    async with app.database.read() as view:
        return await view.scim.page(pusher.client.id, kinds, start, count)


async def kept_where(
    app: App, pusher: Pusher, kind: str, attribute: str, value: str
) -> tuple[ScimRecord, ...]:
    """Resources whose name (in any case), external id or id is this."""
    client = pusher.client
    async with app.database.read() as view:
        if attribute == NAME:
            found = await view.scim.by_name(client.hub_id, kind, value)
            return tuple(one for one in found if one.client_id == client.id)
        if attribute == EXTERNAL_ID:
            return await view.scim.by_external_id(client.id, kind, value)
        return await view.scim.known(client.id, kind, [value])


async def all_kept(app: App, pusher: Pusher, kinds: Sequence[str]) -> tuple[ScimRecord, ...]:
    """Every resource of these kinds."""
    async with app.database.read() as view:
        found = [one for kind in kinds for one in await view.scim.all(pusher.client.id, kind)]
    return tuple(found)


async def keep_line(app: App, line: ScimLine, asked: object = None) -> None:
    """Write what was sent, and what became of it, into the log; `asked` as the services read it."""
    async with app.database.work() as work:
        await work.scim.log(line if asked is None else replace(line, asked=to_json(asked)))
