"""What a portal is made of: permission sets, teams and seats, with what operators know of them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from fastapi import APIRouter, Response
from msgspec import structs

from rolecall.api.answers import errors, told
from rolecall.api.bodies import Body, Name, Text
from rolecall.api.calling import Caller, Reader
from rolecall.api.models import Answer, Page, PlanModel
from rolecall.api.paging import Paged
from rolecall.api.plans import Preview, drafted
from rolecall.services.drafts.orders import ChangeSet, MoveTeam
from rolecall.services.findings.seats import seat_report, seat_shape
from rolecall.services.inventory.notes import ResourceNote, note_set, notes_of_sets
from rolecall.services.structure import portal_lists, set_contents_named

router = APIRouter(prefix="/portals/{portal}", tags=["structure"], responses=errors())


class Note(Body):
    """Who answers for a permission set, and what it is for."""

    owner: Name = ""
    purpose: Text = ""


class SetChange(Body):
    """Permissions as words or ids with their level; "" = off, "?" = the level the words speak of."""

    grants: dict[Name, Name]
    reason: Text = ""


class NewSet(SetChange):
    """A permission set there is not yet."""

    name: Name


class NewPlace(Body):
    """The team to be put below, by id; "" = to the top."""

    parent: Name = ""
    reason: Text = ""


@router.get("/permission-sets", operation_id="listPermissionSets", response_model=Page[Answer])
async def sets(call: Reader, portal: str, window: Paged) -> Response:
    """Permission sets of the newest snapshot, with the notes of the operators."""
    lists = await portal_lists(call.app, call.actor, portal)
    notes = await notes_of_sets(call.app, call.actor, portal)

    def shape(one: Any) -> dict[str, Any]:
        return {**structs.asdict(one), "note": asdict(notes.get(one.id, ResourceNote()))}

    return told(window.of(lists.permission_sets, shape))


@router.get(
    "/permission-sets/{permission_set}/contents",
    operation_id="readPermissionSet",
    response_model=Answer,
)
async def contents(call: Reader, portal: str, permission_set: str) -> Response:
    """What is known to be in a permission set (id or name), by evidence; no API tells."""
    found = await set_contents_named(call.app, call.actor, portal, permission_set)
    held = [{"permission": permission, "level": level} for permission, level in found.rows]
    return told({"permissions": held, "rests_on": found.rests_on})


@router.post(
    "/permission-sets",
    operation_id="createPermissionSet",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def create(call: Caller, portal: str, body: NewSet, preview: Preview = False) -> Response:
    """A plan for a new permission set: a task with each toggle, for HubSpot's API makes none."""
    order = ChangeSet(body.name, body.grants, new=True, reason=body.reason)
    return await drafted(call, portal, order, preview)


@router.post(
    "/permission-sets/{permission_set}/change",
    operation_id="changePermissionSet",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def change(
    call: Caller, portal: str, permission_set: str, body: SetChange, preview: Preview = False
) -> Response:
    """A plan that changes a set by a task with each toggle; its notes say who gains and loses."""
    order = ChangeSet(permission_set, body.grants, reason=body.reason)
    return await drafted(call, portal, order, preview)


@router.put(
    "/permission-sets/{permission_set}/note",
    operation_id="notePermissionSet",
    status_code=204,
    responses=errors(body=True),
)
async def note(call: Caller, portal: str, permission_set: str, body: Note) -> Response:
    """Write down who answers for a permission set and what it is for."""
    kept = ResourceNote(body.owner, body.purpose)
    await note_set(call.app, call.actor, portal, permission_set, kept)
    return Response(None, 204)


@router.get("/teams", operation_id="listTeams", response_model=Page[Answer])
async def teams(call: Reader, portal: str, window: Paged) -> Response:
    """Teams of the newest snapshot."""
    return told(window.of((await portal_lists(call.app, call.actor, portal)).teams, structs.asdict))


@router.post(
    "/teams/{team}/move",
    operation_id="moveTeam",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def move(
    call: Caller, portal: str, team: str, body: NewPlace, preview: Preview = False
) -> Response:
    """A plan that puts a team below another one."""
    return await drafted(call, portal, MoveTeam(team, body.parent, body.reason), preview)


@router.get("/seats", operation_id="readSeats", response_model=Answer)
async def seats(call: Reader, portal: str, renews_on: date | None = None) -> Response:
    """What seats cost, which could come back or be smaller; `renews_on` adds what to drop then."""
    return told(seat_shape(await seat_report(call.app, call.actor, portal, renews_on)))
