"""Access as code: the policy in force, the portal as a file, a file as a plan, drift."""

from __future__ import annotations

from fastapi import APIRouter, Response

from rolecall.api.answers import errors, told
from rolecall.api.bodies import PolicyText
from rolecall.api.calling import Caller, Reader
from rolecall.api.models import DriftModel, PlanModel, PolicyModel, TextModel
from rolecall.api.plans import Preview, plan_answer
from rolecall.services.plans.policies import drift, dump_access, plan_access, policy_in_force
from rolecall.services.plans.shapes import drift_shape
from rolecall.services.shapes import text_shape
from rolecall.services.structure import preview_access

router = APIRouter(prefix="/portals/{portal}/access", tags=["access"], responses=errors())


@router.get("", operation_id="readPolicy", response_model=PolicyModel)
async def read(call: Reader, portal: str) -> Response:
    """The access.yaml in force."""
    policy = await policy_in_force(call.app, call.actor, portal)
    shape = {
        "portal": portal,
        "text": policy.text,
        "digest": policy.digest,
        "by": policy.by,
        "at": policy.at,
    }
    return told(shape)


@router.get("/dump", operation_id="dumpAccess", response_model=TextModel)
async def dump(call: Reader, portal: str, profile: bool = False) -> Response:
    """The portal's newest snapshot as access.yaml; planning this text changes nothing."""
    return told(text_shape(await dump_access(call.app, call.actor, portal, profile=profile)))


@router.get("/drift", operation_id="readDrift", response_model=DriftModel)
async def drift_(call: Reader, portal: str) -> Response:
    """What differs from the policy in force, and who made it so."""
    return told(drift_shape(await drift(call.app, call.actor, portal)))


@router.post(
    "/plan",
    operation_id="planAccess",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def plan(call: Caller, portal: str, body: PolicyText, preview: Preview = False) -> Response:
    """Plan a file, or the policy in force, against the newest snapshot.

    Approving the plan brings the file in force.
    """
    if preview:
        text = body.text
        if text is None:
            text = (await policy_in_force(call.app, call.actor, portal)).text
        return plan_answer(await preview_access(call.app, call.actor, portal, text))
    made = await plan_access(
        call.app,
        call.actor,
        portal,
        body.text,
        overwrite_sets=body.overwrite_sets,
        reason=body.reason,
    )
    return plan_answer(made)
