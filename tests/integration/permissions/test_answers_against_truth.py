"""Answers, holders, ways out and verdicts on random portals, held against the emulator's truth."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_emulator.acts.table import carry_out
from hubspot_emulator.building import create_world
from hubspot_emulator.granular.catalogue import catalogue as emulated_catalogue
from hubspot_emulator.granular.export import ExportOptions
from hubspot_emulator.world import Portal, World
from rolecall.domain.snapshot import User
from rolecall.permissions.access import Resolver
from rolecall.permissions.answers import answer, who_can
from rolecall.permissions.book import evidence_book
from rolecall.permissions.evidence import HistoryLine, Shows, attested_definition
from rolecall.permissions.levels import NONE, at_least
from rolecall.permissions.pack import Pack, Requirement
from rolecall.permissions.pack_check import check_user
from rolecall.permissions.packs import read_packs
from rolecall.permissions.why import Option, why
from rolecall.sources import shipped
from tests.integration.permissions.test_against_truth import (
    SEATS,
    judged,
    scramble,
    some_grants,
)
from tests.support.emulated import resolver_of, snapshot_of, true_access

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PACKS = tuple(read_packs(shipped.pack_texts(), shipped.catalogue())[0].values())
ORDINARY = [one for one in emulated_catalogue().values() if one.id != "account.super_admin"]


def a_portal(chance: random.Random) -> tuple[World, Portal]:
    """A small portal with random sets, seats and ticked permissions."""
    world = create_world(seed="tiny")
    portal = next(iter(world.portals.values()))
    scramble(world, portal, chance)
    return world, portal


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), seats=st.booleans())
def test_evidence_that_suffices_answers_everything(seed: int, seats: bool) -> None:
    """A whole export of what was given leaves nothing open, on any portal."""
    world, portal = a_portal(random.Random(seed))
    resolver = resolver_of(world, portal, NOW, ExportOptions(seats=seats))
    unknown, wrong = judged(world, portal, resolver)

    assert [] == wrong
    assert resolver.book.shows is Shows.UNKNOWN or 0 == unknown


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), effective=st.booleans())
def test_who_can_is_who_can(seed: int, effective: bool) -> None:
    """Surely are only those who can, and everybody who can is among surely or maybe."""
    chance = random.Random(seed)
    world, portal = a_portal(chance)
    options = ExportOptions(access="effective" if effective else "stored", seats=True)
    resolver = resolver_of(world, portal, NOW, options)
    true = true_access(world, portal)
    one = chance.choice(ORDINARY)
    level = chance.choice(one.levels)
    levels = shipped.catalogue().permissions[one.id].levels
    really = {key for key, held in true.items() if at_least(levels, held.get(one.id, NONE), level)}
    found = who_can(resolver, one.id, level)
    surely = {user.id for user in found.surely}

    assert surely <= really <= surely | {user.id for user in found.maybe}
    assert effective or resolver.book.shows is Shows.UNKNOWN or surely == really


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_way_out_leads_out(seed: int) -> None:
    """Whatever `why` offers is carried out at the emulator, and then the user can."""
    chance = random.Random(seed)
    world, portal = a_portal(chance)
    resolver = resolver_of(world, portal, NOW, ExportOptions(seats=True))
    user = chance.choice([u for u in resolver.snapshot.users if not u.super_admin])
    one = chance.choice(ORDINARY)
    level = chance.choice(one.levels)
    told = why(resolver, user, one.id, level)
    levels = shipped.catalogue().permissions[one.id].levels
    for option in told.options:
        other, there = a_portal(random.Random(seed))
        carry_out(other, there, NOW, asked(option, user, there, one.id, level))
        held = true_access(other, there)[user.id].get(one.id, NONE)
        closed = option.kind != "seat" and not opened(resolver, user, one.id, level)
        assert closed or at_least(levels, held, level), option


def opened(resolver: Resolver, user: User, permission: str, level: str) -> bool:
    """The user's seat opens this; a toggle alone is no promise beyond it."""
    levels = resolver.catalogue.permissions[permission].levels
    return at_least(levels, resolver.ceiling(user.seat_names)[permission].low, level)


def asked(
    option: Option, user: User, portal: Portal, permission: str, level: str
) -> dict[str, object]:
    """The act in HubSpot's screens an option speaks of."""
    if option.kind == "seat":
        return {"act": "edit", "user": user.id, "seats": [option.value]}
    if option.kind == "set":
        return {"act": "edit", "user": user.id, "permission_sets": [int(option.value)]}
    if option.kind == "set_toggle":
        one = portal.permission_sets[int(option.value)]
        return {
            "act": "edit_set",
            "set": one.id,
            "permissions": {**one.permissions, permission: level},
        }
    member = portal.members[int(user.id)]
    held = dict(member.granular or {"crm_objects.contacts.view": "own"})
    return {"act": "edit", "user": user.id, "granular": {**held, permission: level}}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_changed_set_flips_what_depends_on_it(seed: int) -> None:
    """One permission of one set: only its holders' answers, and only lines that name it, change."""
    chance = random.Random(seed)
    world, portal = a_portal(chance)
    before = resolver_of(world, portal, NOW, ExportOptions(seats=True))
    old = verdicts(before)
    one = chance.choice(ORDINARY)
    chosen = chance.choice(list(portal.permission_sets.values()))
    if one.id in chosen.permissions:
        del chosen.permissions[one.id]
    else:
        chosen.permissions[one.id] = one.highest
    after = resolver_of(world, portal, NOW, ExportOptions(seats=True))
    holders = {str(m.user_id) for m in portal.members.values() if chosen.id in m.permission_set_ids}

    if before.book.shows is after.book.shows:
        for key, told in verdicts(after).items():
            user_id, pack_id, line_id = key
            if told != old[key]:
                assert user_id in holders
                assert one.id in named(pack_id, line_id)
        for user in before.snapshot.users:
            for each in ORDINARY:
                same = before.access_of(user).of(each.id) == after.access_of(user).of(each.id)
                assert same or (each.id == one.id and user.id in holders)


def verdicts(resolver: Resolver) -> dict[tuple[str, str, str], str]:
    """The status of every line of every pack for every user."""
    return {
        (user.id, pack.id, line.requirement.id): line.status.value
        for pack in PACKS
        for user in resolver.snapshot.users
        for line in check_user(resolver, pack, user).lines
    }


def named(pack_id: str, line_id: str) -> set[str]:
    """Every permission a line of a pack looks at."""
    pack: Pack = next(one for one in PACKS if one.id == pack_id)
    line: Requirement | None = next((one for one in pack.requires if one.id == line_id), None)
    if line is None:
        return set()
    return {n.permission for n in line.any_of} | {w.permission for w in line.when}


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_the_snapshot_shows_changed_is_never_answered_from_the_old_file(seed: int) -> None:
    """Sets, seats, Super Admin and deactivation changed after the export: unknown or right."""
    chance = random.Random(seed)
    world, portal = a_portal(chance)
    records = resolver_of(world, portal, NOW, ExportOptions(seats=True)).book.records.values()
    for member in portal.members.values():
        if chance.random() < 0.5:
            moved(chance, portal, member.user_id)
    later = NOW + timedelta(days=3)
    snapshot = snapshot_of(world, portal, later)
    book = evidence_book(shipped.catalogue(), snapshot, records)

    assert [] == judged(world, portal, Resolver(shipped.catalogue(), snapshot, later, book))[1]


def moved(chance: random.Random, portal: Portal, user_id: int) -> None:
    """Something an API shows changes about a user; who loses the last set is left with nothing."""
    member = portal.members[user_id]
    what = chance.choice(("sets", "seats", "admin", "gone"))
    if what == "sets":
        had = bool(member.permission_set_ids)
        sets = list(portal.permission_sets)
        chance.shuffle(sets)
        member.permission_set_ids = sets[: chance.choice([1, 2] if not had else [0, 1, 2])]
        member.granular = None if member.permission_set_ids else some_grants(chance)
    elif what == "seats":
        member.seat_names = [chance.choice(SEATS)]
    elif what == "admin":
        member.super_admin = not member.super_admin
        member.granular = None if member.permission_set_ids else some_grants(chance)
    else:
        member.deactivated_at = NOW


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_attested_sets_answer_for_their_members(seed: int) -> None:
    """With nothing but true definitions of some sets, nobody is answered wrongly."""
    chance = random.Random(seed)
    world, portal = a_portal(chance)
    snapshot = snapshot_of(world, portal, NOW)
    words = [
        attested_definition(str(one.id), one.name, one.permissions, by="lars", at=NOW)
        for one in portal.permission_sets.values()
        if chance.random() < 0.6
    ]
    book = evidence_book(shipped.catalogue(), snapshot, attested=words)
    resolver = Resolver(shipped.catalogue(), snapshot, NOW, book)
    known = {one.set_id for one in words}

    assert [] == judged(world, portal, resolver)[1]
    for user in snapshot.users:
        if user.permission_set_ids and set(user.permission_set_ids) <= known:
            assert all(resolver.access_of(user).of(one.id).known for one in ORDINARY)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_history_goes_on_without_a_lie(seed: int) -> None:
    """Toggles given and taken after the export, told by the history alone: right or half-known."""
    chance = random.Random(seed)
    world, portal = a_portal(chance)
    records = resolver_of(world, portal, NOW, ExportOptions(seats=True)).book.records.values()
    lines = list(toggled(chance, world, portal))
    chance.shuffle(lines)  # of one minute nobody knows which came first
    later = NOW + timedelta(days=1)
    snapshot = snapshot_of(world, portal, later)
    book = evidence_book(shipped.catalogue(), snapshot, records, history=lines)

    assert [] == judged(world, portal, Resolver(shipped.catalogue(), snapshot, later, book))[1]


def toggled(chance: random.Random, world: World, portal: Portal) -> Iterator[HistoryLine]:
    """Ticked permissions of members change by hand; each change is one line."""
    at = NOW
    for member in portal.members.values():
        if member.granular is None or member.super_admin or member.permission_set_ids:
            continue
        for one in chance.choices(chance.sample(ORDINARY, 3), k=9):
            at += timedelta(minutes=chance.choice((0, 1)))
            given_ = one.id not in member.granular
            if given_:
                member.granular[one.id] = chance.choice(one.levels)
            else:
                del member.granular[one.id]
            email = world.identities[member.user_id].email
            yield HistoryLine(email, one.id, given_, "lars", max(at, NOW + timedelta(minutes=1)))


def test_answers_name_what_decides() -> None:
    """Whatever is answered, the rule, the evidence and (but for unknown) a date stand beside it."""
    world, portal = a_portal(random.Random(7))
    resolver = resolver_of(world, portal, NOW, ExportOptions(seats=True))
    blind = Resolver(resolver.catalogue, replace(resolver.snapshot), NOW)
    for user in resolver.snapshot.users:
        for one in ORDINARY:
            told = answer(resolver, user, one.id)
            open_ = answer(blind, user, one.id)
            assert told.rule
            assert told.evidence
            assert told.can is None or told.as_of is not None
            assert open_.can is not None or open_.rule.startswith("unknown: ")
