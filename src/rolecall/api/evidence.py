"""What an auditor asks for: the trail, its proof, who had what on a day, sealed packs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from rolecall.api.answers import as_file, errors, told, zoned
from rolecall.api.calling import Call, Caller, Reader
from rolecall.api.models import Answer, AuditLineModel, Page, TextModel
from rolecall.api.paging import FIRST, Limit, Paged, position
from rolecall.services.evidence.auditing import audit_lines, export_audit, holds_hash, verify_audit
from rolecall.services.evidence.evidence import (
    campaign_pack,
    holdings_pack,
    public_key,
    who_had_what,
)
from rolecall.services.shapes import audit_line_shape, text_shape

router = APIRouter(tags=["evidence"], responses=errors())
ZIP = "application/zip"
_FILE = {"type": "string", "format": "binary"}
_PACK: dict[int | str, dict[str, Any]] = {
    200: {"description": "A sealed pack", "content": {ZIP: {"schema": _FILE}}}
}
_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The whole trail",
        "content": {
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}
_FORMS = {"jsonl": "application/x-ndjson", "csv": "text/csv"}


@router.get("/audit", operation_id="listAudit", response_model=Page[AuditLineModel])
async def audit(
    call: Reader,
    portal: str = "",
    event: str = "",
    subject: str = "",
    limit: Limit = 100,
    after: str = FIRST,
) -> Response:
    """Lines of the audit trail, newest first; of every portal only for who may see all."""
    hub_id = (await call.portal(portal)).hub_id if portal else None
    lines = await audit_lines(
        call.app,
        call.actor,
        hub_id,
        event=event or None,
        subject=subject or None,
        before=position(after) or None,
        limit=limit,
    )
    following = str(lines[-1].seq) if len(lines) == limit else None
    return told({"items": [audit_line_shape(one) for one in lines], "next": following})


@router.post("/audit/verify", operation_id="verifyAudit", response_model=Answer)
async def verify(call: Reader) -> Response:
    """Follow the whole chain; the look itself leaves a line."""
    return told(await verify_audit(call.app, call.actor))


@router.get(
    "/audit/export",
    operation_id="exportAudit",
    response_class=StreamingResponse,
    responses=_LINES,
)
async def export(call: Reader, form: Literal["jsonl", "csv"] = "jsonl") -> Response:
    """The whole trail, oldest first, as the stand-alone verifier reads it, or as CSV."""
    parts: list[str] = []
    await export_audit(call.app, call.actor, parts.append, as_csv=form == "csv")
    return StreamingResponse(_each(parts), media_type=_FORMS[form])


@router.get("/audit/hashes/{line_hash}", operation_id="findAuditHash", response_model=Answer)
async def find(call: Reader, line_hash: str) -> Response:
    """Whether the trail holds a hash noted down earlier: then nothing before it was changed."""
    return told({"holds": await holds_hash(call.app, call.actor, line_hash)})


@router.get(
    "/portals/{portal}/holdings", operation_id="listHoldingsOn", response_model=Page[Answer]
)
async def holdings(
    call: Reader, portal: str, at: Annotated[datetime, Query()], window: Paged
) -> Response:
    """Every user and what they held at a time, by the newest complete picture of then."""
    hub_id = await _hub_id(call, portal)
    found = await who_had_what(call.app, call.actor, hub_id, zoned(at, "at"))
    head = [name.casefold().replace(" ", "_") for name in found.table.header]
    page = window.of(found.table.rows, lambda row: dict(zip(head, row, strict=True)))
    picture = {"snapshot": found.snapshot_id, "sealed_at": found.sealed_at}
    return told({**page, **picture, "complete": found.complete, "gaps": list(found.gaps)})


@router.get(
    "/portals/{portal}/holdings/evidence",
    operation_id="readHoldingsEvidence",
    response_class=Response,
    responses=_PACK,
)
async def holdings_file(call: Reader, portal: str, at: Annotated[datetime, Query()]) -> Response:
    """Who had what at a time, as a sealed pack with the audit chain."""
    hub_id = await _hub_id(call, portal)
    pack = await holdings_pack(call.app, call.actor, hub_id, zoned(at, "at"))
    return as_file(pack.name, pack.body, ZIP)


@router.get(
    "/reviews/{campaign}/evidence",
    operation_id="readReviewEvidence",
    response_class=Response,
    responses=_PACK,
)
async def review_file(call: Reader, campaign: str) -> Response:
    """A review as a sealed pack: snapshot, decisions, plan, receipts, audit chain."""
    pack = await campaign_pack(call.app, call.actor, campaign)
    return as_file(pack.name, pack.body, ZIP)


@router.get("/evidence/key", operation_id="readEvidenceKey", response_model=TextModel)
async def key(call: Caller) -> Response:
    """The public key packs are signed with; give it to your auditor apart from the packs."""
    return told(text_shape(await public_key(call.app)))


async def _hub_id(call: Call, name: str) -> int:
    return (await call.portal(name)).hub_id


def _each(parts: list[str]) -> Iterator[bytes]:
    for part in parts:
        yield part.encode("utf-8", "surrogatepass")
