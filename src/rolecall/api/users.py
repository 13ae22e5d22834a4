"""Users of a portal: list, read, batch read, search; every write is a plan, never a write."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from rolecall.api.answers import errors, need_match, tagged, told
from rolecall.api.calling import Call, Caller, Reader
from rolecall.api.models import (
    Access,
    BatchRead,
    HistoryLineModel,
    OffboardBody,
    Page,
    PlanModel,
    UserChange,
    UserModel,
    UserPageModel,
    UserSearch,
    UserToAdd,
)
from rolecall.api.plans import drafted
from rolecall.domain.snapshot import UserState
from rolecall.kit.errors import Refused
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import AddUser, ChangeUsers, OffboardUser, RemoveUsers
from rolecall.services.inventory.cards import show_user, user_history
from rolecall.services.inventory.users import UserPage, Wanted, list_users
from rolecall.services.shapes import Plain, history_shape, user_shape

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
async def read(request: Request, call: Reader, portal: str, user: str) -> Response:
    """One user by settings id or e-mail, with an entity tag."""
    return tagged(request, await _user(call, portal, user))


@router.get(
    "/{user}/history", operation_id="readUserHistory", response_model=Page[HistoryLineModel]
)
async def history(call: Reader, portal: str, user: str) -> Response:
    """What changed about a user from snapshot to snapshot, oldest first."""
    lines = await user_history(call.app, call.actor, portal, user)
    return told({"items": [history_shape(one) for one in lines]})


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
async def add(call: Caller, portal: str, body: UserToAdd) -> Response:
    """A plan that adds a user; nothing happens before it is approved and applied."""
    order = AddUser(
        body.email,
        _ask(body, body.first_name, body.last_name, body.send_welcome_email),
        like=body.like,
        profile=body.access_profile,
        until=body.until,
        reason=body.reason,
    )
    return await drafted(call, portal, order)


@router.patch(
    "/{user}",
    operation_id="updateUser",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def update(
    request: Request, call: Caller, portal: str, user: str, body: UserChange
) -> Response:
    """A plan that changes a user; 200 instead of 201 where nothing differs."""
    present = await _user(call, portal, user)
    need_match(request, present)
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
    return await drafted(call, portal, order)


@router.post(
    "/{user}/offboard",
    operation_id="offboardUser",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def offboard(call: Caller, portal: str, user: str, body: OffboardBody) -> Response:
    """A plan that hands records over and parks a leaver."""
    email = (await _user(call, portal, user))["email"]
    order = OffboardUser(email, body.successors, body.rule, body.keep_records, body.reason)
    return await drafted(call, portal, order)


@router.delete("/{user}", operation_id="removeUser", status_code=201, response_model=PlanModel)
async def remove(request: Request, call: Caller, portal: str, user: str) -> Response:
    """A plan that removes a user at once, without parking; `offboardUser` loses less."""
    present = await _user(call, portal, user)
    need_match(request, present)
    return await drafted(call, portal, RemoveUsers((present["email"],)))


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
