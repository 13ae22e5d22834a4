"""Effective access, read from exports alone, equals the emulator's truth or says unknown."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_emulator.building import create_world
from hubspot_emulator.granular.catalogue import catalogue as emulated_catalogue
from hubspot_emulator.granular.export import ExportOptions
from hubspot_emulator.world import Portal, World
from rolecall.permissions.access import Resolver
from rolecall.permissions.levels import NONE, at_least
from rolecall.sources import shipped
from tests.support.emulated import resolver_of, true_access

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SEATS = ("Core", "View-Only", "Sales Hub Enterprise", "Service Hub Enterprise", "Partner")


def judged(world: World, portal: Portal, resolver: Resolver) -> tuple[int, list[str]]:
    """How many answers are unknown, and every answer that is wrong."""
    known, unknown, wrong = emulated_catalogue(), 0, []
    true = true_access(world, portal)
    for user in resolver.snapshot.users:
        access = resolver.access_of(user)
        for one in known:
            held = access.of(one)
            real = true[user.id].get(one, NONE)
            levels = shipped.catalogue().permissions[one].levels
            unknown += not held.known
            inside = at_least(levels, real, held.low) and at_least(levels, held.high, real)
            if not inside or (held.known and held.low != real):
                wrong.append(f"{user.email} {one}: {held} but {real!r}")
    return unknown, wrong


def test_acme_is_known_completely() -> None:
    """One plain export of acme answers every question about everybody."""
    world = create_world(seed="acme")
    portal = next(iter(world.portals.values()))

    assert (0, []) == judged(world, portal, resolver_of(world, portal, NOW))


@pytest.mark.parametrize(
    "options",
    [
        ExportOptions(separator="semicolon", encoding="bom", language="de", lists="comma"),
        ExportOptions(separator="tab", encoding="utf-16", language="fr", lists="newline"),
        ExportOptions(separator="pipe", language="es", order="shuffled", lists="semicolon"),
        ExportOptions(language="ja", order="reversed", permissions="ids", lists="pipe"),
        ExportOptions(language="alias", layout="wide", seats=True, deactivated=True),
        ExportOptions(spreadsheet=True, encoding="cp1252", unknown_columns=200),
        ExportOptions(seats=True, deactivated=True, permissions="ids", lists="comma"),
    ],
    ids=["de", "fr", "es", "ja", "wide", "spreadsheet", "seats"],
)
def test_variants_say_the_same(options: ExportOptions) -> None:
    """Language, separators, encoding, column order and layout change no answer."""
    world = create_world(seed="acme")
    portal = next(iter(world.portals.values()))
    unknown, wrong = judged(world, portal, resolver_of(world, portal, NOW, options))

    assert [] == wrong
    assert 0 == unknown


@pytest.mark.parametrize(
    "options",
    [
        ExportOptions(truncated=True),
        ExportOptions(access="effective"),
        ExportOptions(truncated=True, encoding="utf-16"),
    ],
    ids=["cut", "effective", "cut-utf-16"],
)
def test_poor_evidence_is_never_wrong(options: ExportOptions) -> None:
    """A cut file, or one that shows what the seat left, leaves questions open and lies nowhere."""
    world = create_world(seed="acme")
    portal = next(iter(world.portals.values()))
    _, wrong = judged(world, portal, resolver_of(world, portal, NOW, options))

    assert [] == wrong


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_random_portals(seed: int, data: st.DataObject) -> None:
    """Whatever sets, seats and ticked permissions a portal has, no answer is wrong."""
    world = create_world(seed="tiny")
    portal = next(iter(world.portals.values()))
    scramble(world, portal, random.Random(seed))
    options = ExportOptions(
        access=data.draw(st.sampled_from(["stored", "effective"])),
        permissions=data.draw(st.sampled_from(["labels", "ids"])),
        layout=data.draw(st.sampled_from(["long", "wide"])),
        lists=data.draw(st.sampled_from(["semicolon", "comma", "newline", "pipe"])),
        seats=data.draw(st.booleans()),
        truncated=data.draw(st.booleans()),
    )
    _, wrong = judged(world, portal, resolver_of(world, portal, NOW, options))

    assert [] == wrong


def scramble(world: World, portal: Portal, chance: random.Random) -> None:
    """Random contents of sets, random sets, seats and ticked permissions of members."""
    for one in portal.permission_sets.values():
        one.permissions = some_grants(chance)
    for member in portal.members.values():
        sets = list(portal.permission_sets)
        chance.shuffle(sets)
        member.permission_set_ids = sets[: chance.choice([0, 0, 1, 1, 2])]
        member.granular = some_grants(chance) if not member.permission_set_ids else None
        member.seat_names = [chance.choice(SEATS)] if chance.random() < 0.9 else []
        member.super_admin = chance.random() < 0.1


def some_grants(chance: random.Random) -> dict[str, str]:
    """A random bundle of permissions at random levels."""
    found = {}
    for one in emulated_catalogue().values():
        if one.id != "account.super_admin" and chance.random() < 0.3:
            level = chance.choice(one.levels)
            boxed = one.scoped and level in ("own", "team") and chance.random() < 0.5
            found[one.id] = f"{level}+unassigned" if boxed else level
    return found


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    cut=st.integers(1, 400),
    order=st.sampled_from(["as_documented", "reversed", "shuffled"]),
    permissions=st.sampled_from(["labels", "ids"]),
    layout=st.sampled_from(["long", "wide"]),
)
def test_cut_anywhere(seed: int, cut: int, order: str, permissions: str, layout: str) -> None:
    """Wherever the file was cut off, no answer is wrong."""
    world = create_world(seed="tiny")
    portal = next(iter(world.portals.values()))
    scramble(world, portal, random.Random(seed))
    options = ExportOptions(order=order, permissions=permissions, layout=layout, seats=True)
    resolver = resolver_of(world, portal, NOW, options, cut=cut)

    assert [] == judged(world, portal, resolver)[1]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_one_change_flips_only_what_depends_on_it(seed: int) -> None:
    """After one ticked permission changed, a new export differs in that permission alone."""
    chance = random.Random(seed)
    world = create_world(seed="tiny")
    portal = next(iter(world.portals.values()))
    member = next(m for m in portal.members.values() if not m.super_admin)
    member.permission_set_ids, member.granular = [], some_grants(chance)
    member.seat_names = ["Core"]
    before = resolver_of(world, portal, NOW)
    choices = [
        p for p in emulated_catalogue().values() if not p.seats and p.id != "account.super_admin"
    ]
    changed = chance.choice(choices)
    if changed.id in member.granular:
        del member.granular[changed.id]
    else:
        member.granular[changed.id] = changed.highest
    after = resolver_of(world, portal, NOW)

    differing = {
        (user.id, one)
        for user in before.snapshot.users
        for one in emulated_catalogue()
        if before.access_of(user).of(one) != after.access_of(user).of(one)
    }

    assert {(str(member.user_id), changed.id)} == differing
