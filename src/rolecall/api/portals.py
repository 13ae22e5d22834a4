"""Portals: connecting them, what they are like, reading one anew. A credential is never shown."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field, SecretStr

from rolecall.api.answers import Match, errors, need_match, told
from rolecall.api.bodies import Body, Name
from rolecall.api.calling import Call, Caller, Reader
from rolecall.api.models import Answer, ConnectionModel, Page, PortalModel
from rolecall.api.paging import Paged
from rolecall.domain.portal import CredentialKind
from rolecall.services.connections.forms import change_interval, credential_of
from rolecall.services.connections.portals import (
    add_portal,
    check_portal,
    list_portals,
    reconnect_portal,
    remove_portal,
)
from rolecall.services.inventory.overview import portal_overview
from rolecall.services.shapes import connection_shape, overview_shape, portal_shape, sync_shape
from rolecall.services.syncs.syncing import sync_all, sync_portal
from rolecall.sync.ports import NewCredential

router = APIRouter(tags=["portals"], responses=errors())


class Credential(Body):
    """A service key or the token of a private app; kept encrypted, told to nobody."""

    token: Annotated[SecretStr, Field(max_length=4_096)]
    kind: Literal["service_key", "private_app", "token"] = "token"

    def new(self) -> NewCredential:
        """The credential, or Refused with what is wrong with it."""
        return credential_of(self.token.get_secret_value(), CredentialKind(self.kind))


class PortalToAdd(Credential):
    """A portal to connect, under a name of yours."""

    name: Name


class PortalChange(Body):
    """What may be set about a portal."""

    sync_every_minutes: Annotated[int, Field(ge=1, le=100_000)]


@router.get("/portals", operation_id="listPortals", response_model=Page[PortalModel])
async def list_(call: Reader, window: Paged) -> Response:
    """Every portal the caller may look at, by name."""
    return told(window.of(await list_portals(call.app, call.actor), portal_shape))


@router.post(
    "/portals",
    operation_id="addPortal",
    status_code=201,
    response_model=ConnectionModel,
    responses=errors(body=True),
)
async def add(call: Caller, body: PortalToAdd) -> Response:
    """Connect a portal; the token is tried first. Apps by OAuth are connected in a browser."""
    report = await add_portal(call.app, call.actor, body.name, body.new())
    return told(connection_shape(report), 201, {"location": f"/api/v1/portals/{body.name}"})


@router.post("/portals/sync", operation_id="syncPortals", response_model=Answer)
async def sync_everything(call: Caller, *, full: bool = False) -> Response:
    """Read every connected portal, one after the other; what fails does not stop the others."""
    reports, failed = await sync_all(call.app, call.actor, full=full)
    return told(
        {
            "portals": [sync_shape(one) for one in reports],
            "failed": [
                {"portal": name, "message": one.message, "hint": one.hint} for name, one in failed
            ],
        }
    )


@router.get("/portals/{portal}", operation_id="readPortal", response_model=PortalModel)
async def read(call: Reader, portal: str) -> Response:
    """One portal."""
    return told(await _portal(call, portal))


@router.patch(
    "/portals/{portal}",
    operation_id="updatePortal",
    status_code=204,
    responses=errors(body=True),
)
async def update(match: Match, call: Caller, portal: str, body: PortalChange) -> Response:
    """Set how often a portal is read by itself."""
    await need_match(match, partial(_portal, call, portal))
    await change_interval(call.app, call.actor, portal, body.sync_every_minutes)
    return Response(None, 204)


@router.delete("/portals/{portal}", operation_id="removePortal", status_code=204)
async def remove(match: Match, call: Caller, portal: str) -> Response:
    """Forget a portal and its credential; snapshots and the audit trail stay as evidence."""
    await need_match(match, partial(_portal, call, portal))
    await remove_portal(call.app, call.actor, portal)
    return Response(None, 204)


@router.post("/portals/{portal}/check", operation_id="checkPortal", response_model=ConnectionModel)
async def check(call: Caller, portal: str) -> Response:
    """Probe a connected portal again: token, scopes and what each missing one costs, versions."""
    return told(connection_shape(await check_portal(call.app, call.actor, portal)))


@router.put(
    "/portals/{portal}/credential",
    operation_id="reconnectPortal",
    response_model=ConnectionModel,
    responses=errors(body=True),
)
async def reconnect(call: Caller, portal: str, body: Credential) -> Response:
    """Swap the credential; history, plans and cursors stay, and waiting work resumes."""
    report = await reconnect_portal(call.app, call.actor, portal, body.new())
    return told(connection_shape(report))


@router.get("/portals/{portal}/overview", operation_id="readOverview", response_model=Answer)
async def overview(call: Reader, portal: str) -> Response:
    """The newest snapshot, counted: states, permission sets, seats, teams."""
    return told(overview_shape(await portal_overview(call.app, call.actor, portal)))


@router.post("/portals/{portal}/sync", operation_id="syncPortal", response_model=Answer)
async def sync(
    call: Caller, portal: str, *, full: bool = False, accept_shrink: bool = False
) -> Response:
    """Read the portal into a new snapshot, and answer when that is done.

    `full` looks at every record anew; `accept_shrink` proves every absence once, however many.
    """
    report = await sync_portal(call.app, call.actor, portal, full=full, accept_shrink=accept_shrink)
    return told(sync_shape(report))


async def _portal(call: Call, name: str) -> dict[str, Any]:
    await call.portal(name)
    lines = await list_portals(call.app, call.actor)
    return next(portal_shape(one) for one in lines if one.portal.name == name)
