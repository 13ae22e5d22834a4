"""The findings on acme are exactly those its casebook names: every case, no look-alike."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from hubspot_emulator.app import create_app, create_world
from hubspot_emulator.granular.export import ExportOptions, users_export
from hubspot_emulator.seeds.acme_cast import emails_of, look_alikes_of
from rolecall.bootstrap import open_app
from rolecall.domain.actor import local_actor
from rolecall.domain.finding import Finding
from rolecall.domain.portal import CredentialKind
from rolecall.domain.snapshot import Snapshot
from rolecall.insights import Facts, Thresholds, evaluate
from rolecall.permissions.access import Resolver
from rolecall.permissions.book import evidence_book
from rolecall.services.connections.portals import add_portal
from rolecall.services.findings.findings import gathered_facts
from rolecall.services.syncs.syncing import sync_portal
from rolecall.settings import Settings
from rolecall.sources import shipped
from rolecall.sources.users_export import matched, read_users_export
from rolecall.sync.ports import NewCredential
from tests.support.emulator import InProcess

ACTOR = local_actor("lars")
TOKEN = "pat-na1-emulator-acme"
# Kind of the casebook -> rules of ours that tell it.
KINDS = {
    "super-admin-sprawl": ("super-admin.sprawl",),
    "dormant": ("user.dormant",),
    "invited-never-came": ("user.invited-never-came",),
    "created-never-signed-in": ("user.created-never-signed-in",),
    "deactivated-owner": ("records.owner-deactivated",),
    "gone-owner": ("records.owner-gone",),
    "no-team": ("user.no-team",),
    "outside-email": ("email.outside-domain",),
    "personal-email": ("email.personal-domain",),
    "duplicate-person": ("person.duplicate",),
    "several-sets": ("permission-sets.several",),
    "paid-seat-unused": ("seat.unused",),
    "service-user": ("service-user.no-owner",),
    "integration-user": ("integration-user.no-owner",),
    "shared-login": ("login.shared",),
    "sod-export-billing": ("sod.exports-and-billing",),
    "toxic-combination": ("toxic.users-and-billing", "toxic.bulk-and-permanent-delete"),
    "peer-outlier": ("access.peer-outlier",),
}


@dataclass(frozen=True)
class Looked:
    """Acme as synced, with everything the rules may know."""

    snapshot: Snapshot
    facts: Facts
    now: datetime
    findings: tuple[Finding, ...]


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    """Acme synced through the client with feeds of a year, and one users export imported."""
    return asyncio.run(_look(tmp_path_factory.mktemp("home")))


async def _look(home: Path) -> Looked:
    world = create_world(seed="acme", limits="off")
    portal = next(iter(world.portals.values()))
    settings = Settings(home=home, feed_days=400, api_base="http://hubspot.test")
    async with open_app(settings, transport=InProcess(app=create_app(world))) as app:
        credential = NewCredential(CredentialKind.PRIVATE_APP, {"token": TOKEN})
        await add_portal(app, ACTOR, "acme", credential)
        await sync_portal(app, ACTOR, "acme")
        now = app.clock.now()
        async with app.database.read() as view:
            kept = await view.portals.named("acme")
            snapshot = await view.snapshots.load(portal.id)
            assert snapshot is not None
            facts = (await gathered_facts(app, view, kept, snapshot, now)).facts
    data = users_export(world, portal, ExportOptions())
    reading = matched(read_users_export(data, shipped.words(), as_of=now), snapshot)
    book = evidence_book(shipped.catalogue(), snapshot, reading.records)
    facts = replace(facts, access=Resolver(shipped.catalogue(), snapshot, now, book))
    return Looked(snapshot, facts, now, evaluate(snapshot, facts, Thresholds(), now))


def told(acme: Looked, kind: str) -> set[str]:
    """E-mails of everybody a finding of this kind concerns."""
    emails = {user.id: user.email for user in acme.snapshot.users}
    found: set[str] = set()
    for one in acme.findings:
        if one.rule in KINDS[kind]:
            found |= {one.subject, *(emails[other] for other in one.related)}
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_cases_and_look_alikes(acme: Looked, kind: str) -> None:
    """Every case of a kind is found, and nobody else is."""
    assert emails_of(kind) == told(acme, kind)
    assert not look_alikes_of(kind) & told(acme, kind)


def test_every_finding_can_be_acted_on(acme: Looked) -> None:
    """Each finding has evidence with a source, says why, and names the change that mends it."""
    poor = [
        one.key
        for one in acme.findings
        if not (one.why and one.mend and one.evidence and all(e.source for e in one.evidence))
    ]

    assert [] == poor


def test_foreign_changes(acme: Looked) -> None:
    """Who was made Super Admin, impersonated, and lost the second factor of late is told."""
    found = {(one.rule, one.subject.partition("@")[0]) for one in acme.findings}

    assert {
        ("foreign.super-admin-made", "chloe.dubois"),
        ("foreign.impersonation", "henrik.dahl"),
        ("foreign.login-loosened", "consultant"),
        ("foreign.export", "claire.fontaine"),
        ("foreign.credential-touched", "kwame.mensah"),
        ("2fa.removed", "henrik.dahl"),
    } <= found
    assert ("foreign.super-admin-made", "kwame.mensah") not in found  # 52 days ago
