"""Which connected app a pack is about in one portal: named by a person, or learned from an elevation.

HubSpot lists neither connected apps nor their scopes by API, and vendors publish no app ids. What
one knows of an app lets an existing connection be recognised and surplus scopes be found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rolecall.domain.actor import SYSTEM, Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.features import scope_report
from rolecall.domain.operator import TokenScope
from rolecall.domain.portal import Capabilities
from rolecall.domain.snapshot import FeedEvent
from rolecall.insights.facts import AppFact
from rolecall.kit.ids import uuid7
from rolecall.permissions.elevation import INSTALLED
from rolecall.permissions.pack import Pack
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.rights import may_change
from rolecall.store import Statement, UnitOfWork, View
from rolecall.store.encoding import from_json, to_json

CONNECTED_APP = "connected app"  # kind of statement, by HubSpot's app id
OWN_KEY = "Rolecall's own key"


@dataclass(frozen=True, slots=True)
class PackApp:
    """A connected app with the pack it is known by and the scopes it was granted, where told.

    `learned_from` is the plan of the elevation whose user installed it; empty = a person said so.
    """

    app_id: str
    pack: str
    name: str
    scopes: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()  # by the pack, on the day it was named
    learned_from: str = ""
    forgotten: bool = False


async def apps_in(view: View, hub_id: int) -> tuple[PackApp, ...]:
    """Every connected app known of a portal."""
    stated = await view.evidence.stated(hub_id, CONNECTED_APP)
    found = (from_json(one.body, PackApp) for one in stated.values())
    return tuple(one for one in found if not one.forgotten)


def with_apps(pack: Pack, apps: Iterable[PackApp]) -> Pack:
    """The pack with the app ids known of this portal besides its own."""
    known = (one.app_id for one in apps if one.pack == pack.id)
    return replace(pack, app_ids=tuple(dict.fromkeys((*pack.app_ids, *known))))


def app_facts(apps: Iterable[PackApp], own: Capabilities) -> tuple[AppFact, ...]:
    """Apps with the scopes granted and needed; our own key is bounded by what Rolecall can use."""
    told = [
        AppFact(one.app_id, one.name, frozenset(one.scopes), frozenset(one.needed))
        for one in apps
        if one.scopes and one.needed
    ]
    if own.scopes_known and own.scopes:
        report = scope_report(own.scopes)
        granted = frozenset(report.granted)
        told.append(AppFact("rolecall", OWN_KEY, granted, granted - frozenset(report.surplus)))
    return tuple(told)


async def list_apps(app: App, actor: Actor, name: str) -> tuple[PackApp, ...]:
    """The connected apps known of a portal."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        return await apps_in(view, portal.hub_id)


def app_shape(one: PackApp) -> dict[str, Any]:
    """A connected app as --json shows it."""
    return {
        "app_id": one.app_id,
        "pack": one.pack,
        "name": one.name,
        "scopes": list(one.scopes),
        "learned_from": one.learned_from or None,
    }


async def name_app(
    app: App, actor: Actor, name: str, pack: Pack, app_id: str, scopes: Iterable[str] = ()
) -> PackApp:
    """Say which app a pack is about in this portal, and which scopes HubSpot shows it was granted."""
    one = PackApp(app_id, pack.id, pack.name, tuple(sorted(scopes)), pack.scopes)
    await _told_by(app, actor, name, one)
    return one


async def forget_app(app: App, actor: Actor, name: str, pack: Pack, app_id: str) -> None:
    """Take back what was named or learned of an app."""
    await _told_by(app, actor, name, PackApp(app_id, pack.id, pack.name, forgotten=True))


async def _told_by(app: App, actor: Actor, name: str, one: PackApp) -> None:
    portal = await portal_named(app, actor, name)
    scope = TokenScope.ACCESS_WRITE
    may_change(app, actor, Role.ADMIN, portal.hub_id, "name connected apps", scope)
    async with app.database.begin(actor, f"app {one.app_id} is {one.name}") as work:
        await _state(work, portal.hub_id, one)


async def learn_app(
    app: App,
    hub_id: int,
    pack: Pack,
    plan_id: str,
    seen: FeedEvent,
    events: Iterable[FeedEvent],
    since: datetime,
) -> None:
    """Remember the app an elevated user installed as the pack's; not where there were several."""
    mine = {
        event.object_id
        for event in events
        if event.type == INSTALLED and event.actor_id == seen.actor_id and event.at >= since
    }
    if pack.app_ids or seen.object_id is None or mine != {seen.object_id}:
        return
    one = PackApp(seen.object_id, pack.id, pack.name, needed=pack.scopes, learned_from=plan_id)
    async with app.database.begin(SYSTEM, f"installed while elevated for {pack.name}") as work:
        await _state(work, hub_id, one)


async def _state(work: UnitOfWork, hub_id: int, one: PackApp) -> None:
    body = to_json(one)
    kept = Statement(uuid7(), hub_id, CONNECTED_APP, one.app_id, work.now, work.actor.id, body)
    await work.evidence.state(kept)
    work.record(
        Event.EVIDENCE_ATTESTATION_MADE,
        subject=f"app {one.app_id}",
        hub_id=hub_id,
        details={"pack": one.pack, "forgotten": "yes" if one.forgotten else ""},
    )
