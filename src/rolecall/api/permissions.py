"""Answers about permissions: why, who can, side by side; and the files that tell what no API does."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from rolecall.api.answers import errors, told, zoned
from rolecall.api.bodies import Body, FileBody, Name, Text, Whole
from rolecall.api.calling import Caller, Reader
from rolecall.api.models import Answer, Page, TextModel
from rolecall.api.paging import Paged
from rolecall.permissions.matrix import header, rows
from rolecall.permissions.phrases import meant
from rolecall.services.findings.facts import (
    answerable_shape,
    attest_two_factor,
    name_answerable,
    two_factor_shape,
)
from rolecall.services.permissions.answers import (
    Compared,
    compare_access,
    standpoint_of,
    who_can_do,
    why_can,
)
from rolecall.services.permissions.files import (
    ExportFile,
    attest_sets,
    attestation_draft,
    diff_exports,
    list_imports,
)
from rolecall.services.permissions.packs import find_known_pack
from rolecall.services.permissions.shapes import (
    comparison_shape,
    evidence_shape,
    export_difference_shape,
    holders_shape,
    imported_shape,
    kept_import_shape,
    problem_shapes,
    why_shape,
)
from rolecall.services.shapes import text_shape
from rolecall.services.syncs.filing import file_export, file_history

router = APIRouter(prefix="/portals/{portal}", tags=["permissions"], responses=errors())
Names = Annotated[list[Name], Field(max_length=100)]


class Comparison(Body):
    """What is put side by side: users, sets, HubSpot's templates, access profiles, and days."""

    users: Names = []
    sets: Names = []
    templates: Names = []
    profiles: Names = []
    dates: Annotated[list[date], Field(max_length=20)] = []
    all_rows: bool = False


class ExportToImport(FileBody):
    """A users export of HubSpot's; `as_of` is when HubSpot wrote it, `mapping` header -> column."""

    as_of: datetime | None = None
    mapping: dict[Name, Name] | None = None


class Definitions(Body):
    """What is in permission sets, as a file somebody signs off."""

    text: Whole
    reason: Text = ""


class TwoFactor(Body):
    """Whether two-factor log-in is required in the portal."""

    holds: bool
    reason: Text = ""


class AnswerableBody(Body):
    """Who answers for an integration's or service user, and the pack that bounds it."""

    owner: Name
    pack: Name = ""


@router.get("/users/{user}/why", operation_id="explainAccess", response_model=Answer)
async def why(call: Reader, portal: str, user: str, action: str) -> Response:
    """Whether a user can do something (`export contacts`), why, and what would let them."""
    return told(why_shape(await why_can(call.app, call.actor, portal, user, action)))


@router.get("/who-can", operation_id="whoCan", response_model=Answer)
async def who(call: Reader, portal: str, action: str) -> Response:
    """Everybody who can do something, with the evidence."""
    return told(holders_shape(await who_can_do(call.app, call.actor, portal, action)))


@router.post(
    "/compare",
    operation_id="compareAccess",
    response_model=Answer,
    responses=errors(body=True),
)
async def compare(call: Reader, portal: str, body: Comparison) -> Response:
    """Any number of users, sets, templates and profiles side by side, at one or several days."""
    asked = Compared(
        tuple(body.users),
        tuple(body.sets),
        tuple(body.templates),
        tuple(body.profiles),
        tuple(body.dates),
        body.all_rows,
    )
    return told(comparison_shape(await compare_access(call.app, call.actor, portal, asked)))


@router.get("/matrix", operation_id="readMatrix", response_model=Page[dict[str, str]])
async def matrix(
    call: Reader,
    portal: str,
    window: Paged,
    permission: Annotated[list[str] | None, Query()] = None,
    at: date | None = None,
) -> Response:
    """Users x permissions; `?` is unknown, `own?` is at least own."""
    seen = await standpoint_of(call.app, call.actor, portal, at)
    catalogue = seen.resolver.catalogue
    ids = tuple(meant(catalogue, one).permission.id for one in permission or ()) or None
    head = header(seen.resolver, ids)
    page = window.of(seen.present, lambda user: user)
    cells = rows(seen.resolver, page["items"], ids)
    page["items"] = [dict(zip(head, row, strict=True)) for row in cells]
    return told({**page, "evidence": evidence_shape(seen)})


@router.get(
    "/permission-sets/definitions", operation_id="draftDefinitions", response_model=TextModel
)
async def definitions(call: Reader, portal: str) -> Response:
    """What is known of every permission set, as the file somebody corrects and signs off."""
    return told(text_shape(await attestation_draft(call.app, call.actor, portal)))


@router.post(
    "/permission-sets/definitions",
    operation_id="attestDefinitions",
    response_model=Answer,
    responses=errors(body=True),
)
async def attest(call: Caller, portal: str, body: Definitions) -> Response:
    """Sign off what is in permission sets."""
    found = await attest_sets(call.app, call.actor, portal, body.text, body.reason)
    return told({"permission_sets": [{"id": one.set_id, "name": one.name} for one in found]})


@router.get("/exports", operation_id="listExports", response_model=Page[Answer])
async def exports(call: Reader, portal: str, window: Paged) -> Response:
    """Users exports taken over, newest first, with what could not be read of them."""
    return told(window.of(await list_imports(call.app, call.actor, portal), kept_import_shape))


@router.post(
    "/exports",
    operation_id="importExport",
    status_code=201,
    response_model=Answer,
    responses=errors(body=True),
)
async def import_(call: Caller, portal: str, body: ExportToImport) -> Response:
    """Keep a users export as dated evidence, and close the tasks it shows done."""
    at = zoned(body.as_of, "as_of") if body.as_of else call.app.clock.now()
    file = ExportFile(body.data(), body.file_name, at, body.as_of is not None, body.mapping)
    return told(imported_shape(await file_export(call.app, call.actor, portal, file)), 201)


@router.get("/exports/difference", operation_id="compareExports", response_model=Answer)
async def difference(call: Reader, portal: str, earlier: str = "", later: str = "") -> Response:
    """What two exports differ in: the two newest, or those named by id or day."""
    found = await diff_exports(call.app, call.actor, portal, earlier, later)
    return told(export_difference_shape(found))


@router.post(
    "/permission-history",
    operation_id="importPermissionHistory",
    status_code=201,
    response_model=Answer,
    responses=errors(body=True),
)
async def history(call: Caller, portal: str, body: FileBody) -> Response:
    """Keep a permission history: single permissions given or taken; tasks it shows done close."""
    found = await file_history(call.app, call.actor, portal, body.data(), body.file_name)
    shape: dict[str, Any] = {"lines": len(found.lines), "problems": problem_shapes(found.problems)}
    return told(shape, 201)


@router.put(
    "/two-factor",
    operation_id="attestTwoFactor",
    response_model=Answer,
    responses=errors(body=True),
)
async def two_factor(call: Caller, portal: str, body: TwoFactor) -> Response:
    """Sign off whether two-factor log-in is required, which no API tells."""
    signed = await attest_two_factor(call.app, call.actor, portal, body.holds, body.reason)
    return told(two_factor_shape(signed))


@router.put(
    "/users/{user}/answerable",
    operation_id="nameAnswerable",
    response_model=Answer,
    responses=errors(body=True),
)
async def answerable(call: Caller, portal: str, user: str, body: AnswerableBody) -> Response:
    """Name the person who answers for an integration's or service user."""
    text = find_known_pack(call.app, body.pack).text if body.pack else ""
    key = await name_answerable(call.app, call.actor, portal, user, body.owner, text)
    return told(answerable_shape(key, body.owner, body.pack))
