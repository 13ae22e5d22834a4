"""OAuth apps, and links with which somebody else connects a portal. Each link is told once."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, SecretStr

from rolecall.api.answers import NO_STORE, errors, told
from rolecall.api.bodies import Body, Name
from rolecall.api.calling import Caller
from rolecall.api.models import Answer, Page
from rolecall.api.paging import Paged
from rolecall.services.connections.links import make_connect_link
from rolecall.services.connections.oauth_apps import (
    add_oauth_app,
    list_oauth_apps,
    remove_oauth_app,
)
from rolecall.services.operators.links import address_of
from rolecall.services.shapes import connect_link_shape

router = APIRouter(tags=["portals"], responses=errors())
Scopes = Annotated[list[Name], Field(min_length=1, max_length=500)]


class OAuthAppToAdd(Body):
    """An app of a developer account; the client secret is kept encrypted and never shown.

    `scopes` are the required ones of the app's settings, letter by letter.
    """

    client_id: Annotated[Name, Field(min_length=1)]
    client_secret: Annotated[SecretStr, Field(min_length=1, max_length=4_096)]
    scopes: Scopes
    optional_scopes: list[Name] = []
    name: Name = ""


class LinkToMake(Body):
    """The app to connect with, where several are registered; the only portal it may connect."""

    client_id: Name = ""
    hub_id: Annotated[int, Field(ge=1, le=2**53)] | None = None


@router.get("/oauth-apps", operation_id="listOAuthApps", response_model=Page[Answer])
async def apps(call: Caller, window: Paged) -> Response:
    """Apps portals are connected with, without secrets."""
    return told(window.of(await list_oauth_apps(call.app, call.actor), asdict))


@router.post(
    "/oauth-apps",
    operation_id="addOAuthApp",
    status_code=201,
    response_model=Answer,
    responses=errors(body=True),
)
async def add(call: Caller, body: OAuthAppToAdd) -> Response:
    """Register an app; its redirect URL at HubSpot is the public URL and /oauth/callback."""
    facts = {
        "client_id": body.client_id,
        "client_secret": body.client_secret.get_secret_value(),
        "scope": " ".join(body.scopes),
        "optional_scope": " ".join(body.optional_scopes),
        "name": body.name,
    }
    return told(asdict(await add_oauth_app(call.app, call.actor, facts)), 201)


@router.delete("/oauth-apps/{client_id}", operation_id="removeOAuthApp", status_code=204)
async def remove(call: Caller, client_id: str) -> Response:
    """Forget an app and its secret; portals connected with it stay connected."""
    await remove_oauth_app(call.app, call.actor, client_id)
    return Response(None, 204)


@router.post(
    "/portals/{portal}/link",
    operation_id="createConnectLink",
    status_code=201,
    response_model=Answer,
    responses=errors(body=True),
)
async def link(call: Caller, portal: str, body: LinkToMake) -> Response:
    """A link with which a Super Admin connects their portal under this name, or again."""
    made = await make_connect_link(call.app, call.actor, portal, body.client_id, hub_id=body.hub_id)
    shape = connect_link_shape(portal, address_of(call.app, made.token), made)
    return told(shape, 201, NO_STORE)
