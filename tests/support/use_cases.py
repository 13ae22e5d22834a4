"""Every public use case with something to call it with: one of everything in the first portal."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import rolecall.services
from rolecall.domain.actor import SYSTEM, Role
from rolecall.domain.finding import Finding, Mend, Severity
from rolecall.domain.import_app import ImportApp
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import ManualTask
from rolecall.domain.portal import CredentialKind
from rolecall.domain.review import Cadence, CampaignOrder, Verdict
from rolecall.domain.scim import ScimClient, ScimLine
from rolecall.domain.webhook import WebhookDelivery
from rolecall.kit.ids import uuid7
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import ChangeUsers
from rolecall.services.importing.doctor import Patient
from rolecall.services.inventory.notes import ResourceNote
from rolecall.services.operators.tokens import create_token
from rolecall.services.permissions.answers import Compared
from rolecall.services.permissions.files import ExportFile
from rolecall.services.permissions.packs import Asked, list_packs
from rolecall.services.plans.drafting import propose
from rolecall.services.reporting.reports import Draft, save_report
from rolecall.services.requests.requests import RequestForm, file_request
from rolecall.services.reviews.reviews import Decision, open_campaign, save_schedule
from rolecall.services.telling.webhooks import add_webhook
from rolecall.store import AuditQuery
from rolecall.sync.ports import NewCredential
from tests.support.governed import HUB, POLICY, Governed

UseCase = Callable[..., Any]
ROOM = "rolecall.services."


def use_cases() -> Iterator[tuple[str, UseCase]]:
    """Every public coroutine of the use cases that is told who asks: `folder.module.name`."""
    for module in pkgutil.walk_packages(rolecall.services.__path__, ROOM):
        for name, one in vars(import_module(module.name)).items():
            ours = inspect.iscoroutinefunction(one) and one.__module__ == module.name
            if ours and not name.startswith("_") and _asks(one):
                yield f"{module.name.removeprefix(ROOM)}.{name}", one


def _asks(one: UseCase) -> bool:
    """Is told who asks, and is whole: what works in somebody's transaction is a part."""
    words = inspect.signature(one).parameters.keys()
    return words >= {"app", "actor"} and not words & {"view", "work"}


@dataclass(frozen=True)
class Furniture:
    """Values by parameter name; a use case's own words come first, as `module.name:parameter`."""

    values: dict[str, Any]

    def arguments(self, name: str, one: UseCase) -> dict[str, Any]:
        """What to call a use case with, beside app and actor; KeyError for a word nobody knows."""
        given = {}
        for word, parameter in inspect.signature(one).parameters.items():
            if word in ("app", "actor") or parameter.default is not inspect.Parameter.empty:
                continue
            own = f"{name.rpartition('.')[2]}:{word}"
            given[word] = self.values[own] if own in self.values else self.values[word]
        return given


async def furnished(room: Governed) -> Furniture:
    """One of everything in the portal `acme`, made by those who may."""
    app, local, now = room.app, room.local, room.clock.now()
    drafted = await propose(
        app, local, "acme", ChangeUsers(("ben@acme.test",), Ask(main_team="Desk"))
    )
    ana = await room.operator("ana@acme.test", Role.REQUESTER)
    operator_id = ana.id.removeprefix("operator:")
    request = await file_request(app, ana, HUB, RequestForm("sales-rep", "why", "ben@acme.test", 9))
    order = CampaignOrder("Quarter", fallback_reviewer="boss@acme.test")
    campaign = await open_campaign(app, local, HUB, order)
    schedule = await save_schedule(app, local, HUB, order, Cadence.MONTHLY, now + timedelta(30))
    webhook = (await add_webhook(app, local, "https://hooks.example.com/x", hub_id=HUB)).webhook
    token = (await create_token(app, local, "t", [TokenScope.SCIM], [HUB])).token
    client = ScimClient(token.id, HUB, "idp", now)
    finding = Finding("dormant", Severity.LOW, "user", "2", "ben@acme.test", "m", "w",
                      mend=Mend("park", "park"))  # fmt: skip
    imported = ImportApp(5, "https://hooks.example.com/i", now)
    async with app.database.begin(SYSTEM, "test") as work:
        await work.scim.put_client(client)
        line = ScimLine(uuid7(), client.id, now, "POST", "/Users", "{}", 201)
        await work.scim.log(line)
        await work.findings.record(HUB, [finding], now)
        await work.import_apps.add(imported)
        task = ManualTask(uuid7(), HUB, "Click", ("here",), "https://x.test", "ben@acme.test")
        await work.tasks.add([task])
        delivery = WebhookDelivery(uuid7(), webhook.id, "n", "t", now)
        await work.webhooks.queue([delivery])
        items = await work.reviews.all_items(campaign.id)
        stored = await work.plans.get(drafted.plan.id)
        (kept,) = await work.findings.open(HUB)
        portal = await work.portals.get(HUB)
    report = await save_report(app, local, "acme", Draft("Users"))
    pack = list_packs(app).packs[0]
    values: dict[str, Any] = {
        "name": "acme", "hub_id": HUB, "plan_id": drafted.plan.id, "stored": stored,
        "drafted": drafted, "order": ChangeUsers(("ben@acme.test",), Ask(main_team="Desk")),
        "open_campaign:order": order, "save_schedule:order": order, "request_id": request.id,
        "campaign_id": campaign.id, "schedule_id": schedule.id, "webhook_id": webhook.id,
        "delivery_id": delivery.id, "token_id": token.id, "client_id": token.id,
        "client": replace(client, most_people=9), "finding_id": kept.id, "task_id": task.id,
        "app_id": imported.app_id, "wanted": "1", "operator_id": operator_id,
        "add_import_app:wanted": replace(imported, app_id=6), "email": "new@acme.test",
        "item_ids": [items[0].id], "decisions": [Decision(items[0].id, Verdict.KEEP)],
        "roles": {HUB: frozenset({Role.AUDITOR})}, "form": RequestForm("exporter", "why", days=2),
        "credential": NewCredential(CredentialKind.SERVICE_KEY, {"token": "pat-na1-x"}),
        "minutes": 30, "role": Role.APPROVER, "what": "test", "scope": TokenScope.PLAN_PROPOSE,
        "text": POLICY, "write": lambda _: None, "query": AuditQuery(hub_id=HUB), "at": now,
        "who": "ben@acme.test", "owner": "o@acme.test", "holds": True, "disabled": True,
        "url": "https://hooks.example.com/y", "secret": "s", "set_id": "s1",
        "patient": Patient("https://x.test", "https://x.test", 5, HUB, "s"),
        "note": ResourceNote("o@acme.test", "why"), "old": "x", "new": "y" * 20, "code": "000000",
        "session_id": "no", "scopes": [TokenScope.READ], "portals": [HUB], "data": b"email\na@b.c\n",
        "user_email": "ben@acme.test", "person_email": "ben@acme.test", "phrase": "export contacts",
        "asked": Compared(users=("ben@acme.test",)), "check_pack:asked": Asked(),
        "grants": {}, "file": ExportFile(b"Email\nben@acme.test\n", "users.csv", now),
        "pack": pack.pack, "pack_text": pack.text, "lasting": timedelta(hours=1),
        "emails": ("ben@acme.test",), "guardrail": "removal_brake", "reason": "why", "yes": True,
        "days": 3, "profile": "sales-rep", "to": "mia@acme.test", "cadence": Cadence.MONTHLY,
        "facts": {"client_id": "c", "client_secret": "s"}, "line_id": line.id, "tool": "t", "outcome": "answered", "draft": Draft("More"), "portal": portal,
        "report": report, "report_id": report.id, "every": "daily", "recipients": ("ana@acme.test",),
        "next_at": now + timedelta(30), "elevate:email": "ben@acme.test",
    }  # fmt: skip
    return Furniture(values)
