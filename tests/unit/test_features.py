"""The table of features and scopes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubspot_emulator.registry import all_routes
from rolecall.domain.features import FEATURES, MODES, minimal_scopes, scope_report
from rolecall.domain.portal import Feature

ALL = sorted({scope for one in FEATURES for group in one.scopes for scope in group})


def test_minimal_scopes_suffice() -> None:
    """The fewest scopes of a mode make every feature of it available, and none is surplus."""
    for number, mode in enumerate(MODES):
        report = scope_report(minimal_scopes(mode))
        wanted = {one.id for one in FEATURES if one.mode in MODES[: number + 1]}

        assert wanted <= {one.id for one in report.available}
        assert () == report.surplus


def test_former_names_are_understood() -> None:
    """The words of other vendors' documents count as the scopes they mean."""
    report = scope_report(["crm.objects.owners", "settings.users.read"])

    assert {"users", "record-owners"} == {one.id for one in report.available}


@given(st.sets(st.sampled_from([*ALL, "oauth", "automation"])))
def test_a_feature_is_available_or_missing(granted: set[str]) -> None:
    """Every feature is either available or missing with what it lacks; more scopes never cost."""
    report = scope_report(granted)
    available = {one.id for one in report.available}

    assert len(FEATURES) == len(report.available) + len(report.missing)
    assert all(groups for _, groups in report.missing)
    assert available <= {one.id for one in scope_report([*granted, *ALL]).available}


# What each feature asks of HubSpot, by the emulator's names of operations, group by group.
ASKED = {
    "users": (("users.list", "users.read", "permission_sets.list"),),
    "teams": (("teams.flat", "teams.list"),),
    "record-owners": (("owners.list",),),
    "profiles": (("crm.users.list",),),
    "activity": (("feeds.logins", "feeds.security", "feeds.audit"),),
    "seat-stock": (("seats.list",),),
    "record-counts": tuple(
        (f"crm.{name}.search",) for name in ("contacts", "companies", "deals", "tickets")
    ),
    "change-users": (("users.create", "users.update", "users.remove"),),
    "change-profiles": (("crm.users.update",),),
    "change-teams": (("teams.create", "teams.add_members", "teams.remove_member"),),
    "hand-over": tuple(
        (f"crm.{name}.batch_update",) for name in ("contacts", "companies", "deals", "tickets")
    ),
}


# Asked for by what is written, not by the operation: paid seats, and sets that carry one.
BY_CONTENT = {"change-seats"}


@pytest.mark.parametrize(
    "feature", [one for one in FEATURES if one.id not in BY_CONTENT], ids=lambda one: one.id
)
def test_the_emulator_enforces_what_the_table_says(feature: Feature) -> None:
    """Each scope of a group opens every operation the feature needs it for."""
    enforced: dict[str, list[set[str]]] = {}
    for route in all_routes():
        enforced.setdefault(route.operation, []).append(set(route.scopes))

    assert len(feature.scopes) == len(ASKED[feature.id])
    for group, operations in zip(feature.scopes, ASKED[feature.id], strict=True):
        for scopes in (one for name in operations for one in enforced[name]):
            assert scopes
            assert set(group) <= scopes
