"""REST offers everything the services offer: each use case has its operation, or a reason why not.

A new use case fails here until it is given a line; so does an operation no use case stands behind.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from rolecall.api.face import create_api
from rolecall.services.drafts.orders import KINDS

PRODUCT = Path(__file__).parents[2] / "src" / "rolecall"
SERVICES = PRODUCT / "services"
OPERATION = re.compile(r"[a-z]+([A-Z][a-z]*)+")

PART = "a step of other use cases, no wish of its own"
OWN = "about one's own sign-in; a token is not somebody who signs in"
CONSOLE = "composed for one page of the console; its parts are operations"
SHELL = "of the machine it is typed on"

# Module and use case -> operation ids, or why there is none.
OFFERED: dict[str, str] = {
    "connections.forms.change_interval": "updatePortal",
    "connections.links.make_connect_link": "createConnectLink",
    "connections.oauth_apps.add_oauth_app": "addOAuthApp",
    "connections.oauth_apps.list_oauth_apps": "listOAuthApps",
    "connections.oauth_apps.remove_oauth_app": "removeOAuthApp",
    "connections.keys.drop_old_keys": SHELL,
    "connections.keys.rotate_key": SHELL,
    "connections.portals.add_portal": "addPortal",
    "connections.portals.check_portal": "checkPortal",
    "connections.portals.list_portals": "listPortals",
    "connections.portals.portal_named": PART,
    "connections.portals.portal_to_ask": PART,
    "connections.portals.portal_to_change": PART,
    "connections.portals.portals_of": CONSOLE,
    "connections.portals.reconnect_portal": "reconnectPortal",
    "connections.portals.remove_portal": "removePortal",
    "counted.counted_overview": CONSOLE,
    "counted.seat_report": CONSOLE,
    "drafts.access_file.keep_text": PART,
    "drafts.ground.ground_of": PART,
    "drafts.offboarding.preview_offboarding": "readOffboardingImpact",
    "evidence.auditing.audit_lines": "listAudit",
    "evidence.auditing.export_audit": "exportAudit",
    "evidence.auditing.holds_hash": "findAuditHash",
    "evidence.auditing.note_tool_call": PART,
    "evidence.auditing.verify_audit": "verifyAudit",
    "evidence.evidence.campaign_pack": "readReviewEvidence",
    "evidence.evidence.holdings_pack": "readHoldingsEvidence",
    "evidence.evidence.who_had_what": "listHoldingsOn",
    "findings.facts.attest_two_factor": "attestTwoFactor",
    "findings.facts.name_answerable": "nameAnswerable",
    "findings.findings.list_findings": "listFindings",
    "findings.seats.seat_report": "readSeats",
    "glance.findings_page": CONSOLE,
    "glance.glance": CONSOLE,
    "importing.doctor.patient_of": "the doctor calls any address it is told: from a shell only",
    "importing.doctor.set_up": "the doctor calls any address it is told: from a shell only",
    "importing.source.add_import_app": "addImportApp",
    "importing.source.list_import_apps": "listImportApps",
    "importing.source.remove_import_app": "removeImportApp",
    "importing.source.secret_of": "a secret that was given is shown to nobody",
    "inventory.cards.show_user": "readUser readUserCard",
    "inventory.cards.user_history": "readUserHistory",
    "inventory.notes.note_set": "notePermissionSet",
    "inventory.notes.notes_of_sets": "listPermissionSets",
    "inventory.overview.portal_overview": "readOverview",
    "inventory.times.holdings_now": "listHoldings",
    "inventory.times.user_on": "readPastUser",
    "inventory.users.users_in_pages": CONSOLE,
    "inventory.users.list_users": "listUsers readUsersBatch searchUsers",
    "operators.operators.change_password": OWN,
    "operators.operators.end_session": OWN,
    "operators.operators.first_operator_link": SHELL,
    "operators.operators.invite": "inviteOperator",
    "operators.operators.link_local_user": SHELL,
    "operators.operators.linked_actor": SHELL,
    "operators.operators.list_operators": "listOperators",
    "operators.operators.own_sessions": OWN,
    "operators.operators.password_link": "createPasswordLink",
    "operators.operators.reset_second_factor": "resetSecondFactor",
    "operators.operators.set_disabled": "setOperatorStanding",
    "operators.operators.set_roles": "setRoles",
    "operators.own_sign_in.own_factor": OWN,
    "operators.second_factor.begin_second_factor": OWN,
    "operators.second_factor.confirm_second_factor": OWN,
    "operators.second_factor.drop_second_factor": OWN,
    "operators.tokens.create_token": "createToken",
    "operators.tokens.list_tokens": "listTokens",
    "operators.tokens.revoke_token": "revokeToken",
    "operators.tokens.rotate_token": "a token makes no tokens, nor gives itself a new secret",
    "people.people.import_people": "importPeople",
    "people.people.link_person": "linkPerson",
    "people.people.list_people": "listPeople, page by page",
    "people.people.people_page": "listPeople",
    "permissions.answers.compare_access": "compareAccess",
    "permissions.answers.standpoint_of": "readMatrix",
    "permissions.answers.who_can_do": "whoCan",
    "permissions.answers.why_can": "explainAccess",
    "permissions.apps.forget_app": "forgetApp",
    "permissions.apps.list_apps": "listApps",
    "permissions.apps.name_app": "nameApp",
    "permissions.files.attest_sets": "attestDefinitions",
    "permissions.files.attestation_draft": "draftDefinitions",
    "permissions.files.diff_exports": "compareExports",
    "permissions.files.import_export": PART,
    "permissions.files.import_history": PART,
    "permissions.files.list_imports": "listExports",
    "permissions.packs.pack_page": CONSOLE,
    "permissions.packs.check_pack": "checkPack",
    "plans.applying.apply_plan": "applyPlan",
    "plans.applying.cancel_plan": "cancelPlan, whose use case calls this one",
    "plans.applying.pause_plan": "pausePlan",
    "plans.drafting.portal_to_plan": PART,
    "plans.drafting.preview": "every planning operation with `preview`",
    "plans.drafting.propose": (
        "addUser updateUser updateUsers importUsers offboardUser removeUser removeUsers"
        " mendFinding givePack moveTeam createPermissionSet changePermissionSet"
    ),
    "plans.drafting.stored_draft": "readPlanRows",
    "plans.elevating.elevate": "elevateUser",
    "plans.elevating.list_elevations": "listElevations",
    "plans.elevating.return_due": "a duty of the server, by the end that was approved",
    "plans.elevating.return_now": "returnElevation",
    "plans.fixing.fix_finding": "mendFinding",
    "plans.lifecycle.expire_due": "a duty of the server; planDue does it for one portal",
    "plans.lifecycle.plan_due": "planDue",
    "plans.lifecycle.plan_moves": "planMoves",
    "plans.listing.plans_page": "listPlans",
    "plans.plans.approve_plan": "approvePlan",
    "plans.plans.cancel": "cancelPlan",
    "plans.plans.list_plans": "listPlans, page by page",
    "plans.plans.override_guardrail": "overrideGuardrail",
    "plans.plans.replan": "replanPlan",
    "plans.plans.retire": PART,
    "plans.plans.show_plan": "readPlan",
    "plans.plans.undo_plan": "undoPlan",
    "plans.policies.apply_access": "three rights at once: planAccess, approvePlan, applyPlan",
    "plans.policies.carry_out_access": "three rights at once: planAccess, approvePlan, applyPlan",
    "plans.policies.drift": "readDrift",
    "plans.policies.dump_access": "dumpAccess",
    "plans.policies.plan_access": "planAccess",
    "plans.policies.policy_in_force": "readPolicy",
    "plans.rollback.rollback_file": "a file to keep, of a hundred thousand rows: `plan records` writes it",
    "reporting.reports.list_reports": "listReports",
    "reporting.reports.made_of": PART,
    "reporting.reports.remove_report": "removeReport",
    "reporting.reports.report_named": PART,
    "reporting.reports.run_report": "runReport readReportFile",
    "reporting.reports.save_report": "saveReport",
    "reporting.reports.schedule_report": "scheduleReport",
    "requests.requests.answer": "answerRequest",
    "requests.requests.extend": "extendRequest",
    "requests.requests.file_request": "fileRequest",
    "requests.requests.give_back": "giveBackAccess",
    "requests.requests.need_filing": PART,
    "requests.requests.withdraw": "withdrawRequest",
    "requests.views.catalogue": "listCatalogue",
    "requests.views.list_requests": "listRequests",
    "requests.views.profile_titles": CONSOLE,
    "requests.views.preview_request": "previewRequest",
    "requests.views.show_request": "readRequest",
    "requests.views.waiting_for": "listWaitingRequests",
    "reviews.reviews.close_campaign": "closeReview",
    "reviews.reviews.decide": "decideReviewItems",
    "reviews.reviews.delegate": "delegateReviewItems",
    "reviews.reviews.escalate": "escalateReview",
    "reviews.reviews.managed_campaign": PART,
    "reviews.reviews.open_campaign": "openReview",
    "reviews.reviews.remind": "remindReviewers",
    "reviews.reviews.remove_schedule": "removeReviewSchedule",
    "reviews.reviews.save_schedule": "scheduleReview",
    "reviews.views.list_campaigns": "listReviews",
    "reviews.views.list_items": "listReviewItems",
    "reviews.views.list_schedules": "listReviewSchedules",
    "reviews.views.my_reviews": "listMyReviews",
    "reviews.views.show_campaign": "readReview",
    "rights.may_change": PART,
    "scim.clients.change_client": "changeScimClient",
    "scim.clients.client_named": PART,
    "scim.clients.list_clients": "listScimClients",
    "scim.clients.log_of": "listScimLog",
    "scim.clients.mapping": "listScimGroups",
    "scim.removing.preview_removal": "what a confirmation shows; removeScimClient answers the same",
    "scim.removing.remove_client": "removeScimClient",
    "scim.replaying.replay_push": "replayScimPush",
    "structure.access_text": CONSOLE,
    "structure.teams_page": CONSOLE,
    "structure.portal_lists": "listPermissionSets listTeams",
    "structure.preview_access": "planAccess",
    "structure.set_contents": PART,
    "structure.set_contents_named": "readPermissionSet",
    "syncs.filing.file_export": "importExport",
    "syncs.filing.file_history": "importPermissionHistory",
    "syncs.syncing.sync_all": "syncPortals",
    "syncs.syncing.sync_portal": "syncPortal",
    "tasks.done_task": "finishTask",
    "tasks.list_tasks": "listTasks",
    "telling.lost.lost_notices": "listLostNotices",
    "telling.lost.send_test": "sendTestNotice",
    "telling.lost.tell_again": "repeatNotice",
    "telling.webhooks.add_webhook": "addWebhook",
    "telling.webhooks.list_deliveries": "listDeliveries",
    "telling.webhooks.list_webhooks": "listWebhooks",
    "telling.webhooks.remove_webhook": "removeWebhook",
    "telling.webhooks.replay_delivery": "replayDelivery",
    "upkeep.carry_out": "applyPlan; the server's next look proves it",
    "upkeep.look": "syncPortal; findings and events follow every snapshot by themselves",
}
# What a plan can be ordered with beside the operations of `propose`.
ORDERED_ELSEWHERE = {
    "AccessFile": "planAccess",
    "Elevate": "elevateUser",
    "ImportRows": "importUsers",
    "KeptWishes": "made of requests, reviews and pushes, by those alone",
    "ReturnElevation": "returnElevation",
    "UndoPlan": "undoPlan",
    "WhatIsDue": "planDue",
}
# Operations with no use case that takes an actor behind them: nothing there is anybody's.
OPEN = {"listPacks", "readEvidenceKey", "readPortal"}


def use_cases() -> Iterator[str]:
    """Every public function of the services that is given the installation and who asks."""
    for path in sorted(SERVICES.rglob("*.py")):
        room = ".".join(path.relative_to(SERVICES).with_suffix("").parts)
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
                given = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
                if not node.name.startswith("_") and {"app", "actor"} <= given:
                    yield f"{room}.{node.name}"


@cache
def imported(module: str) -> set[str]:
    """The names the REST face imports from a module."""
    return {
        alias.name
        for path in (PRODUCT / "api").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }


def operations_of(told: str) -> set[str]:
    """The operation ids of a line; none where it is a reason."""
    words = told.split()
    return set(words) if all(OPERATION.fullmatch(word) for word in words) else set()


def operation_ids() -> set[str]:
    """Every operation of the document."""
    paths = create_api().openapi()["paths"].values()
    return {one["operationId"] for methods in paths for one in methods.values()}


def test_every_use_case_has_its_line() -> None:
    """No use case is forgotten, none is told of that is gone."""
    there = set(use_cases())

    assert (set(), set()) == (there - OFFERED.keys(), OFFERED.keys() - there)


def test_every_order_can_be_given() -> None:
    """Whatever a plan can be made of, some operation orders."""
    given = imported("rolecall.services.drafts.orders") - {"Order"}

    assert {kind.__name__ for kind in KINDS.values()} == given | ORDERED_ELSEWHERE.keys()


def test_every_line_is_true() -> None:
    """The operations named exist, and every operation is named."""
    named = set().union(*map(operations_of, OFFERED.values())) | OPEN

    assert operation_ids() == named


def test_every_list_has_pages() -> None:
    """Whatever lists takes a limit and a cursor, and answers an object with the next one."""
    document = create_api().openapi()
    lists = [
        one["get"]
        for one in document["paths"].values()
        if one.get("get", {}).get("operationId", "").startswith("list")
    ]
    for operation in lists:
        names = {one.get("name") for one in operation["parameters"]}
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        page = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]

        assert {"limit", "after"} <= names, operation["operationId"]
        assert {"items", "next"} <= page["properties"].keys(), operation["operationId"]
    assert len(lists) > 20


def test_what_layers_do_is_in_the_document() -> None:
    """304 and tags of everything read as JSON; keys on every write; If-Match with its 412."""
    for methods in create_api().openapi()["paths"].values():
        for method, one in methods.items():
            taken = {each.get("name", each.get("$ref")) for each in one.get("parameters", ())}
            json = "application/json" in one["responses"].get("200", {}).get("content", {})
            spared = method == "get" and json

            assert spared == ("304" in one["responses"]), one["operationId"]
            assert spared == ("#/components/parameters/IfNoneMatch" in taken)
            assert (method != "get") == ("#/components/parameters/IdempotencyKey" in taken)
            assert "If-Match" not in taken or "412" in one["responses"]


@pytest.mark.parametrize("use_case", [key for key, told in OFFERED.items() if operations_of(told)])
def test_the_face_calls_the_use_case(use_case: str) -> None:
    """The REST face imports the very use case, so both have the same rights and limits."""
    room, _, name = use_case.rpartition(".")

    assert name in imported(f"rolecall.services.{room}")
