"""Findings of a portal, and a plan that mends one."""

from __future__ import annotations

from fastapi import APIRouter, Response

from rolecall.api.answers import errors, told
from rolecall.api.bodies import Name, Reason
from rolecall.api.calling import Caller, Reader
from rolecall.api.models import FindingModel, Page, PlanModel
from rolecall.api.paging import Paged
from rolecall.api.plans import Preview, drafted, plan_answer
from rolecall.domain.finding import Severity
from rolecall.kit.errors import Refused
from rolecall.services.drafts.orders import MendFinding
from rolecall.services.findings.findings import list_findings
from rolecall.services.plans.fixing import fix_finding
from rolecall.services.shapes import stored_finding_shape

router = APIRouter(prefix="/portals/{portal}/findings", tags=["findings"], responses=errors())


class FindingToMend(Reason):
    """Why, who takes over the records where somebody goes, and which of two permissions goes."""

    successor: Name = ""
    take: Name = ""


@router.get("", operation_id="listFindings", response_model=Page[FindingModel])
async def list_(
    call: Reader,
    portal: str,
    window: Paged,
    *,
    rule: str = "",
    severity: str = "",
    search: str = "",
) -> Response:
    """Open findings, looked at now, gravest first; `severity` is the least that is shown."""
    least = _severity(severity)
    page = await list_findings(
        call.app, call.actor, portal, rule=rule, severity=least, search=search
    )
    return told(window.of(page.findings, stored_finding_shape))


@router.post(
    "/{finding}/plan",
    operation_id="mendFinding",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def mend(
    call: Caller, portal: str, finding: str, body: FindingToMend, preview: Preview = False
) -> Response:
    """What a finding suggests, as a plan: changes, or a task where only a person can mend it.

    `successor` takes the records of who goes, `take` names which of two permissions to take away.
    """
    if preview:
        order = MendFinding(finding, body.successor, body.reason, body.take)
        return await drafted(call, portal, order, preview)
    made = await fix_finding(
        *(call.app, call.actor, finding, body.successor, body.reason, body.take), name=portal
    )
    return plan_answer(made)


def _severity(text: str) -> Severity | None:
    if text.upper() in Severity.__members__:
        return Severity[text.upper()]
    if text:
        raise Refused(f"{text[:40]!r} is no severity", hint="low, medium, high or critical")
    return None
