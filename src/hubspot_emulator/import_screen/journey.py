"""The steps of Settings > Users & Teams > Create user > Or create multiple users at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from hubspot_emulator import lifecycle
from hubspot_emulator.accounts import ImportApp, import_obstacles
from hubspot_emulator.granular.access import effective
from hubspot_emulator.import_screen.events import Event, Sent, send

if TYPE_CHECKING:
    from hubspot_emulator.routing import Call
    from hubspot_emulator.world import Portal

VERSIONS = {"v3_v1": ("v3", "v1"), "v3_v2": ("v3", "v2"), "v3": ("v3",), "v2": ("v2",)}


@dataclass(frozen=True, slots=True)
class Offered:
    """One user a source offers; `there` says why he cannot be chosen."""

    row: str  # the source's row as JSON, carried through the form
    email: str
    name: str
    there: bool


@dataclass(frozen=True, slots=True)
class Created:
    """What became of one chosen user."""

    email: str
    outcome: str  # created | skipped: ...


def sources(call: Call, portal: Portal) -> list[ImportApp]:
    """The apps the screen offers: installed here, and switched on with all that belongs to it."""
    apps = call.world.import_apps.values()
    return [app for app in apps if not import_obstacles(app, portal.id)]


async def fetch(
    call: Call, portal: Portal, app: ImportApp, event: str, account: str | None = None
) -> Sent:
    """Send one event to the app's target URL, signed as the switch `import_signature` says."""
    versions = VERSIONS.get(call.world.switches["import_signature"], ("v1",))
    target = app.target_url or ""
    return await send(app, Event(event, portal.id, target, versions, "", account), call.now)


def offered(call: Call, portal: Portal, rows: Iterable[dict[str, Any]]) -> list[Offered]:
    """The fetched users with those greyed out who are here already."""
    return [
        Offered(
            row=msgspec.json.encode(row).decode(),
            email=str(row["email"]),
            name=f"{row['firstName'] or ''} {row['lastName'] or ''}".strip(),
            there=_is_here(call, portal, row),
        )
        for row in rows
    ]


def _is_here(call: Call, portal: Portal, row: dict[str, Any]) -> bool:
    """By the id the source named, else by e-mail."""
    named = row.get("existingUserId")
    if named is not None and str(named).isdecimal() and int(named) in portal.members:
        return True
    identity = call.world.identity(str(row["email"]))
    return identity is not None and identity.id in portal.members


def create(
    call: Call, portal: Portal, actor: int, rows: list[dict[str, Any]], seat: str, role: str
) -> list[Created]:
    """Invite the chosen users with one seat and one permission set for all of them."""
    return [_create_one(call, portal, actor, row, seat, role) for row in rows]


def _create_one(
    call: Call, portal: Portal, actor: int, row: dict[str, Any], seat: str, role: str
) -> Created:
    email = str(row.get("email") or "")
    if _is_here(call, portal, row):
        return Created(email, "skipped: already a user of this account")
    if "@" not in email.strip("@"):
        return Created(email, "skipped: no e-mail address")
    names = (str(row.get("firstName") or ""), str(row.get("lastName") or ""))
    identity = call.world.identity_of(email, *names)
    member = lifecycle.invite(call.world, portal, identity, actor, call.now)
    member.welcome_email_sent = True
    member.seat_names = [seat] if seat in portal.seats else []
    set_id = int(role) if role.isdecimal() else 0
    member.permission_set_ids = [set_id] if set_id in portal.permission_sets else []
    event = "MANUAL_REGISTRATION_EMAIL_SEND"
    portal.feeds.record_security(event, call.now, actor, identity.id)
    return Created(email, "created")


def acting_user(call: Call, portal: Portal) -> int | None:
    """Who sits at the screen: `as=EMAIL`, else the first Super Admin; None if he may not."""
    email = call.one("as")
    if email is None:
        return next((one for one, member in portal.members.items() if member.super_admin), None)
    identity = call.world.identity(email)
    member = None if identity is None else portal.members.get(identity.id)
    if member is None or "account.add_edit_users" not in effective(portal, member):
        return None
    return member.user_id
