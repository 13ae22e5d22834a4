"""What the policy and permission findings need beside snapshot and feeds: gathered, judged nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from rolecall.domain.actor import Actor, Role
from rolecall.domain.assignment import Slot
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import ChangeKind
from rolecall.domain.portal import Portal
from rolecall.domain.review import CampaignState
from rolecall.domain.snapshot import Snapshot
from rolecall.insights import AccessException, Facts
from rolecall.insights.facts import Attestation
from rolecall.kit.ids import uuid7
from rolecall.permissions.pack import Pack
from rolecall.permissions.pack_file import PackProblems, read_pack
from rolecall.policy.document import Policy
from rolecall.policy.moments import end_of_day, zone_named
from rolecall.policy.parse import parse_policy
from rolecall.policy.thresholds import Thresholds, thresholds_from
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_to_change
from rolecall.services.drafts.elevation_proofs import elevation_facts
from rolecall.services.findings.outside_changes import (
    OwnChange,
    outside_changes,
    own_actors,
    own_acts,
    own_changes,
)
from rolecall.services.operators.operators import checked_email
from rolecall.services.permissions.apps import app_facts, apps_in
from rolecall.services.permissions.book import catalogue_of, resolver_of
from rolecall.store import Statement, View
from rolecall.store.encoding import from_json, to_json

ANSWERABLE = "service user"  # kinds of statements; by settings id
TWO_FACTOR = "two factor"


@dataclass(frozen=True, slots=True)
class Answerable:
    """Who answers for a user no human signs in as, and the pack that bounds it (its YAML)."""

    owner: str
    pack: str = ""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the rules look at beside the snapshot, and the limits that count in this portal."""

    facts: Facts
    thresholds: Thresholds


async def with_policy_facts(
    app: App, view: View, portal: Portal, snapshot: Snapshot, facts: Facts
) -> Gathered:
    """The facts with evidence, policy, journal, elevations, reviews and what people attested.

    The portal's access.yaml stands above the installation's limits and adds to its lists.
    """
    hub_id, now = portal.hub_id, view.now
    policy = await _policy(view, hub_id)
    thresholds = thresholds_from(policy.thresholds, app.choices.thresholds)
    since = now - timedelta(days=thresholds.foreign_days)
    ours = await own_changes(view, hub_id, since)
    owners, packs = await _answerable(app, view, hub_id)
    found = replace(
        facts,
        access=await resolver_of(app, view, snapshot, now),
        ends=await _ends(view, policy, snapshot),
        own_acts=own_acts(ours, snapshot),
        own_actors=await own_actors(view, portal),
        outside_changes=await outside_changes(view, snapshot, ours, since),
        invitations=_invitations(ours, snapshot),
        service_owners=owners,
        integration_packs=packs,
        two_factor=await _two_factor(view, hub_id),
        custom_rules=policy.custom_rules,
        reviewed_at=await _reviewed_at(view, hub_id),
        connected_at=portal.added_at,
        exceptions=(*facts.exceptions, *_exceptions(policy, snapshot.time_zone)),
        elevations=await elevation_facts(view, hub_id),
        allowed_super_admins=facts.allowed_super_admins | _folded(policy.allowed_super_admins),
        extension_users=_ids_of(snapshot, policy.extension_users),
        apps=app_facts(await apps_in(view, hub_id), snapshot.capabilities),
    )
    return Gathered(found, thresholds)


def two_factor_shape(told: Attestation) -> dict[str, object]:
    """Who signed off whether two-factor log-in is required, and when."""
    return asdict(told)


def answerable_shape(user: str, owner: str, pack: str) -> dict[str, object]:
    """Who answers for a user, and the pack that bounds it, where one was named."""
    return {"user": user, "owner": owner, "pack": pack or None}


def _folded(emails: Iterable[str]) -> frozenset[str]:
    return frozenset(one.casefold() for one in emails)


def _ids_of(snapshot: Snapshot, emails: Iterable[str]) -> frozenset[str]:
    wanted = _folded(emails)
    return frozenset(user.id for user in snapshot.users if user.email.casefold() in wanted)


async def _policy(view: View, hub_id: int) -> Policy:
    stored = await view.policies.in_force(hub_id)
    return parse_policy(stored.text) if stored is not None else Policy()


def _exceptions(policy: Policy, time_zone: str) -> Iterable[AccessException]:
    zone = zone_named(time_zone)
    for one in policy.exceptions:
        until = end_of_day(one.until, zone)
        yield AccessException(one.user, one.finding, one.owner, one.reason, until)


async def _ends(view: View, policy: Policy, snapshot: Snapshot) -> Mapping[str, datetime]:
    """When each user's access ends, by the file or by a claim of ours."""
    zone = zone_named(snapshot.time_zone)
    by_email = {
        key: end_of_day(entry.until, zone) for key, entry in policy.people.items() if entry.until
    }
    for stored in await view.assignments.find(snapshot.hub_id, slot=Slot.USER):
        one = stored.assignment
        if one.ends_at is not None:
            by_email.setdefault(one.subject, one.ends_at)
    ids = {user.email.casefold(): user.id for user in snapshot.users}
    return {ids[email]: at for email, at in by_email.items() if email in ids}


def _invitations(ours: tuple[OwnChange, ...], snapshot: Snapshot) -> Mapping[str, bool]:
    """Whether users we created got a welcome e-mail."""
    ids = {user.email.casefold(): user.id for user in snapshot.users}
    return {
        ids[one.change.subject.casefold()]: one.change.details.get("send_welcome_email") == "true"
        for one in ours
        if one.change.kind is ChangeKind.CREATE_USER and one.change.subject.casefold() in ids
    }


async def _answerable(
    app: App, view: View, hub_id: int
) -> tuple[Mapping[str, str], Mapping[str, Pack]]:
    stated = await view.evidence.stated(hub_id, ANSWERABLE)
    told = {key: from_json(one.body, Answerable) for key, one in stated.items()}
    catalogue, packs = catalogue_of(app), {}
    for user_id, one in told.items():
        try:
            packs[user_id] = read_pack(one.pack, catalogue, user_id) if one.pack else None
        except PackProblems:
            packs[user_id] = (
                None  # an overlay took a permission away; without a pack it is stricter
            )
    owners = {key: one.owner for key, one in told.items() if one.owner}
    return owners, {key: pack for key, pack in packs.items() if pack is not None}


async def _two_factor(view: View, hub_id: int) -> Attestation | None:
    kept = await view.evidence.statement(hub_id, TWO_FACTOR, "")
    return None if kept is None else from_json(kept.body, Attestation)


async def _reviewed_at(view: View, hub_id: int) -> datetime | None:
    closed = await view.reviews.all([hub_id], [CampaignState.CLOSED])
    return max((one.closed_at for one in closed if one.closed_at), default=None)


async def name_answerable(
    app: App, actor: Actor, name: str, who: str, owner: str, pack_text: str = ""
) -> str:
    """Name the person who answers for an integration's or service user, and the pack that bounds it."""
    what, scope = "name who answers for users", TokenScope.ACCESS_WRITE
    portal = await portal_to_change(app, actor, name, Role.ADMIN, what, scope)
    checked_email(owner)
    if pack_text:
        read_pack(pack_text, catalogue_of(app), who)
    async with app.database.begin(actor, f"{owner} answers for {who}") as work:
        user = await work.users.get(portal.hub_id, who)
        body = to_json(Answerable(owner, pack_text))
        await work.evidence.state(
            Statement(uuid7(), portal.hub_id, ANSWERABLE, user.id, work.now, actor.id, body)
        )
        work.record(
            Event.EVIDENCE_ATTESTATION_MADE,
            subject=user.email,
            hub_id=portal.hub_id,
            details={"owner": owner},
        )
    return user.email


async def attest_two_factor(
    app: App, actor: Actor, name: str, holds: bool, reason: str = ""
) -> Attestation:
    """Sign off whether two-factor log-in is required, which no API tells."""
    what, scope = "attest settings", TokenScope.ACCESS_WRITE
    portal = await portal_to_change(app, actor, name, Role.ADMIN, what, scope)
    async with app.database.begin(actor, reason or "two-factor setting signed off") as work:
        told = Attestation(holds, actor.name or actor.id, work.now)
        await work.evidence.state(
            Statement(uuid7(), portal.hub_id, TWO_FACTOR, "", work.now, actor.id, to_json(told))
        )
        work.record(
            Event.EVIDENCE_ATTESTATION_MADE,
            subject="two-factor log-in",
            hub_id=portal.hub_id,
            details={"required": "yes" if holds else "no"},
        )
    return told
