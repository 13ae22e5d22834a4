"""Identity providers that push by SCIM: what their groups mean, what they sent, and their end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from starlette.responses import Response

from rolecall.domain.actor import Role
from rolecall.domain.scim import GroupTarget, Leaving, ScimClient
from rolecall.kit.errors import NotThere, RolecallError
from rolecall.services.scim.clients import (
    change_client,
    client_named,
    list_clients,
    log_of,
    mapping,
)
from rolecall.services.scim.removing import preview_removal, remove_client
from rolecall.services.scim.replaying import replay_push
from rolecall.services.scim.shapes import group_shape, line_shape
from rolecall.web.routing import Page, get, post
from rolecall.web.visits import Visit

LINES = 50
TARGETS = {
    GroupTarget.TEAM: "an extra team",
    GroupTarget.MAIN_TEAM: "a main team",
    GroupTarget.PERMISSION_SET: "a permission set",
    GroupTarget.PROFILE: "an access profile",
}
Choice = TypeVar("Choice", GroupTarget, Leaving)
LEAVINGS = {Leaving.PARK: "parked", Leaving.REMOVE: "removed"}


async def clients(visit: Visit) -> Response:
    """Who pushes into this portal."""
    found = await list_clients(visit.app, visit.actor)
    return visit.page(
        "scim_clients.html",
        clients=[one for one in found if one.hub_id == visit.here.hub_id],
        may_change=visit.holds(Role.ADMIN),
        targets=TARGETS,
        leavings=LEAVINGS,
    )


async def one_client(visit: Visit) -> Response:
    """One provider: its choices, its groups, what it sent and was answered."""
    return await _one_client(visit, await _client(visit), None)


async def _one_client(visit: Visit, client: ScimClient, problem: RolecallError | None) -> Response:
    app, actor = visit.app, visit.actor
    return visit.page(
        "scim_client.html",
        422 if problem else 200,
        client=client,
        groups=[group_shape(one) for one in await mapping(app, actor, client.id)],
        lines=[line_shape(one) for one in await log_of(app, actor, client.id, limit=LINES)],
        targets=TARGETS,
        leavings=LEAVINGS,
        problem=problem,
    )


async def choose(visit: Visit) -> Response:
    """Keep what groups and leaving mean, and how far pushes go by themselves."""
    client = await _client(visit)
    people, leavers = visit.number("most_people"), visit.number("most_leavers_a_day")
    wanted = replace(
        client,
        groups=_chosen(TARGETS, visit.text("groups"), client.groups),
        leaving=_chosen(LEAVINGS, visit.text("leaving"), client.leaving),
        most_people=client.most_people if people is None else people,
        most_leavers_a_day=client.most_leavers_a_day if leavers is None else leavers,
        welcome_email=visit.ticked("welcome_email"),
    )
    await change_client(visit.app, visit.actor, wanted)
    return visit.go(
        _address(visit), "Kept. Groups that were pushed are mapped with their next push."
    )


async def replay(visit: Visit) -> Response:
    """Push a line of the log again."""
    client = await _client(visit)
    try:
        await replay_push(visit.app, visit.actor, visit.path("line"))
    except RolecallError as error:
        return await _one_client(visit, client, error)
    return visit.go(_address(visit), "Pushed again.")


async def before_removal(visit: Visit) -> Response:
    """What goes and what stays, before the button that removes."""
    client = await _client(visit)
    seen = await preview_removal(visit.app, visit.actor, client.id)
    return visit.page("scim_remove.html", seen=seen, client=client)


async def remove(visit: Visit) -> Response:
    """End the connection and its token."""
    client = await _client(visit)
    await remove_client(visit.app, visit.actor, client.id, visit.text("reason"))
    return visit.go(visit.url("settings", "scim"), f"{client.name} is removed and shut out.")


async def _client(visit: Visit) -> ScimClient:
    """The client of the address; one of another portal is not there."""
    client = await client_named(visit.app, visit.actor, visit.path("client"))
    if client.hub_id != visit.here.hub_id:
        raise NotThere(f"There is no SCIM client {client.id} in {visit.name}")
    return client


def _chosen(known: Iterable[Choice], text: str, former: Choice) -> Choice:
    return next((one for one in known if one.value == text), former)


def _address(visit: Visit) -> str:
    return visit.url("settings", "scim", visit.path("client"))


PAGES: tuple[Page, ...] = (
    get("/p/{portal}/settings/scim", clients),
    get("/p/{portal}/settings/scim/{client}", one_client),
    post("/p/{portal}/settings/scim/{client}", choose),
    post("/p/{portal}/settings/scim/{client}/replay/{line}", replay),
    get("/p/{portal}/settings/scim/{client}/remove", before_removal),
    post("/p/{portal}/settings/scim/{client}/remove", remove),
)
