"""Attested definitions: what an admin signs is read back exactly, mistakes are told with place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.snapshot import PermissionSet
from rolecall.permissions.attestation import (
    AttestationProblems,
    attestation_text,
    read_attestation,
)
from rolecall.permissions.evidence import Ground, attested_definition
from rolecall.permissions.levels import Range
from rolecall.sources import shipped

CATALOGUE = shipped.catalogue()
SETS = (PermissionSet("1", "Sales Rep"), PermissionSet("2", "on: yes # no"))
AT = datetime(2026, 11, 20, tzinfo=UTC)
PERMISSIONS = sorted(CATALOGUE.permissions)


@given(st.dictionaries(st.sampled_from(PERMISSIONS), st.integers(0, 3), max_size=30))
def test_text_and_back(chosen: dict[str, int]) -> None:
    """Whatever a set holds, its text reads back as the same definition."""
    grants = {
        one: CATALOGUE.permissions[one].levels[n % len(CATALOGUE.permissions[one].levels)]
        for one, n in chosen.items()
    }
    made = [attested_definition(one.id, one.name, grants, by="lars", at=AT) for one in SETS]
    read = read_attestation(attestation_text(CATALOGUE, made), CATALOGUE, SETS, by="lars", at=AT)

    assert made == list(read)


def test_what_is_not_listed_is_off() -> None:
    """An attested set gives what it lists and nothing else."""
    text = "permission_sets:\n  Sales Rep:\n    crm_tools.export: on\n"
    (read,) = read_attestation(text, CATALOGUE, SETS, by="lars", at=AT)

    assert (Ground.ATTESTED, "lars") == (read.ground, read.by)
    assert Range("on", "on") == read.of("crm_tools.export")
    assert Range("", "") == read.of("crm_tools.import")


def test_mistakes() -> None:
    """Unknown sets, permissions and levels come together, each with its place."""
    text = "permission_sets:\n  Sales Rap:\n    crm_tools.exprt: on\n    content.blog: shout\n"
    with pytest.raises(AttestationProblems) as raised:
        read_attestation(text, CATALOGUE, SETS, by="lars", at=AT)

    assert [2, 3, 4] == [one.line for one in raised.value.problems]
    assert "Sales Rep" in raised.value.problems[0].hint
    for broken in ("", "a: [", "x: 1"):
        with pytest.raises(AttestationProblems):
            read_attestation(broken, CATALOGUE, SETS, by="lars", at=AT)
