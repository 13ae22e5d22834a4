"""Connect portals, check, reconnect and remove them. A credential is tried before it is stored."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.features import FEATURES, USERS_READ, ScopeReport, scope_report
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.domain.plan import PlanState
from rolecall.domain.portal import Capabilities, ConnectionState, CredentialKind, Feature, Portal
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.services.app import App
from rolecall.services.connections.credentials import checked_address, travels_openly
from rolecall.services.connections.integration_user import is_personal, settle_task
from rolecall.services.connections.quota import limit_reached
from rolecall.services.rights import may_change, may_read, need, need_one_scope, need_scope
from rolecall.store import SnapshotHead, UnitOfWork
from rolecall.store.errors import NotThere
from rolecall.sync.ports import NewCredential, Progress, silent

if TYPE_CHECKING:
    from rolecall.sync.probing import Probe

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
READING, MANAGING = (TokenScope.READ,), (TokenScope.MANAGE,)
SOON_DAYS = 180  # how long before its end an API version is worth a word


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One API of HubSpot, the version in use ("" = not tried yet), and when HubSpot ends it."""

    api: str
    version: str
    ends: date | None


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """One screen about a connection: what works, what does not, and which feature that costs."""

    portal: Portal
    capabilities: Capabilities
    scopes: ScopeReport
    versions: tuple[VersionLine, ...]
    owner: str  # e-mail or id of who the credential belongs to; empty = HubSpot does not tell
    personal: bool  # it belongs to somebody who could leave
    warnings: tuple[str, ...] = ()

    @property
    def works(self) -> bool:
        """Users can be read, which is what everything else stands on."""
        return any(feature.id == "users" for feature in self.scopes.available)


@dataclass(frozen=True, slots=True)
class PortalLine:
    """One portal with its newest snapshot."""

    portal: Portal
    head: SnapshotHead | None


async def add_portal(
    app: App,
    actor: Actor,
    name: str,
    credential: NewCredential,
    api_base: str | None = None,
    *,
    expected: int | None = None,
    progress: Progress = silent,
) -> ConnectionReport:
    """Connect a portal under a name of ours; the credential is tried first and kept encrypted.

    Refused for a taken name and for a portal that is not the `expected` one, AlreadyThere for a hub
    id that is connected.
    """
    may_change(app, actor, Role.ADMIN, ALL_PORTALS, "connect portals", TokenScope.MANAGE)
    checked_name(name)
    base = checked_address(api_base or app.choices.api_base)
    probe = await _try(app, credential, base, progress)
    if expected not in (None, probe.account.portal_id):
        raise unexpected_portal(name, expected, probe.account.portal_id)
    new = Portal(probe.account.portal_id, name, base, app.clock.now())
    portal = replace(
        _described(new, credential.kind, probe),
        sync_every_minutes=app.choices.sync_every_minutes,
    )
    report = _report(app, portal, probe)
    _usable(report)
    async with app.database.begin(actor, f"connect {name}") as work:
        await work.portals.add(portal)
        await _keep(work, report, credential)
        details = {"hub_id": str(portal.hub_id), "credential": credential.kind.value}
        work.record(
            Event.PORTAL_CONNECTION_ADDED, subject=name, hub_id=portal.hub_id, details=details
        )
    return report


def checked_name(name: str) -> str:
    """A name a portal may have here; Refused otherwise."""
    if not NAME.fullmatch(name):
        raise Refused(f"{name!r} is no portal name", hint="letters, digits, dots and dashes")
    return name


async def check_portal(
    app: App, actor: Actor, name: str, *, progress: Progress = silent
) -> ConnectionReport:
    """Probe a connected portal again: token, scopes, edition, versions."""
    portal = await portal_named(app, actor, name, MANAGING)
    need(actor, Role.ADMIN, portal.hub_id, f"check {name}", TokenScope.MANAGE)
    probe = await _look(app, portal, progress)
    if probe.account.portal_id != portal.hub_id:
        raise _other_portal(name, portal.hub_id, probe.account.portal_id)
    checked = _described(portal, portal.credential_kind, probe)
    report = _report(app, checked, probe)
    async with app.database.begin(actor, f"check {name}") as work:
        await work.portals.change(report.portal)
        await _note(work, report)
        work.record(Event.PORTAL_CONNECTION_CHECKED, subject=name, hub_id=portal.hub_id)
    return report


async def reconnect_portal(
    app: App,
    actor: Actor,
    name: str,
    credential: NewCredential,
    *,
    progress: Progress = silent,
) -> ConnectionReport:
    """Swap the credential of a portal; history, plans and cursors stay, waiting work resumes.

    Refused when the credential belongs to another portal.
    """
    what = f"reconnect {name}"
    portal = await portal_to_change(app, actor, name, Role.ADMIN, what, TokenScope.MANAGE)
    probe = await _try(app, credential, portal.api_base, progress)
    if probe.account.portal_id != portal.hub_id:
        raise _other_portal(name, portal.hub_id, probe.account.portal_id)
    now = app.clock.now()  # a schedule reads it at its next turn, however long it waited
    changed = replace(_described(portal, credential.kind, probe), retry_at=now)
    report = _report(app, changed, probe)
    _usable(report)
    async with app.database.begin(actor, what) as work:
        await work.portals.change(changed)
        await _keep(work, report, credential)
        await _wake_plans(work, portal.hub_id)
        work.record(Event.PORTAL_CREDENTIAL_REPLACED, subject=name, hub_id=portal.hub_id)
    return report


async def remove_portal(app: App, actor: Actor, name: str) -> Portal:
    """Forget a portal and its credential; snapshots and the audit trail stay as evidence."""
    what = f"remove {name}"
    portal = await portal_to_change(app, actor, name, Role.ADMIN, what, TokenScope.MANAGE)
    async with app.database.begin(actor, what) as work:
        await work.credentials.remove(portal.hub_id)
        await work.portals.remove(portal.hub_id)
        work.record(Event.PORTAL_CONNECTION_REMOVED, subject=name, hub_id=portal.hub_id)
    return portal


async def list_portals(app: App, actor: Actor) -> tuple[PortalLine, ...]:
    """Every portal the actor may look at, by name, with its newest snapshot."""
    need_scope(actor, TokenScope.READ, "list portals")
    async with app.database.read() as view:
        portals = [one for one in await view.portals.all() if may_read(actor, one.hub_id)]
        heads = [await view.snapshots.head(one.hub_id) for one in portals]
    return tuple(PortalLine(one, head) for one, head in zip(portals, heads, strict=True))


async def portals_of(app: App, actor: Actor) -> tuple[Portal, ...]:
    """Every portal the actor holds any role in, by name; a requester's are among them."""
    async with app.database.read() as view:
        portals = await view.portals.all()
    held = {hub_id for hub_id, roles in actor.roles.items() if roles}
    return tuple(one for one in portals if held & {0, one.hub_id})


async def portal_to_ask(app: App, actor: Actor, name: str) -> Portal:
    """The portal of this name, for whoever holds any role in it; NotThere otherwise."""
    known = await portals_of(app, actor)
    found = next((one for one in known if one.name == name), None)
    if found is None:
        raise NotThere(f"No portal is called {name}", hint=_guess(name, [p.name for p in known]))
    return found


async def portal_named(
    app: App, actor: Actor, name: str, scopes: Collection[TokenScope] = READING
) -> Portal:
    """The portal of this name; one the actor may not look at is not there for him.

    A token needs one of the scopes: of reading, unless the use case names what it does.
    """
    need_one_scope(actor, scopes, "look at portals")
    async with app.database.read() as view:
        known = [one for one in await view.portals.all() if may_read(actor, one.hub_id)]
    found = next((one for one in known if one.name == name), None)
    if found is None:
        raise NotThere(f"No portal is called {name}", hint=_guess(name, [p.name for p in known]))
    return found


async def portal_to_change(
    app: App, actor: Actor, name: str, role: Role, what: str, scope: TokenScope
) -> Portal:
    """The portal of this name, where the actor may do this; what every write begins with.

    Raises NotThere for a portal one may not look at, ReadOnly, NotAllowed.
    """
    portal = await portal_named(app, actor, name, (scope,))
    may_change(app, actor, role, portal.hub_id, what, scope)
    return portal


def _guess(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    if known:
        return f"connected: {', '.join(known)}"
    return "connect one with `rolecall portal add NAME --token-file FILE`"


async def _try(app: App, credential: NewCredential, api_base: str, progress: Progress) -> Probe:
    from rolecall.sync.probing import probe
    from rolecall.sync.run import watching

    async with app.doors.trial(credential, api_base, watching(progress)) as reader:
        return await probe(reader)


async def _look(app: App, portal: Portal, progress: Progress) -> Probe:
    """Probe a connected portal; a spent day is told in full."""
    from rolecall.sync.probing import day_of, probe
    from rolecall.sync.run import watching
    from rolecall.sync.troubles import ENDING_TODAY

    async with app.doors.reader(portal, watching(progress)) as reader:
        try:
            return await probe(reader)
        except ENDING_TODAY as error:
            raise await limit_reached(app, portal, *day_of(reader), error.retry_after) from error


async def _keep(work: UnitOfWork, report: ConnectionReport, credential: NewCredential) -> None:
    await work.credentials.save(report.portal.hub_id, credential.fields, work.now)
    await _note(work, report)


async def _wake_plans(work: UnitOfWork, hub_id: int) -> None:
    """Plans that stopped for want of a good credential go on at the next turn."""
    for plan_id in await work.journal.stuck(hub_id):
        if await work.plans.state(plan_id) is PlanState.PAUSED:
            going, since = PlanState.APPLYING, (PlanState.PAUSED,)
            await work.plans.move(plan_id, going, since=since, at=work.now, message="reconnected")
            await work.journal.wake(plan_id, work.now)
            work.record(Event.PLAN_RUN_RESUMED, subject=plan_id, hub_id=hub_id)


async def _note(work: UnitOfWork, report: ConnectionReport) -> None:
    """Keep what the probe found, and the task it asks for."""
    portal = report.portal
    await work.portals.save_capabilities(portal.hub_id, report.capabilities, work.now)
    await settle_task(work, portal, report.owner, personal=report.personal)


def _described(portal: Portal, kind: CredentialKind, probe: Probe) -> Portal:
    """The portal as the probe found it."""
    account = probe.account
    return replace(
        portal,
        time_zone=account.time_zone,
        currency=account.company_currency or portal.currency,
        ui_domain=account.ui_domain or portal.ui_domain,
        hosting=account.data_hosting_location or portal.hosting,
        account_type=account.account_type,
        tier=probe.capabilities.tier,
        credential_kind=kind,
        credential_user_id=probe.owner_user_id,
        app_id=probe.app_id,
        state=ConnectionState.CONNECTED,
        state_reason="",
        retry_at=None,
    )


def _report(app: App, portal: Portal, probe: Probe) -> ConnectionReport:
    found, today = probe.capabilities, app.clock.now().date()
    # Where HubSpot does not tell the scopes, calls that worked are all we know.
    scopes = scope_report(found.scopes) if found.scopes_known else _by_answers(found)
    versions = tuple(VersionLine(one.api, one.version, one.ends) for one in probe.versions)
    owner = probe.owner_email or probe.owner_user_id or ""
    personal = is_personal(owner, app.choices.thresholds.integration_words)
    warnings = [_leaves_with(owner)] if personal else []
    warnings += _warnings(portal, versions, today)
    return ConnectionReport(portal, found, scopes, versions, owner, personal, tuple(warnings))


def _leaves_with(owner: str) -> str:
    return (
        f"the credential belongs to {owner}; it may stop working when that person leaves:"
        " a dedicated integration user outlives people (`rolecall task list` has the clicks)"
    )


def _by_answers(found: Capabilities) -> ScopeReport:
    here = {"users": True, "teams": found.teams is not None, "seat-stock": found.seats is not None}
    available = tuple(one for one in FEATURES if here.get(one.id))
    missing = tuple((one, one.scopes) for one in FEATURES if here.get(one.id) is False)
    return ScopeReport((), available, missing, ())


def _warnings(portal: Portal, versions: tuple[VersionLine, ...], today: date) -> list[str]:
    found = [
        f"HubSpot ends version {one.version} of {one.api} on {one.ends}"
        for one in versions
        if one.ends is not None and (one.ends - today).days <= SOON_DAYS
    ]
    if travels_openly(portal.api_base):
        found.append(f"the token travels unencrypted to {portal.api_base}")
    if portal.tier.value in {"free", "starter", "professional"}:
        found.append(
            "permission sets need HubSpot Enterprise; access given by hand is seen only in"
            " HubSpot's users export"
        )
    return found


def _usable(report: ConnectionReport) -> None:
    if not report.works:
        users: Feature = next(one for one in FEATURES if one.id == "users")
        raise NeedsPerson(
            f"The token lacks {' or '.join(USERS_READ)}: {users.without}",
            hint="add a scope to the key or app, then try again; nothing was stored",
        )


def unexpected_portal(name: str, hub_id: int | None, theirs: int) -> Refused:
    """What is told where another portal answers than the link for `name` was made for."""
    return Refused(
        f"HubSpot account {theirs} answered, but this link is for account {hub_id};"
        f" {name} was not connected",
        hint=f"open the link again and choose account {hub_id}; in account {theirs} the app can be"
        " uninstalled under Settings > Integrations > Connected apps",
    )


def _other_portal(name: str, hub_id: int, theirs: int) -> Refused:
    return Refused(
        f"The credential is of portal {theirs}, but {name} is portal {hub_id}",
        hint="use a key made in the right portal, or `rolecall portal add` for the other one",
    )
