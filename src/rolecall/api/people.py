"""People as HR knows them: lists that come in, whose users are whose, what became due."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from rolecall.api.answers import errors, told
from rolecall.api.bodies import Body, FileBody, Name, Text
from rolecall.api.calling import Caller, Reader
from rolecall.api.models import Answer, Page, PersonLineModel, PlanModel
from rolecall.api.paging import Paged
from rolecall.api.plans import plan_answer
from rolecall.domain.person import Situation
from rolecall.services.people.people import (
    DEFAULT_SOURCE,
    import_people,
    link_person,
    people_page,
)
from rolecall.services.people.shapes import import_shape, link_shape, person_line_shape
from rolecall.services.plans.lifecycle import plan_due, plan_moves
from rolecall.services.plans.shapes import drafted_shape

router = APIRouter(tags=["people"], responses=errors())
Emails = Annotated[list[Name], Field(max_length=10_000)]


class PeopleList(FileBody):
    """A people list; `mapping` is header -> our field, where a header is not understood."""

    source: Name = DEFAULT_SOURCE
    mapping: dict[Name, Name] | None = None
    accept_shrink: bool = False


class LinkToConfirm(Body):
    """Whose user this is."""

    user: Name
    person: Name
    reason: Text = ""


class PeopleWhoMoved(Body):
    """E-mails of joiners, movers and leavers."""

    emails: Emails = []


@router.get(
    "/portals/{portal}/people", operation_id="listPeople", response_model=Page[PersonLineModel]
)
async def list_(
    call: Reader,
    portal: str,
    window: Paged,
    situation: Situation | None = None,
    search: str = "",
) -> Response:
    """Users of a portal with their people by e-mail, then people without a user there."""
    page = await people_page(
        call.app,
        call.actor,
        portal,
        situation=situation,
        search=search,
        limit=window.limit,
        skip=window.start,
    )
    items = [person_line_shape(one) for one in page.lines]
    return told({"items": items, "next": page.after, "total": page.total})


@router.post(
    "/people", operation_id="importPeople", response_model=Answer, responses=errors(body=True)
)
async def import_(call: Caller, body: PeopleList) -> Response:
    """Take over a whole people list: joiners, movers, leavers. Nobody's access changes by it."""
    found = await import_people(
        call.app,
        call.actor,
        body.data(),
        source=body.source,
        mapping=body.mapping,
        accept_shrink=body.accept_shrink,
    )
    return told(import_shape(found))


@router.post(
    "/people/moves",
    operation_id="planMoves",
    response_model=Page[PlanModel],
    responses=errors(body=True),
)
async def moves(call: Caller, body: PeopleWhoMoved) -> Response:
    """A plan per portal for these joiners, movers and leavers."""
    made = await plan_moves(call.app, call.actor, body.emails)
    return told({"items": [drafted_shape(one) for one in made]})


@router.post(
    "/portals/{portal}/people/links",
    operation_id="linkPerson",
    response_model=Answer,
    responses=errors(body=True),
)
async def link(call: Caller, portal: str, body: LinkToConfirm) -> Response:
    """Confirm that a user belongs to a person; it holds until somebody says otherwise."""
    made = await link_person(
        call.app, call.actor, portal, body.user, body.person, reason=body.reason
    )
    return told(link_shape(made))


@router.post(
    "/portals/{portal}/due",
    operation_id="planDue",
    response_model=PlanModel,
    responses={**errors(body=True), 204: {"description": "Nothing is due"}},
)
async def due(call: Caller, portal: str, body: PeopleWhoMoved) -> Response:
    """What is due by date in a portal (ends, starts, grace days), as a plan."""
    made = await plan_due(call.app, call.actor, portal, body.emails)
    return plan_answer(made) if made is not None else Response(None, 204)
