"""Pack verdicts on the emulator's portals equal what the truth says, or are unknown."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_emulator.building import create_world
from hubspot_emulator.granular.export import ExportOptions
from hubspot_emulator.seeds.acme_cast import emails_of
from rolecall.domain.assignment import Slot
from rolecall.permissions.access import Access, Given, Resolver
from rolecall.permissions.evidence import Ground
from rolecall.permissions.levels import NOTHING, Range
from rolecall.permissions.pack import Pack
from rolecall.permissions.pack_check import Status, Verdict, _judged, check_set, check_user
from rolecall.permissions.pack_wishes import removable, wishes_for
from rolecall.permissions.packs import pack_named, read_packs
from rolecall.sources import shipped
from tests.integration.permissions.test_against_truth import scramble
from tests.support.emulated import resolver_of, snapshot_of, true_access

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def the_pack(name: str = "8x8") -> Pack:
    """A shipped pack."""
    packs, broken = read_packs(shipped.pack_texts(), shipped.catalogue())
    assert not broken
    return pack_named(packs, name)


def acme() -> Resolver:
    """Acme with one plain users export."""
    world = create_world(seed="acme")
    return resolver_of(world, next(iter(world.portals.values())), NOW)


def by_verdict(resolver: Resolver, pack: Pack) -> dict[Verdict, set[str]]:
    """E-mails of active users by verdict."""
    found: dict[Verdict, set[str]] = {one: set() for one in Verdict}
    for user in resolver.snapshot.users:
        found[check_user(resolver, pack, user).verdict].add(user.email)
    return found


def test_8x8_on_acme() -> None:
    """Ready, missing and over-privileged are exactly the people acme planted as such."""
    resolver = acme()
    found = by_verdict(resolver, the_pack())
    admins = {user.email for user in resolver.snapshot.users if user.super_admin}

    assert emails_of("8x8-ready") == found[Verdict.READY]
    assert emails_of("8x8-over-privileged") == found[Verdict.OVER] - admins
    assert emails_of("8x8-missing") <= found[Verdict.MISSING]
    assert set() == found[Verdict.UNKNOWN]


def test_each_missing_line_has_clicks() -> None:
    """The boxes are told apart, the seat is named where it is the seat, every line has a path."""
    resolver, pack = acme(), the_pack()
    users = {user.email: user for user in resolver.snapshot.users}
    boxless = check_user(resolver, pack, users["agent.boxless@acme.test"])
    seat = check_user(resolver, pack, users["agent.viewonly@acme.test"])

    assert {"unassigned-contacts-view", "unassigned-contacts-edit", "unassigned-companies"} == {
        one.requirement.id for one in boxless.missing
    }
    assert all(one.clicks for one in boxless.missing)
    assert {True} == {one.by_seat for one in seat.missing}


def test_without_evidence_everything_is_unknown() -> None:
    """No export and no definition: nobody but Super Admins and deactivated users is judged."""
    world = create_world(seed="acme")
    snapshot = snapshot_of(world, next(iter(world.portals.values())), NOW)
    resolver = Resolver(shipped.catalogue(), snapshot, NOW)
    found = by_verdict(resolver, the_pack())

    assert set() == found[Verdict.READY]
    assert {u.email for u in snapshot.users if u.super_admin} >= found[Verdict.OVER]
    assert len(found[Verdict.UNKNOWN]) > 50


def test_sets_are_judged_too() -> None:
    """A set is ready under a Core seat and missing under View-Only."""
    resolver, pack = acme(), the_pack()
    caller = next(i for i, name in resolver.names.items() if name == "8x8 Caller")

    assert Verdict.READY == check_set(resolver, pack, caller).verdict
    assert Verdict.MISSING == check_set(resolver, pack, caller, ("View-Only",)).verdict


def test_wishes() -> None:
    """A set that meets the pack, a seat where the seat is the trouble, nothing when ready."""
    resolver, pack = acme(), the_pack()
    users = {user.email: user for user in resolver.snapshot.users}
    boxless = wishes_for(resolver, pack, users["agent.boxless@acme.test"])
    seat = wishes_for(resolver, pack, users["agent.viewonly@acme.test"])

    assert [Slot.PERMISSION_SET] == [one.slot for one in boxless]
    assert boxless[0].keeps_former
    assert [(Slot.SEAT, "Core")] == [(one.slot, one.value) for one in seat]
    assert () == wishes_for(resolver, pack, users["agent.ready@acme.test"])
    assert "marketing.marketing_email" in removable(resolver, pack, users["agent.ready@acme.test"])


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), effective=st.booleans(), cut=st.booleans())
def test_verdicts_are_never_wrong(seed: int, effective: bool, cut: bool) -> None:
    """On random portals every verdict is the truth's, or unknown."""
    world = create_world(seed="tiny")
    portal = next(iter(world.portals.values()))
    scramble(world, portal, random.Random(seed))
    options = ExportOptions(access="effective" if effective else "stored", truncated=cut)
    resolver = resolver_of(world, portal, NOW, options)
    packs, _ = read_packs(shipped.pack_texts(), shipped.catalogue())
    true = true_access(world, portal)

    for pack in packs.values():
        for user in resolver.snapshot.users:
            real = {one: Range(level, level) for one, level in true[user.id].items()}
            given_ = Given(real, NOTHING, Ground.NONE, None)
            told = _judged(
                resolver, pack, Access(real, given_, user.seat_names), "", "", "", connected=False
            )
            said = check_user(resolver, pack, user)
            assert said.verdict in (told.verdict, Verdict.UNKNOWN)
            for line, truth in zip(said.lines, told.lines, strict=True):
                wanted = {truth.status, Status.UNKNOWN}
                if truth.status is Status.NOT_ASKED:
                    wanted.add(Status.MET)  # held, though nobody knows yet that it is not asked
                assert line.status in wanted
