"""Pushes again what an identity provider sent, from the log: after a refusal whose cause is gone."""

from __future__ import annotations

from dataclasses import replace

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.domain.scim import ScimLine, ScimRecord
from rolecall.kit.errors import Refused, RolecallError
from rolecall.kit.ids import uuid7
from rolecall.services.app import App
from rolecall.services.rights import may_change
from rolecall.services.scim.clients import Pusher, acting_for, client_named
from rolecall.services.scim.planning import ScimRunner
from rolecall.services.scim.pushing import (
    PushedGroup,
    drop_group,
    drop_user,
    push_group,
    push_user,
)
from rolecall.services.scim.wishes import PushedUser
from rolecall.store.encoding import from_json
from rolecall.store.errors import NotThere

USER = "User"


async def replay_push(app: App, actor: Actor, line_id: str) -> ScimLine:
    """Push what a line of the log asked for once more, plan it, and give the line of that.

    Refused for what was never understood, and for a resource that was pushed again since: the
    newer push is what the identity provider means. What refuses the push is raised and logged.
    """
    async with app.database.read() as view:
        line = await view.scim.line(line_id)
        newer = await view.scim.lines_after(line.client_id, line.id)
        portal_of = {one.hub_id: one for one in await view.portals.all()}
    client = await client_named(app, actor, line.client_id)
    scope = TokenScope.MANAGE
    may_change(app, actor, Role.ADMIN, client.hub_id, "replay what was pushed", scope)
    if client.hub_id not in portal_of:
        raise NotThere(f"Portal {client.hub_id} is not connected")
    _refuse_pointless(line, newer)
    pusher = Pusher(client, portal_of[client.hub_id], acting_for(client, actor.email))
    runner = ScimRunner(app)
    told, status, done = "", 200, line.resource_id
    try:
        record = await _pushed(app, runner, pusher, line)
        done = record.id if record is not None else done
    except RolecallError as error:
        told, status = error.message, getattr(error, "http_status", 409)
        raise
    finally:
        again = replace(
            line, id=uuid7(), at=app.clock.now(), sent="", status=status, resource_id=done,
            told=told or f"replay of {line.id} by {actor.name or actor.id}",
        )  # fmt: skip
        async with app.database.begin(actor, f"replay of {line.id}") as work:
            await work.scim.log(again)
            details = {"line": line.id, "client": client.name, "status": str(status)}
            work.record(
                Event.SCIM_PUSH_REPLAYED, subject=done, hub_id=client.hub_id, details=details
            )
    await runner.idle()
    return again


def _refuse_pointless(line: ScimLine, newer: tuple[ScimLine, ...]) -> None:
    if not line.kind or (line.method != "DELETE" and not line.asked):
        raise Refused(
            "that line holds nothing that can be pushed again",
            hint="what the identity provider sent was refused before it was understood",
        )
    since = [
        one
        for one in newer
        if one.status < 400 and one.kind == line.kind and one.resource_id == line.resource_id
    ]
    if since and line.resource_id:
        raise Refused(
            f"the same {line.kind} was pushed again since",
            hint=f"the newest push is line {since[-1].id}",
        )


async def _pushed(
    app: App, runner: ScimRunner, pusher: Pusher, line: ScimLine
) -> ScimRecord | None:
    former = await _former(app, pusher, line)
    if line.method == "DELETE":
        if former is None:
            raise NotThere(f"{line.kind} {line.resource_id} is gone already")
        drop = drop_user if line.kind == USER else drop_group
        await drop(app, runner, pusher, former)
        return None
    if line.kind == USER:
        asked = from_json(line.asked, PushedUser)
        return await push_user(app, runner, pusher, asked, line.after, former)
    group = from_json(line.asked, PushedGroup)
    return await push_group(app, runner, pusher, group, line.after, former)


async def _former(app: App, pusher: Pusher, line: ScimLine) -> ScimRecord | None:
    """The resource as it is kept now; None where the line would have made it."""
    if not line.resource_id:
        return None
    async with app.database.read() as view:
        found = await view.scim.known(pusher.client.id, line.kind, [line.resource_id])
    return found[0] if found else None
