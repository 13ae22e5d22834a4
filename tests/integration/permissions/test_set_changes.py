"""What the preview of a changed permission set says is what the emulator's truth becomes."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_emulator.acts.table import carry_out
from hubspot_emulator.building import create_world
from hubspot_emulator.granular.catalogue import catalogue as emulated_catalogue
from hubspot_emulator.granular.export import ExportOptions
from rolecall.permissions.levels import NONE, at_least
from rolecall.permissions.set_change import preview_set_change
from rolecall.sources import shipped
from tests.integration.permissions.test_against_truth import scramble
from tests.support.emulated import resolver_of, true_access

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), effective=st.booleans())
def test_preview_is_what_happens(seed: int, effective: bool) -> None:
    """Who gains and who loses by one toggle is told before, or told to be unknown; nobody else."""
    chance = random.Random(seed)
    world = create_world(seed="tiny")
    portal = next(iter(world.portals.values()))
    scramble(world, portal, chance)
    options = ExportOptions(access="effective" if effective else "stored", seats=True)
    resolver = resolver_of(world, portal, NOW, options)
    chosen = chance.choice(list(portal.permission_sets.values()))
    one = chance.choice([p for p in emulated_catalogue().values() if p.id != "account.super_admin"])
    level = chance.choice(["", *one.levels])
    before = true_access(world, portal)
    preview = preview_set_change(resolver, str(chosen.id), {one.id: level})
    contents = {key: value for key, value in chosen.permissions.items() if key != one.id}
    if level:
        contents[one.id] = level
    carry_out(world, portal, NOW, {"act": "edit_set", "set": chosen.id, "permissions": contents})
    after = true_access(world, portal)

    levels = shipped.catalogue().permissions[one.id].levels
    emails = {user.id: user.email for user in resolver.snapshot.users}
    told = {kind: {line[0] for line in getattr(preview, kind)} for kind in ("gains", "losses")}
    open_ones = {line[0] for line in preview.unknown}
    for user_id, email in emails.items():
        was = before[user_id].get(one.id, NONE)
        now = after[user_id].get(one.id, NONE)
        gained, lost = not at_least(levels, was, now), not at_least(levels, now, was)
        assert gained or email not in told["gains"]
        assert lost or email not in told["losses"]
        assert not gained or email in told["gains"] | open_ones
        assert not lost or email in told["losses"] | open_ones
    assert (
        effective
        or not open_ones
        or any(len(m.permission_set_ids) > 1 for m in portal.members.values())
    )
