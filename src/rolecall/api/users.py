"""Users of a portal: list, read, batch read, search; every write is a plan, never a write."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from rolecall.api.answers import Match, errors, need_match, told, zoned
from rolecall.api.bodies import (
    Access,
    BatchRead,
    OffboardBody,
    UserChange,
    UsersChange,
    UserSearch,
    UsersFile,
    UsersToRemove,
    UserToAdd,
)
from rolecall.api.calling import Call, Caller, Reader
from rolecall.api.models import Answer, HistoryLineModel, Page, PlanModel, UserModel, UserPageModel
from rolecall.api.paging import Paged
from rolecall.api.plans import Preview, drafted
from rolecall.domain.snapshot import UserState
from rolecall.kit.errors import Refused
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.bulk import rows_of
from rolecall.services.drafts.offboarding import preview_offboarding
from rolecall.services.drafts.orders import AddUser, ChangeUsers, OffboardUser, RemoveUsers
from rolecall.services.inventory.cards import show_user, user_history
from rolecall.services.inventory.times import holdings_now, user_on
from rolecall.services.inventory.users import UserPage, Wanted, list_users
from rolecall.services.plans.shapes import impact_shape
from rolecall.services.shapes import (
    Plain,
    card_shape,
    history_shape,
    holding_shape,
    user_shape,
)

router = APIRouter(prefix="/portals/{portal}/users", tags=["users"], responses=errors())
Limit = Annotated[int, Query(ge=1, le=1_000)]


@router.get("", operation_id="listUsers", response_model=UserPageModel)
async def list_(
    call: Reader,
    portal: str,
    *,
    search: str = "",
    state: Annotated[list[UserState] | None, Query()] = None,
    super_admin: bool | None = None,
    team: str | None = None,
    permission_set: str | None = None,
    seat: str | None = None,
    email_domain: str | None = None,
    inactive_days: Annotated[int | None, Query(ge=0, le=36_500)] = None,
    limit: Limit = 100,
    after: str | None = None,
) -> Response:
    """Users of the newest snapshot, by e-mail."""
    wanted = Wanted(
        search=search,
        states=frozenset(state) if state else None,
        super_admin=super_admin,
        team=team,
        permission_set=permission_set,
        seat=seat,
        email_domain=email_domain,
        inactive_days=inactive_days,
        limit=limit,
        after=_cursor(after),
    )
    return told(_page(await list_users(call.app, call.actor, portal, wanted)))


@router.get("/{user}", operation_id="readUser", response_model=UserModel)
async def read(call: Reader, portal: str, user: str) -> Response:
    """One user by settings id or e-mail."""
    return told(await _user(call, portal, user))


@router.get(
    "/{user}/history", operation_id="readUserHistory", response_model=Page[HistoryLineModel]
)
async def history(call: Reader, portal: str, user: str, window: Paged) -> Response:
    """What changed about a user from snapshot to snapshot, oldest first."""
    return told(window.of(await user_history(call.app, call.actor, portal, user), history_shape))


@router.get("/{user}/card", operation_id="readUserCard", response_model=Answer)
async def card(call: Reader, portal: str, user: str) -> Response:
    """Everything known of a user, each fact with its source and age; findings and events."""
    return told(card_shape(await show_user(call.app, call.actor, portal, user)))


@router.get("/{user}/past", operation_id="readPastUser", response_model=Answer)
async def past(call: Reader, portal: str, user: str, at: Annotated[datetime, Query()]) -> Response:
    """A user at a past time; `user` null: not in the portal then, `as_of` null: nothing is known."""
    found = await user_on(call.app, call.actor, portal, user, zoned(at, "at"))
    row = None if found.row is None else user_shape(found.row)
    return told({"user": row, "as_of": found.as_of})


@router.get("/{user}/holdings", operation_id="listHoldings", response_model=Page[Answer])
async def holdings(call: Reader, portal: str, user: str, window: Paged) -> Response:
    """Everything a user holds: since when, by whose word, until when."""
    return told(window.of(await holdings_now(call.app, call.actor, portal, user), holding_shape))


@router.post(
    "/batch/read",
    operation_id="readUsersBatch",
    responses=errors(body=True),
    response_model=Page[UserModel],
)
async def batch_read(call: Reader, portal: str, body: BatchRead) -> Response:
    """Up to 100 users by settings id or e-mail; who is not there is left out."""
    wanted = {one.casefold() for one in body.inputs}
    page = await list_users(call.app, call.actor, portal)
    found = [row for row in page.rows if {row.user.id, row.user.email.casefold()} & wanted]
    return told({"items": [user_shape(row) for row in found]})


@router.post(
    "/search",
    operation_id="searchUsers",
    response_model=UserPageModel,
    responses=errors(body=True),
)
async def search(call: Reader, portal: str, body: UserSearch) -> Response:
    """Users whose fields and CRM properties have exactly these values."""
    wanted = Wanted(
        search=body.query,
        where=body.properties,
        sort=body.sort,
        descending=body.descending,
        limit=body.limit,
        after=_cursor(body.after),
    )
    return told(_page(await list_users(call.app, call.actor, portal, wanted)))


@router.post(
    "",
    operation_id="addUser",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def add(call: Caller, portal: str, body: UserToAdd, preview: Preview = False) -> Response:
    """A plan that adds a user; nothing happens before it is approved and applied."""
    order = AddUser(
        body.email,
        _ask(body, body.first_name, body.last_name, body.send_welcome_email),
        like=body.like,
        profile=body.access_profile,
        until=body.until,
        contractor=body.contractor,
        sponsor=body.sponsor,
        reason=body.reason,
    )
    return await drafted(call, portal, order, preview)


@router.post(
    "/changes",
    operation_id="updateUsers",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def update_many(
    call: Caller, portal: str, body: UsersChange, preview: Preview = False
) -> Response:
    """One plan with the same change for a selection of users."""
    order = ChangeUsers(
        tuple(body.emails),
        _ask(body),
        like=body.like,
        profile=body.access_profile,
        until=body.until,
        reason=body.reason,
        overwrite_sets=tuple(body.overwrite_sets),
    )
    return await drafted(call, portal, order, preview)


@router.post(
    "/imports",
    operation_id="importUsers",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def import_(call: Caller, portal: str, body: UsersFile, preview: Preview = False) -> Response:
    """One plan of a CSV file or workbook with different access per row; each row has its verdict."""
    told = (body.data(), body.file_name, body.reason, body.mapping)
    order = await asyncio.to_thread(rows_of, *told)  # others are answered while it is read
    return await drafted(call, portal, order, preview)


@router.post(
    "/removals",
    operation_id="removeUsers",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def remove_many(
    call: Caller, portal: str, body: UsersToRemove, preview: Preview = False
) -> Response:
    """One plan that removes users at once, without parking; `offboardUser` loses less."""
    return await drafted(call, portal, RemoveUsers(tuple(body.emails), body.reason), preview)


@router.patch(
    "/{user}",
    operation_id="updateUser",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def update(
    match: Match,
    call: Caller,
    portal: str,
    user: str,
    body: UserChange,
    preview: Preview = False,
) -> Response:
    """A plan that changes a user; 200 instead of 201 where nothing differs."""
    present = await _user(call, portal, user)
    await need_match(match, partial(_user, call, portal, user))
    email = present["email"]
    order = ChangeUsers(
        (email,),
        _ask(body),
        like=body.like,
        profile=body.access_profile,
        until=body.until,
        reason=body.reason,
        overwrite_sets=(email,) if body.overwrite_sets else (),
    )
    return await drafted(call, portal, order, preview)


@router.post(
    "/{user}/offboard",
    operation_id="offboardUser",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def offboard(
    call: Caller, portal: str, user: str, body: OffboardBody, preview: Preview = False
) -> Response:
    """A plan that hands records over and parks a leaver."""
    email = (await _user(call, portal, user))["email"]
    order = OffboardUser(email, body.successors, body.rule, body.keep_records, body.reason)
    return await drafted(call, portal, order, preview)


@router.get("/{user}/impact", operation_id="readOffboardingImpact", response_model=Answer)
async def impact(call: Reader, portal: str, user: str) -> Response:
    """What would be left behind if the user went, counted at HubSpot now: records by type."""
    email = (await _user(call, portal, user))["email"]
    return told(impact_shape(await preview_offboarding(call.app, call.actor, portal, email)))


@router.delete("/{user}", operation_id="removeUser", status_code=201, response_model=PlanModel)
async def remove(
    match: Match, call: Caller, portal: str, user: str, preview: Preview = False
) -> Response:
    """A plan that removes a user at once, without parking; `offboardUser` loses less."""
    present = await _user(call, portal, user)
    await need_match(match, partial(_user, call, portal, user))
    return await drafted(call, portal, RemoveUsers((present["email"],)), preview)


async def _user(call: Call, portal: str, user: str) -> Plain:
    return user_shape((await show_user(call.app, call.actor, portal, user)).row)


def _page(page: UserPage) -> Plain:
    return {
        "items": [user_shape(row) for row in page.rows],
        "next": page.after,
        "total": page.total,
        "as_of": page.as_of,
        "complete": page.complete,
    }


def _cursor(after: str | None) -> str | None:
    """The cursor as we gave it; anything else is refused."""
    if after is not None and not (after.isascii() and after.isdigit() and len(after) < 10):
        raise Refused(f"{after[:40]!r} is no cursor", hint="send `next` of the page before")
    return after


def _ask(body: Access, first: str = "", last: str = "", welcome: bool = False) -> Ask:
    return Ask(
        permission_set=body.permission_set,
        seat=body.seat,
        main_team=body.main_team,
        extra_teams=None if body.extra_teams is None else tuple(body.extra_teams),
        add_teams=tuple(body.add_teams),
        drop_teams=tuple(body.drop_teams),
        fields=body.profile_fields,
        first_name=first,
        last_name=last,
        send_welcome_email=welcome,
        reason=body.reason,
    )
