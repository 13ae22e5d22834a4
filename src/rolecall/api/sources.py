"""Who brings people: apps HubSpot calls for its import screen, and identity providers by SCIM."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field, SecretStr

from rolecall.api.answers import errors, told
from rolecall.api.bodies import Body, Name
from rolecall.api.calling import Caller
from rolecall.api.models import Answer, Page
from rolecall.api.paging import Limit, Paged
from rolecall.domain.import_app import Grouping, ImportApp
from rolecall.domain.scim import GroupTarget, Leaving
from rolecall.services.importing.source import add_import_app, list_import_apps, remove_import_app
from rolecall.services.scim.clients import (
    change_client,
    client_named,
    list_clients,
    log_of,
    mapping,
)
from rolecall.services.scim.removing import remove_client
from rolecall.services.scim.replaying import replay_push
from rolecall.services.scim.shapes import client_shape, group_shape, line_shape, removal_shape

router = APIRouter(tags=["sources"], responses=errors())


class ImportAppToAdd(Body):
    """An app as HubSpot knows it; the client secret is kept encrypted and never shown.

    `portals` and `sources` empty = all of them; `strict` answers the documented members alone.
    """

    app_id: Annotated[int, Field(ge=1, le=2**53)]
    public_url: Name
    client_secret: Annotated[SecretStr, Field(max_length=4_096)]
    accounts: Grouping = Grouping.DEPARTMENT
    portals: list[int] = []
    sources: list[Name] = []
    strict: bool = False


class ScimClientModel(Answer):
    """An identity provider in one portal."""

    id: str
    hub_id: int
    name: str
    groups: GroupTarget
    leaving: Leaving
    most_people: int
    most_leavers_a_day: int
    welcome_email: bool
    trouble: str


class ScimRemovalModel(Answer):
    """What went with a client."""

    client: ScimClientModel
    users: int
    groups: int
    claims_ended: int
    plans_cancelled: int


class ScimClientChange(Body):
    """What a client's pushes mean, and how far they go by themselves; left out = as it is."""

    groups: GroupTarget | None = None
    leaving: Leaving | None = None
    most_people: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    most_leavers_a_day: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    welcome_email: bool | None = None


@router.get("/import-apps", operation_id="listImportApps", response_model=Page[Answer])
async def apps(call: Caller, window: Paged) -> Response:
    """Apps whose events of HubSpot's User import source are answered."""
    return told(window.of(await list_import_apps(call.app, call.actor), asdict))


@router.post(
    "/import-apps",
    operation_id="addImportApp",
    status_code=201,
    response_model=Answer,
    responses=errors(body=True),
)
async def add_app(call: Caller, body: ImportAppToAdd) -> Response:
    """Answer HubSpot's events for an app."""
    wanted = ImportApp(
        body.app_id,
        body.public_url,
        call.app.clock.now(),
        body.accounts,
        tuple(body.portals),
        tuple(body.sources),
        body.strict,
    )
    secret = body.client_secret.get_secret_value()
    return told(asdict(await add_import_app(call.app, call.actor, wanted, secret)), 201)


@router.delete("/import-apps/{app_id}", operation_id="removeImportApp", status_code=204)
async def remove_app(call: Caller, app_id: Annotated[int, Field(ge=1, le=2**53)]) -> Response:
    """Stop answering for an app and forget its secret."""
    await remove_import_app(call.app, call.actor, app_id)
    return Response(None, 204)


@router.get("/scim-clients", operation_id="listScimClients", response_model=Page[ScimClientModel])
async def clients(call: Caller, window: Paged) -> Response:
    """Identity providers that push by SCIM, their choices and what stands against their pushes."""
    return told(window.of(await list_clients(call.app, call.actor), client_shape))


@router.patch(
    "/scim-clients/{client}",
    operation_id="changeScimClient",
    response_model=ScimClientModel,
    responses=errors(body=True),
)
async def change(call: Caller, client: str, body: ScimClientChange) -> Response:
    """What a client's groups stand for, what leaving means, and its limits."""
    known = await client_named(call.app, call.actor, client)
    changes = {name: value for name, value in body if value is not None}
    return told(client_shape(await change_client(call.app, call.actor, replace(known, **changes))))


@router.delete(
    "/scim-clients/{client}", operation_id="removeScimClient", response_model=ScimRemovalModel
)
async def remove(call: Caller, client: str) -> Response:
    """End a client: its token at once, its claims, its waiting plans, what it pushed and sent.

    The portal's users stay as they are, and the people it brought stay known.
    """
    return told(removal_shape(await remove_client(call.app, call.actor, client)))


@router.get(
    "/scim-clients/{client}/groups", operation_id="listScimGroups", response_model=Page[Answer]
)
async def groups(call: Caller, client: str, window: Paged) -> Response:
    """The groups a client pushed, and what each is mapped to; null = nothing of that name."""
    return told(window.of(await mapping(call.app, call.actor, client), group_shape))


@router.get("/scim-clients/{client}/log", operation_id="listScimLog", response_model=Page[Answer])
async def log(
    call: Caller,
    client: str,
    limit: Limit = 100,
    after: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """What a client sent, newest first, and what it was answered; no password is kept."""
    found = await log_of(call.app, call.actor, client, limit=limit, before=after)
    following = found[-1].id if len(found) == limit else None
    return told({"items": [line_shape(one) for one in found], "next": following})


@router.post("/scim-log/{line}/replay", operation_id="replayScimPush", response_model=Answer)
async def replay(call: Caller, line: str) -> Response:
    """Push again what a line of the log asked for, once the cause of its refusal is gone."""
    return told(line_shape(await replay_push(call.app, call.actor, line)))
