"""Answers about access: why somebody can do something, who can, and who is ready for a pack."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from rolecall.api.answers import errors, told
from rolecall.api.calling import Reader
from rolecall.api.models import Answer, Page
from rolecall.kit.errors import NotThere
from rolecall.services.permissions.answers import who_can_do, why_can
from rolecall.services.permissions.packs import Asked, check_pack, list_packs
from rolecall.services.permissions.shapes import (
    holders_shape,
    pack_result_shape,
    pack_shape,
    why_shape,
)

router = APIRouter(responses=errors())


@router.get(
    "/portals/{portal}/users/{user}/why",
    operation_id="explainAccess",
    tags=["access"],
    response_model=Answer,
)
async def why(call: Reader, portal: str, user: str, action: str) -> Response:
    """Whether a user can do something (`export contacts`), why, and what would let them."""
    await call.portal(portal)
    return told(why_shape(await why_can(call.app, call.actor, portal, user, action)))


@router.get(
    "/portals/{portal}/who-can", operation_id="whoCan", tags=["access"], response_model=Answer
)
async def who(call: Reader, portal: str, action: str) -> Response:
    """Everybody who can do something, with the evidence."""
    await call.portal(portal)
    return told(holders_shape(await who_can_do(call.app, call.actor, portal, action)))


@router.get("/packs", operation_id="listPacks", tags=["packs"], response_model=Page[Answer])
async def packs(call: Reader) -> Response:
    """Requirement packs this installation knows."""
    listed = list_packs(call.app).packs
    return told({"items": [pack_shape(one.pack) for one in listed]})


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
    user: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """Per user: ready, missing, over-privileged or unknown; without `user` everybody."""
    await call.portal(portal)
    # By id alone: a path of a caller's choice would be read from our disk.
    found = next((one for one in list_packs(call.app).packs if one.pack.id == pack), None)
    if found is None:
        raise NotThere(f"There is no pack {pack}", hint="see listPacks")
    asked = Asked(users=tuple(user or ()))
    answer = await check_pack(call.app, call.actor, portal, found.pack, asked)
    return told({"pack": pack, "users": [pack_result_shape(one) for one in answer.users]})
