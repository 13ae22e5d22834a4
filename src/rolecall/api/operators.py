"""Who signs in to Rolecall. Links with which somebody chooses a password are in one answer each."""

from __future__ import annotations

from fastapi import APIRouter, Response

from rolecall.api.answers import NO_STORE, errors, told
from rolecall.api.bodies import Body, Name, Reason, Text
from rolecall.api.calling import Caller
from rolecall.api.models import LinkModel, OperatorModel, Page
from rolecall.api.paging import Paged
from rolecall.domain.actor import Role
from rolecall.services.operators.links import address_of
from rolecall.services.operators.operators import (
    invite,
    list_operators,
    password_link,
    reset_second_factor,
    set_disabled,
    set_roles,
)
from rolecall.services.operators.shapes import linked_shape, operator_shape

router = APIRouter(prefix="/operators", tags=["operators"], responses=errors())
Roles = dict[int, list[Role]]


class RolesBody(Body):
    """Roles by hub id; "0" = every portal."""

    roles: Roles
    reason: Text = ""

    def held(self) -> dict[int, frozenset[Role]]:
        """The roles as the use case takes them."""
        return {hub_id: frozenset(some) for hub_id, some in self.roles.items()}


class Invitation(RolesBody):
    """Somebody new."""

    email: Name
    name: Name = ""


class Standing(Body):
    """Whether somebody is shut out."""

    disabled: bool
    reason: Text = ""


@router.get("", operation_id="listOperators", response_model=Page[OperatorModel])
async def list_(call: Caller, window: Paged) -> Response:
    """The operators one may manage."""
    return told(window.of(await list_operators(call.app, call.actor), operator_shape))


@router.post(
    "",
    operation_id="inviteOperator",
    status_code=201,
    response_model=LinkModel,
    responses=errors(body=True),
)
async def invite_(call: Caller, body: Invitation) -> Response:
    """Somebody new, and the link with which they choose a password; it opens once."""
    made, link = await invite(call.app, call.actor, body.email, body.held(), name=body.name)
    return told(linked_shape(made, address_of(call.app, link.token)), 201, NO_STORE)


@router.post(
    "/{operator}/password-link", operation_id="createPasswordLink", response_model=LinkModel
)
async def new_password(call: Caller, operator: str) -> Response:
    """A link for a new password; former links become useless."""
    link = await password_link(call.app, call.actor, operator)
    found = await list_operators(call.app, call.actor)
    one = next(known for known in found if known.id == link.link.subject)
    return told(linked_shape(one, address_of(call.app, link.token)), 200, NO_STORE)


@router.put(
    "/{operator}/roles",
    operation_id="setRoles",
    response_model=OperatorModel,
    responses=errors(body=True),
)
async def roles(call: Caller, operator: str, body: RolesBody) -> Response:
    """Replace an operator's roles; one's own may only shrink, one admin of all must stay."""
    done = await set_roles(call.app, call.actor, operator, body.held(), reason=body.reason)
    return told(operator_shape(done))


@router.put(
    "/{operator}/standing",
    operation_id="setOperatorStanding",
    response_model=OperatorModel,
    responses=errors(body=True),
)
async def standing(call: Caller, operator: str, body: Standing) -> Response:
    """Shut an operator out, sessions and tokens at once, or let them in again."""
    done = await set_disabled(call.app, call.actor, operator, body.disabled, reason=body.reason)
    return told(operator_shape(done))


@router.post(
    "/{operator}/second-factor/reset",
    operation_id="resetSecondFactor",
    status_code=204,
    responses=errors(body=True),
)
async def reset(call: Caller, operator: str, body: Reason) -> Response:
    """Take a lost second factor away; their sessions end."""
    await reset_second_factor(call.app, call.actor, operator, body.reason)
    return Response(None, 204)
