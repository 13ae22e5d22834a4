"""Findings of a portal, and a plan that mends one."""

from __future__ import annotations

from fastapi import APIRouter, Response

from rolecall.api.answers import errors, told
from rolecall.api.calling import Caller, Reader
from rolecall.api.models import FindingModel, Page, PlanModel, Reason
from rolecall.api.plans import drafted
from rolecall.domain.finding import Severity
from rolecall.kit.errors import Refused
from rolecall.services.drafts.orders import MendFinding
from rolecall.services.findings.findings import list_findings
from rolecall.services.shapes import stored_finding_shape

router = APIRouter(prefix="/portals/{portal}/findings", tags=["findings"], responses=errors())


@router.get("", operation_id="listFindings", response_model=Page[FindingModel])
async def list_(
    call: Reader, portal: str, *, rule: str = "", severity: str = "", search: str = ""
) -> Response:
    """Open findings, gravest first; `severity` is the least that is shown."""
    least = _severity(severity)
    page = await list_findings(
        call.app, call.actor, portal, rule=rule, severity=least, search=search
    )
    items = [stored_finding_shape(one) for one in page.findings]
    return told({"items": items, "total": len(items)})


@router.post(
    "/{finding}/plan",
    operation_id="mendFinding",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def mend(call: Caller, portal: str, finding: str, body: Reason) -> Response:
    """The change a finding suggests, as a plan."""
    return await drafted(call, portal, MendFinding(finding, reason=body.reason))


def _severity(text: str) -> Severity | None:
    if text.upper() in Severity.__members__:
        return Severity[text.upper()]
    if text:
        raise Refused(f"{text[:40]!r} is no severity", hint="low, medium, high or critical")
    return None
