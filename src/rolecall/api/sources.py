"""Who brings people: apps HubSpot calls for its import screen, and identity providers by SCIM."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, SecretStr

from rolecall.api.answers import errors, told
from rolecall.api.calling import Caller
from rolecall.api.models import Answer, Body, Name, Page
from rolecall.api.paging import Paged
from rolecall.domain.import_app import Grouping, ImportApp
from rolecall.services.importing.source import add_import_app, list_import_apps, remove_import_app

router = APIRouter(tags=["sources"], responses=errors())


class ImportAppToAdd(Body):
    """An app as HubSpot knows it; the client secret is kept encrypted and never shown.

    `portals` and `sources` empty = all of them; `strict` answers the documented members alone.
    """

    app_id: Annotated[int, Field(ge=1, le=2**53)]
    public_url: Name
    client_secret: Annotated[SecretStr, Field(max_length=4_096)]
    accounts: Grouping = Grouping.DEPARTMENT
    portals: list[int] = []
    sources: list[Name] = []
    strict: bool = False


@router.get("/import-apps", operation_id="listImportApps", response_model=Page[Answer])
async def apps(call: Caller, window: Paged) -> Response:
    """Apps whose events of HubSpot's User import source are answered."""
    return told(window.of(await list_import_apps(call.app, call.actor), asdict))


@router.post(
    "/import-apps",
    operation_id="addImportApp",
    status_code=201,
    response_model=Answer,
    responses=errors(body=True),
)
async def add_app(call: Caller, body: ImportAppToAdd) -> Response:
    """Answer HubSpot's events for an app."""
    wanted = ImportApp(
        body.app_id,
        body.public_url,
        call.app.clock.now(),
        body.accounts,
        tuple(body.portals),
        tuple(body.sources),
        body.strict,
    )
    secret = body.client_secret.get_secret_value()
    return told(asdict(await add_import_app(call.app, call.actor, wanted, secret)), 201)


@router.delete("/import-apps/{app_id}", operation_id="removeImportApp", status_code=204)
async def remove_app(call: Caller, app_id: Annotated[int, Field(ge=1, le=2**53)]) -> Response:
    """Stop answering for an app and forget its secret."""
    await remove_import_app(call.app, call.actor, app_id)
    return Response(None, 204)
