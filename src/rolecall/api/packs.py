"""Requirement packs: who is ready for an integration, the plan that makes ready, time-boxed access."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from rolecall.api.answers import errors, told
from rolecall.api.bodies import Body, Name, Reason, Text
from rolecall.api.calling import Caller, Reader
from rolecall.api.models import Answer, Page, PlanModel
from rolecall.api.paging import Paged
from rolecall.api.plans import Preview, drafted, plan_answer
from rolecall.services.drafts.elevation_proofs import elevation_shape
from rolecall.services.drafts.orders import GivePack
from rolecall.services.permissions.apps import app_shape, forget_app, list_apps, name_app
from rolecall.services.permissions.packs import Asked, check_pack, find_known_pack, list_packs
from rolecall.services.permissions.shapes import pack_result_shape, pack_shape
from rolecall.services.plans.elevating import elevate, list_elevations, return_now

router = APIRouter(responses=errors())
AppId = Annotated[str, Path(pattern=r"^[0-9]{1,20}$")]


class PackToGive(Body):
    """Whom to make ready."""

    users: Annotated[list[Name], Field(min_length=1, max_length=1_000)]
    reason: Text = ""


class AppScopes(Body):
    """The scopes HubSpot shows an app was granted, where somebody looked."""

    scopes: Annotated[list[Name], Field(max_length=1_000)] = []


class ElevationBody(Body):
    """What is needed, and for how long."""

    pack: Name
    minutes: Annotated[int, Field(ge=1, le=10_080)] = 120
    reason: Text = ""


@router.get("/packs", operation_id="listPacks", tags=["packs"], response_model=Page[Answer])
async def packs(call: Reader, window: Paged) -> Response:
    """Requirement packs this installation knows."""
    return told(window.of(list_packs(call.app).packs, lambda one: pack_shape(one.pack)))


@router.get(
    "/portals/{portal}/packs/{pack}",
    operation_id="checkPack",
    tags=["packs"],
    response_model=Answer,
)
async def check(
    call: Reader,
    portal: str,
    pack: str,
    *,
    user: Annotated[list[str] | None, Query()] = None,
    team: Annotated[list[str] | None, Query()] = None,
    permission_set: Annotated[list[str] | None, Query()] = None,
    connected: bool = False,
) -> Response:
    """Per user and set: ready, missing, over-privileged or unknown; nobody named = everybody."""
    found = find_known_pack(call.app, pack)
    asked = Asked(tuple(user or ()), tuple(team or ()), tuple(permission_set or ()), connected)
    answer = await check_pack(call.app, call.actor, portal, found.pack, asked)
    return told(
        {
            "pack": pack,
            "users": [pack_result_shape(one) for one in answer.users],
            "permission_sets": [pack_result_shape(one) for one in answer.sets],
        }
    )


@router.post(
    "/portals/{portal}/packs/{pack}/plan",
    operation_id="givePack",
    tags=["packs"],
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def give(
    call: Caller, portal: str, pack: str, body: PackToGive, preview: Preview = False
) -> Response:
    """A plan that gives users what a pack asks for, and no more."""
    text = find_known_pack(call.app, pack).text
    return await drafted(call, portal, GivePack(text, tuple(body.users), body.reason), preview)


@router.get(
    "/portals/{portal}/apps", operation_id="listApps", tags=["packs"], response_model=Page[Answer]
)
async def apps(call: Reader, portal: str, window: Paged) -> Response:
    """Connected apps known of a portal, by the pack each is about."""
    return told(window.of(await list_apps(call.app, call.actor, portal), app_shape))


@router.put(
    "/portals/{portal}/packs/{pack}/apps/{app_id}",
    operation_id="nameApp",
    tags=["packs"],
    response_model=Answer,
    responses=errors(body=True),
)
async def name(call: Caller, portal: str, pack: str, app_id: AppId, body: AppScopes) -> Response:
    """Say which connected app a pack is about, and which scopes HubSpot shows it was granted."""
    found = find_known_pack(call.app, pack).pack
    made = await name_app(call.app, call.actor, portal, found, app_id, body.scopes)
    return told(app_shape(made))


@router.delete(
    "/portals/{portal}/packs/{pack}/apps/{app_id}",
    operation_id="forgetApp",
    tags=["packs"],
    status_code=204,
)
async def forget(call: Caller, portal: str, pack: str, app_id: AppId) -> Response:
    """Take back what was named or learned of an app."""
    found = find_known_pack(call.app, pack).pack
    await forget_app(call.app, call.actor, portal, found, app_id)
    return Response(None, 204)


@router.get(
    "/portals/{portal}/elevations",
    operation_id="listElevations",
    tags=["elevations"],
    response_model=Page[Answer],
)
async def elevations(call: Reader, portal: str, window: Paged) -> Response:
    """Elevations and where they stand, newest first, with the evidence."""
    return told(window.of(await list_elevations(call.app, call.actor, portal), elevation_shape))


@router.post(
    "/portals/{portal}/users/{user}/elevation",
    operation_id="elevateUser",
    tags=["elevations"],
    status_code=201,
    response_model=PlanModel,
    responses={
        **errors(body=True),
        200: {"description": "Nothing to raise, and why", "model": Answer},
    },
)
async def raise_(call: Caller, portal: str, user: str, body: ElevationBody) -> Response:
    """A plan that raises a user to what a pack needs, for a while; exactly undone at its end."""
    text = find_known_pack(call.app, body.pack).text
    lasting = timedelta(minutes=body.minutes)
    found = await elevate(call.app, call.actor, portal, user, text, lasting, body.reason)
    if found.drafted is not None:
        return plan_answer(found.drafted)
    return told({"way": found.found.way.value, "reason": found.found.reason})


@router.post(
    "/portals/{portal}/users/{user}/elevation/return",
    operation_id="returnElevation",
    tags=["elevations"],
    status_code=201,
    response_model=PlanModel,
    responses={**errors(body=True), 204: {"description": "Nothing is left to take back"}},
)
async def give_back(call: Caller, portal: str, user: str, body: Reason) -> Response:
    """A plan that brings exactly the former access back, before the end or after it."""
    _, made = await return_now(call.app, call.actor, portal, user, body.reason)
    return plan_answer(made) if made is not None else Response(None, 204)
