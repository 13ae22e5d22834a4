"""The table of features and scopes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.features import FEATURES, MODES, minimal_scopes, scope_report

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
