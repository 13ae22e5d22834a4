"""Portals: which are connected, what they are like, reading one anew."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response

from rolecall.api.answers import errors, told
from rolecall.api.calling import Caller, Reader
from rolecall.api.models import Answer, PortalModel
from rolecall.domain.operator import TokenScope
from rolecall.services.connections.portals import list_portals
from rolecall.services.inventory.overview import portal_overview
from rolecall.services.rights import need_scope
from rolecall.services.shapes import portal_shape, sync_shape
from rolecall.services.syncs.syncing import sync_portal

router = APIRouter(tags=["portals"], responses=errors())


@router.get("/portals", operation_id="listPortals", response_model=list[PortalModel])
async def list_(call: Reader) -> Response:
    """Every portal the caller may look at."""
    return told([portal_shape(one) for one in await list_portals(call.app, call.actor)])


@router.get("/portals/{portal}", operation_id="readPortal", response_model=PortalModel)
async def read(call: Reader, portal: str) -> Response:
    """One portal."""
    await call.portal(portal)
    lines = await list_portals(call.app, call.actor)
    return told(next(portal_shape(one) for one in lines if one.portal.name == portal))


@router.get("/portals/{portal}/overview", operation_id="readOverview", response_model=Answer)
async def overview(call: Reader, portal: str) -> Response:
    """The newest snapshot, counted: states, permission sets, seats, teams."""
    await call.portal(portal)
    found: dict[str, Any] = asdict(await portal_overview(call.app, call.actor, portal))
    return told({**found, "portal": portal})


@router.post("/portals/{portal}/sync", operation_id="syncPortal", response_model=Answer)
async def sync(call: Caller, portal: str) -> Response:
    """Read the portal into a new snapshot, and answer when that is done."""
    need_scope(call.actor, TokenScope.MANAGE, "sync portals")
    await call.portal(portal)
    return told(sync_shape(await sync_portal(call.app, call.actor, portal)))
