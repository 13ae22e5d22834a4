"""Sync a portal, one at a time per portal; troubles leave their mark on the portal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rolecall.domain.actor import Actor, Role
from rolecall.domain.operator import TokenScope
from rolecall.domain.portal import Capabilities, ConnectionState, Portal
from rolecall.domain.sync import SyncRun, SyncState
from rolecall.kit.errors import NeedsPerson, Retryable, RolecallError
from rolecall.services.app import App
from rolecall.services.connections.leases import one_at_a_time
from rolecall.services.connections.portals import MANAGING, portal_named
from rolecall.services.connections.quota import count_requests, limit_reached
from rolecall.services.rights import need, need_scope
from rolecall.services.syncs.after_sync import after_sync
from rolecall.sync.ports import Progress, Step, silent

if TYPE_CHECKING:
    from rolecall.sync.run import Options, Synced

TRY_AGAIN = timedelta(minutes=10)  # after a sync that was stopped, whatever the portal's interval


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync found, for faces to render; `followed` names who ran it when not us."""

    portal: str
    run: SyncRun
    resumed: bool = False
    unchanged: bool = False
    notes: tuple[str, ...] = ()
    added: int = 0
    changed: int = 0
    removed: int = 0
    followed: str = ""


async def sync_portal(
    app: App,
    actor: Actor,
    name: str,
    *,
    full: bool = False,
    accept_shrink: bool = False,
    progress: Progress = silent,
) -> SyncReport:
    """Read a portal into a new snapshot; while somebody else does, follow that run instead.

    Raises SharedLimitReached, with the age of the last picture, when today's calls are spent.
    """
    from rolecall.sync.run import Options

    portal = await portal_named(app, actor, name, MANAGING)
    need(actor, Role.ADMIN, portal.hub_id, f"sync {name}", TokenScope.MANAGE)
    options = Options(full, accept_shrink)
    since = app.clock.now()

    def waiting(holder: str) -> None:
        progress(Step("waiting", 0, note=f"{name} is being synced by {holder}"))

    async with one_at_a_time(app.database, f"sync:{portal.hub_id}", waiting) as waited_for:
        followed = await _finished_since(app, portal, since) if waited_for else None
        if followed is not None and not (full or accept_shrink):
            return SyncReport(name, followed, followed=waited_for)
        return await _sync(app, actor, portal, options, progress)


async def _sync(
    app: App, actor: Actor, portal: Portal, options: Options, progress: Progress
) -> SyncReport:
    from rolecall.sync.probing import day_of
    from rolecall.sync.run import Engine, start, watching

    engine = Engine(app.database, app.clock, app.bounds, actor, progress)
    async with app.database.read() as view:
        known = await view.portals.capabilities(portal.hub_id)
    found, probed_at = known or (Capabilities(scopes_known=False), portal.added_at)
    async with app.doors.reader(portal, watching(progress)) as reader:
        counts = reader.connection.counts
        try:
            run = await start(engine, portal, found, probed_at, reader, options)
            done = await run.carry_out()
        except RolecallError as error:
            await count_requests(app, portal, counts.requests)
            used, limit = day_of(reader)
            told = await _told(app, portal, used, limit or found.daily_limit, error)
            raise told from (None if told is error else error)
    await count_requests(app, portal, counts.requests)
    await _recovered(app, portal, done)
    await after_sync(app, portal.hub_id)
    return _report(portal, done)


async def _told(
    app: App, portal: Portal, used: int | None, limit: int | None, error: RolecallError
) -> RolecallError:
    """The error as a person should read it; the portal keeps why it cannot be read now."""
    from rolecall.sync.troubles import ENDING_TODAY

    if isinstance(error, ENDING_TODAY):
        return await limit_reached(app, portal, used, limit, error.retry_after)
    if isinstance(error, NeedsPerson):
        await _mark(app, portal, ConnectionState.NEEDS_PERSON, error.message)
    elif isinstance(error, Retryable):
        pause = max(TRY_AGAIN, timedelta(seconds=error.retry_after or 0))
        later = replace(portal, retry_at=app.clock.now() + pause)
        await _mark(app, later, ConnectionState.WAITING, error.message)
    return error


async def _mark(app: App, portal: Portal, state: ConnectionState, reason: str) -> None:
    """Keep why a portal cannot be read; that somebody must act is told once."""
    async with app.database.work() as work:
        await work.portals.change(replace(portal, state=state, state_reason=reason))
        if state is ConnectionState.NEEDS_PERSON and portal.state is not state:
            told = {"portal": portal.name, "message": reason}
            work.notify("portal.needs_person", told, hub_id=portal.hub_id)


def due(portal: Portal, last: SyncRun | None, now: datetime) -> bool:
    """Whether a schedule reads this portal now, after its `last` run.

    A run that was stopped goes on when its time has come: after the portal's midnight where the
    shared calls were spent. What needs a person waits for that person.
    """
    if portal.state in {ConnectionState.DISABLED, ConnectionState.NEEDS_PERSON}:
        return False
    if portal.retry_at is not None:
        return now >= portal.retry_at
    if last is None:
        return True
    if last.state is SyncState.RUNNING:
        return now - last.started_at >= TRY_AGAIN  # its process is gone, or holds the lease
    pause = timedelta(minutes=portal.sync_every_minutes)
    return now - (last.finished_at or last.started_at) >= pause


async def _recovered(app: App, portal: Portal, done: Synced) -> None:
    tier = done.capabilities.tier
    healthy = replace(
        portal,
        state=ConnectionState.CONNECTED,
        state_reason="",
        tier=tier,
        retry_at=None,
        quota_wait=None,
    )
    if healthy != portal:
        async with app.database.work() as work:
            await work.portals.change(healthy)
            if portal.state is ConnectionState.NEEDS_PERSON:
                work.notify("portal.recovered", {"portal": portal.name}, hub_id=portal.hub_id)


async def _finished_since(app: App, portal: Portal, since: datetime) -> SyncRun | None:
    """The run somebody else finished while we waited."""
    async with app.database.read() as view:
        runs = await view.syncs.runs(portal.hub_id, 1)
    for run in runs:
        if run.state is SyncState.DONE and run.finished_at and run.finished_at >= since:
            return run
    return None


def _report(portal: Portal, done: Synced) -> SyncReport:
    return SyncReport(
        portal.name,
        done.run,
        resumed=done.resumed,
        unchanged=done.unchanged,
        notes=done.notes,
        added=done.added,
        changed=done.changed,
        removed=done.removed,
    )


async def sync_all(
    app: App,
    actor: Actor,
    *,
    full: bool = False,
    accept_shrink: bool = False,
    progress: Progress = silent,
) -> tuple[list[SyncReport], list[tuple[str, RolecallError]]]:
    """Every connected portal one administers, in turn; what fails does not stop the others."""
    need_scope(actor, TokenScope.MANAGE, "sync portals")
    async with app.database.read() as view:
        every = await view.portals.all()
    portals = [one for one in every if actor.holds(Role.ADMIN, one.hub_id)]
    done: list[SyncReport] = []
    failed: list[tuple[str, RolecallError]] = []
    for portal in portals:
        if portal.state is ConnectionState.DISABLED:
            continue
        try:
            report = await sync_portal(
                app, actor, portal.name, full=full, accept_shrink=accept_shrink, progress=progress
            )
            done.append(report)
        except RolecallError as error:
            failed.append((portal.name, error))
    return done, failed
