"""Evidence: the sealed pack of a review, who had what on a date, and the key packs are signed with.

Reading is for auditors of the portal; making a pack leaves a line in the audit trail.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.domain.plan import Approval, Plan, Receipt
from rolecall.domain.review import Campaign, ReviewItem
from rolecall.domain.snapshot import Snapshot
from rolecall.evidence.controls import controls_table
from rolecall.evidence.pages import as_html
from rolecall.evidence.printing import as_pdf, can_print
from rolecall.evidence.seal import Pack, new_key, public_key_of, sealed
from rolecall.evidence.sheets import as_xlsx
from rolecall.evidence.tables import Table, as_csv, as_json, moment
from rolecall.kit.errors import NeedsPerson
from rolecall.kit.ids import uuid7
from rolecall.services.app import App
from rolecall.services.evidence.tables import (
    campaign_facts,
    decisions_table,
    holdings_table,
    plan_table,
    summary_table,
)
from rolecall.services.reviews.reviews import seen_campaign
from rolecall.services.rights import need, need_scope
from rolecall.store import View
from rolecall.store.encoding import plain
from rolecall.store.errors import NotThere

KEY_OWNER, KEY_FIELD = "evidence", "signing_key"
WITHHELD = "another portal"


@dataclass(frozen=True, slots=True)
class Holdings:
    """Who had what at a time: the picture it is read from, and its rows."""

    at: datetime
    snapshot_id: str
    sealed_at: datetime
    complete: bool
    gaps: tuple[str, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class _Material:
    """Everything a review's pack is made of."""

    portal: str
    campaign: Campaign
    items: tuple[ReviewItem, ...]
    snapshot: Snapshot
    plan: Plan | None
    approvals: tuple[Approval, ...]
    receipts: tuple[Receipt, ...]
    audit: bytes
    audit_last: tuple[int, str]


async def campaign_pack(app: App, actor: Actor, campaign_id: str) -> Pack:
    """The evidence of one review: snapshot, decisions, plan, receipts, audit chain; sealed.

    Audit lines of other portals are withheld (place and hash alone), unless the actor audits all.
    """
    need_scope(actor, TokenScope.READ, "make evidence packs")
    async with app.database.read() as view:
        campaign = await seen_campaign(view, actor, campaign_id)
        need(actor, Role.AUDITOR, campaign.hub_id, "make evidence packs", TokenScope.READ)
        material = await _material(view, actor, campaign)
        now = view.now
    key = await _signing_key(app)
    facts = {
        "id": uuid7(), "kind": "review", "portal": material.portal, "hub_id": campaign.hub_id,
        "campaign": campaign.id, "title": campaign.title, "made_by": actor.id,
        "snapshot": campaign.snapshot_id, "snapshot_at": campaign.snapshot_at.isoformat(),
        "gaps": list(campaign.gaps), "audit_lines": material.audit_last[0],
        "audit_last_hash": material.audit_last[1],
    }  # fmt: skip
    name = f"review-{material.portal}-{campaign.created_at:%Y-%m-%d}-{campaign.id[-6:]}"
    pack = sealed(name, _review_files(material, now), facts, key, now)
    await _tell(app, actor, campaign.hub_id, pack)
    return pack


async def who_had_what(app: App, actor: Actor, hub_id: int, at: datetime) -> Holdings:
    """Every user and what they held, by the newest complete picture of that time.

    Raises NeedsPerson where the portal was not known then.
    """
    need(actor, Role.AUDITOR, hub_id, "look at the past", TokenScope.READ)
    async with app.database.read() as view:
        snapshot = await view.snapshots.load(hub_id, at, complete=True)
    if snapshot is None:
        raise NeedsPerson(
            f"nothing is known of the portal on {moment(at)}",
            hint="the first sync is the first day Rolecall can speak of",
        )
    table = holdings_table(snapshot)
    return Holdings(at, snapshot.id, snapshot.sealed_at, snapshot.complete, snapshot.gaps, table)


async def holdings_pack(app: App, actor: Actor, hub_id: int, at: datetime) -> Pack:
    """Who had what at a time, as a sealed pack with the audit chain up to now."""
    holdings = await who_had_what(app, actor, hub_id, at)
    key = await _signing_key(app)
    async with app.database.read() as view:
        portal = await view.portals.get(hub_id)
        name = portal.name if portal else str(hub_id)
        audit, last = await _audit(view, actor, hub_id)
        now = view.now
    told = {
        "Portal": f"{name} ({hub_id})", "Asked for": moment(at),
        "Read from HubSpot": moment(holdings.sealed_at),
        "Gaps": "; ".join(holdings.gaps) or "none",
    }  # fmt: skip
    files = {
        **_forms(f"Who had what in {name}", told, [holdings.table, controls_table()], now),
        "holdings.csv": as_csv(holdings.table),
        "audit.jsonl": audit,
    }
    facts = {
        "id": uuid7(), "kind": "holdings", "portal": name, "hub_id": hub_id,
        "made_by": actor.id, "asked_for": at.isoformat(), "snapshot": holdings.snapshot_id,
        "snapshot_at": holdings.sealed_at.isoformat(), "gaps": list(holdings.gaps),
        "audit_lines": last[0], "audit_last_hash": last[1],
    }  # fmt: skip
    pack = sealed(f"holdings-{name}-{at:%Y-%m-%d}", files, facts, key, now)
    await _tell(app, actor, hub_id, pack)
    return pack


async def public_key(app: App) -> str:
    """The key auditors check packs with, as PEM; no secret."""
    return public_key_of(await _signing_key(app))


async def _signing_key(app: App) -> str:
    """The installation's signing key, made at first use and kept encrypted."""
    async with app.database.work() as work:
        try:
            return (await work.credentials.load_secret(KEY_OWNER))[KEY_FIELD]
        except NotThere:
            made = new_key()
            await work.credentials.save_secret(KEY_OWNER, {KEY_FIELD: made}, work.now)
            return made


async def _material(view: View, actor: Actor, campaign: Campaign) -> _Material:
    portal = await view.portals.get(campaign.hub_id)
    snapshot = await view.snapshots.load(campaign.hub_id, snapshot_id=campaign.snapshot_id)
    if snapshot is None:
        raise NotThere(f"The snapshot {campaign.snapshot_id} of this review is gone")
    plan: Plan | None = None
    approvals: tuple[Approval, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    if campaign.plan_id:
        plan = (await view.plans.get(campaign.plan_id)).plan
        approvals = await view.plans.approvals(campaign.plan_id)
        receipts = await view.journal.receipts(campaign.plan_id)
    audit, last = await _audit(view, actor, campaign.hub_id)
    return _Material(
        portal.name if portal else str(campaign.hub_id), campaign,
        await view.reviews.all_items(campaign.id), snapshot, plan, approvals, receipts, audit, last,
    )  # fmt: skip


def _review_files(material: _Material, now: datetime) -> dict[str, bytes]:
    campaign = material.campaign
    decisions = decisions_table(material.items, campaign)
    tables = [
        summary_table(material.items, campaign),
        decisions,
        plan_table(material.plan, material.receipts),
        holdings_table(material.snapshot),
        controls_table(),
    ]
    facts = campaign_facts(campaign, material.portal)
    return {
        **_forms(f"Access review: {campaign.title}", facts, tables, now),
        "decisions.csv": as_csv(decisions),
        "campaign.json": as_json(plain(campaign)),
        "decisions.json": as_json(plain(material.items)),
        "snapshot.json": as_json(plain(material.snapshot)),
        "plan.json": as_json(plain(material.plan)),
        "approvals.json": as_json(plain(material.approvals)),
        "receipts.json": as_json(plain(material.receipts)),
        "audit.jsonl": material.audit,
    }


def _forms(
    title: str, facts: Mapping[str, str], tables: Sequence[Table], now: datetime
) -> dict[str, bytes]:
    """The forms people read; the PDF only with its extra."""
    about = Table("About", ("Fact", "Value"), tuple(facts.items()))
    found = {
        "evidence.html": as_html(title, facts, tables),
        "evidence.xlsx": as_xlsx([about, *tables], now),
    }
    if can_print():
        found["evidence.pdf"] = as_pdf(title, facts, tables)
    return found


async def _audit(view: View, actor: Actor, hub_id: int) -> tuple[bytes, tuple[int, str]]:
    """The whole chain as JSON lines; what belongs to others shows its place and hash alone."""
    whole = actor.holds(Role.AUDITOR, ALL_PORTALS)
    lines, last = [], (0, "0" * 64)
    async for line in view.audit.export():
        shown: Mapping[str, Any] = line
        if not whole and line["hub_id"] != hub_id:
            shown = {key: line[key] for key in ("seq", "previous", "hash")}
            shown = {**shown, "withheld": WITHHELD}
        lines.append(json.dumps(shown, ensure_ascii=False))
        last = (int(str(line["seq"])), str(line["hash"]))
    return _joined(lines), last


def _joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


async def _tell(app: App, actor: Actor, hub_id: int, pack: Pack) -> None:
    async with app.database.begin(actor, f"made {pack.name}") as work:
        details = {"pack": str(pack.manifest["id"]), "kind": str(pack.manifest["kind"])}
        work.record(Event.EVIDENCE_PACK_MADE, subject=pack.name, hub_id=hub_id, details=details)
