"""Rolecall: self-hosted access governance for HubSpot.

    async with rolecall.open() as app:
        page = await rolecall.list_users(app, rolecall.local_user(), "acme")

Every function is a use case of `rolecall.services`, with the rights, guardrails and audit lines of
the command line; docs/library.md shows them at work. Names load when they are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.bootstrap import local_user
    from rolecall.bootstrap import open_app as open  # noqa: A004 - rolecall.open() reads well
    from rolecall.domain.actor import Actor
    from rolecall.domain.plan import PlanState
    from rolecall.domain.portal import CredentialKind
    from rolecall.domain.review import CampaignOrder, Scope, Verdict
    from rolecall.kit.errors import Broken, NeedsPerson, NotThere, Refused, Retryable, RolecallError
    from rolecall.plan.wishes import Ask
    from rolecall.services.app import App
    from rolecall.services.connections.forms import credential_of
    from rolecall.services.connections.portals import (
        add_portal,
        check_portal,
        list_portals,
        reconnect_portal,
        remove_portal,
    )
    from rolecall.services.drafts.bulk import rows_of
    from rolecall.services.drafts.offboarding import preview_offboarding
    from rolecall.services.drafts.orders import (
        AddUser,
        ChangeUsers,
        GivePack,
        MendFinding,
        OffboardUser,
        RemoveUsers,
    )
    from rolecall.services.evidence.auditing import audit_lines, verify_audit
    from rolecall.services.evidence.evidence import campaign_pack, holdings_pack, who_had_what
    from rolecall.services.findings.findings import list_findings
    from rolecall.services.findings.seats import seat_report
    from rolecall.services.inventory.cards import show_user, user_history
    from rolecall.services.inventory.users import Wanted, list_users
    from rolecall.services.people.people import import_people, link_person, list_people
    from rolecall.services.permissions.answers import Compared, compare_access, who_can_do, why_can
    from rolecall.services.permissions.files import ExportFile
    from rolecall.services.permissions.packs import Asked, check_pack, find_known_pack, list_packs
    from rolecall.services.plans.applying import apply_plan, pause_plan
    from rolecall.services.plans.drafting import Drafted
    from rolecall.services.plans.drafting import preview as preview_plan
    from rolecall.services.plans.drafting import propose as propose_plan
    from rolecall.services.plans.elevating import elevate, list_elevations
    from rolecall.services.plans.elevating import return_now as return_elevation
    from rolecall.services.plans.fixing import fix_finding
    from rolecall.services.plans.plans import (
        approve_plan,
        list_plans,
        override_guardrail,
        replan,
        show_plan,
        undo_plan,
    )
    from rolecall.services.plans.plans import cancel as cancel_plan
    from rolecall.services.plans.policies import (
        apply_access,
        dump_access,
        plan_access,
        policy_in_force,
    )
    from rolecall.services.plans.policies import drift as list_drift
    from rolecall.services.requests.requests import RequestForm, file_request
    from rolecall.services.requests.requests import answer as answer_request
    from rolecall.services.requests.requests import extend as extend_request
    from rolecall.services.requests.requests import give_back as give_back_access
    from rolecall.services.requests.requests import withdraw as withdraw_request
    from rolecall.services.requests.views import catalogue as list_offers
    from rolecall.services.requests.views import list_requests, show_request
    from rolecall.services.reviews.reviews import Decision
    from rolecall.services.reviews.reviews import close_campaign as close_review
    from rolecall.services.reviews.reviews import decide as decide_review
    from rolecall.services.reviews.reviews import delegate as delegate_review
    from rolecall.services.reviews.reviews import open_campaign as open_review
    from rolecall.services.reviews.views import list_campaigns as list_reviews
    from rolecall.services.reviews.views import list_items as list_review_items
    from rolecall.services.reviews.views import show_campaign as show_review
    from rolecall.services.syncs.filing import file_export as import_export
    from rolecall.services.syncs.syncing import sync_portal
    from rolecall.services.tasks import done_task as finish_task
    from rolecall.services.tasks import list_tasks
    from rolecall.settings import Settings

__all__ = [
    "Actor",
    "AddUser",
    "App",
    "Ask",
    "Asked",
    "Broken",
    "CampaignOrder",
    "ChangeUsers",
    "Compared",
    "CredentialKind",
    "Decision",
    "Drafted",
    "ExportFile",
    "GivePack",
    "MendFinding",
    "NeedsPerson",
    "NotThere",
    "OffboardUser",
    "PlanState",
    "Refused",
    "RemoveUsers",
    "RequestForm",
    "Retryable",
    "RolecallError",
    "Scope",
    "Settings",
    "Verdict",
    "Wanted",
    "add_portal",
    "answer_request",
    "apply_access",
    "apply_plan",
    "approve_plan",
    "audit_lines",
    "campaign_pack",
    "cancel_plan",
    "check_pack",
    "check_portal",
    "close_review",
    "compare_access",
    "credential_of",
    "decide_review",
    "delegate_review",
    "dump_access",
    "elevate",
    "extend_request",
    "file_request",
    "find_known_pack",
    "finish_task",
    "fix_finding",
    "give_back_access",
    "holdings_pack",
    "import_export",
    "import_people",
    "link_person",
    "list_drift",
    "list_elevations",
    "list_findings",
    "list_offers",
    "list_packs",
    "list_people",
    "list_plans",
    "list_portals",
    "list_requests",
    "list_review_items",
    "list_reviews",
    "list_tasks",
    "list_users",
    "local_user",
    "open",
    "open_review",
    "override_guardrail",
    "pause_plan",
    "plan_access",
    "policy_in_force",
    "preview_offboarding",
    "preview_plan",
    "propose_plan",
    "reconnect_portal",
    "remove_portal",
    "replan",
    "return_elevation",
    "rows_of",
    "seat_report",
    "show_plan",
    "show_request",
    "show_review",
    "show_user",
    "sync_portal",
    "undo_plan",
    "user_history",
    "verify_audit",
    "who_can_do",
    "who_had_what",
    "why_can",
    "withdraw_request",
]

# Module -> the names it is home to; `ours=theirs` where a name means more among many.
_HOMES = {
    "bootstrap": "local_user open=open_app",
    "domain.actor": "Actor",
    "domain.plan": "PlanState",
    "domain.portal": "CredentialKind",
    "domain.review": "CampaignOrder Scope Verdict",
    "kit.errors": "Broken NeedsPerson NotThere Refused Retryable RolecallError",
    "plan.wishes": "Ask",
    "services.app": "App",
    "services.connections.forms": "credential_of",
    "services.connections.portals": "add_portal check_portal list_portals reconnect_portal remove_portal",
    "services.drafts.bulk": "rows_of",
    "services.drafts.offboarding": "preview_offboarding",
    "services.drafts.orders": "AddUser ChangeUsers GivePack MendFinding OffboardUser RemoveUsers",
    "services.evidence.auditing": "audit_lines verify_audit",
    "services.evidence.evidence": "campaign_pack holdings_pack who_had_what",
    "services.findings.findings": "list_findings",
    "services.findings.seats": "seat_report",
    "services.inventory.cards": "show_user user_history",
    "services.inventory.users": "Wanted list_users",
    "services.people.people": "import_people link_person list_people",
    "services.permissions.answers": "Compared compare_access who_can_do why_can",
    "services.permissions.files": "ExportFile",
    "services.permissions.packs": "Asked check_pack find_known_pack list_packs",
    "services.plans.applying": "apply_plan pause_plan",
    "services.plans.drafting": "Drafted preview_plan=preview propose_plan=propose",
    "services.plans.elevating": "elevate list_elevations return_elevation=return_now",
    "services.plans.fixing": "fix_finding",
    "services.plans.plans": "approve_plan cancel_plan=cancel list_plans override_guardrail replan show_plan undo_plan",
    "services.plans.policies": "apply_access dump_access list_drift=drift plan_access policy_in_force",
    "services.requests.requests": "RequestForm answer_request=answer extend_request=extend file_request give_back_access=give_back withdraw_request=withdraw",
    "services.requests.views": "list_offers=catalogue list_requests show_request",
    "services.reviews.reviews": "Decision close_review=close_campaign decide_review=decide delegate_review=delegate open_review=open_campaign",
    "services.reviews.views": "list_review_items=list_items list_reviews=list_campaigns show_review=show_campaign",
    "services.syncs.filing": "import_export=file_export",
    "services.syncs.syncing": "sync_portal",
    "services.tasks": "finish_task=done_task list_tasks",
    "settings": "Settings",
}
_PLACES = {
    name: (module, theirs or name)
    for module, names in _HOMES.items()
    for name, _, theirs in (one.partition("=") for one in names.split())
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    module, attribute = _PLACES[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)


def __dir__() -> list[str]:
    return __all__
