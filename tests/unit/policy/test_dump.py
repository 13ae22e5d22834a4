"""Dumping a portal: the text reads back as the portal it came from."""

from __future__ import annotations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.domain.snapshot import Snapshot, UserState
from rolecall.plan.context import DiffOptions
from rolecall.plan.diff import diff
from rolecall.policy.assign import assign
from rolecall.policy.dump import dump, quoted
from rolecall.policy.parse import parse_policy
from tests.support.plan_portals import NOW, ODD, a_snapshot, a_user, portals


def differences(text: str, snapshot: Snapshot) -> list[object]:
    """Everything a plan of the text would change or report."""
    desired = assign(parse_policy(text), snapshot, (), (), NOW)
    proposal = diff(desired, snapshot, DiffOptions(now=NOW))
    return [*proposal.changes, *proposal.reported, *desired.findings]


@settings(max_examples=150, deadline=None)
@given(portals(messy=True), st.booleans())
def test_the_messiest_portal_dumps_to_an_empty_plan(snapshot: Snapshot, profile: bool) -> None:
    """dump then plan is empty: several sets, repeated names, odd characters, gone users."""
    text = dump(snapshot, "acme", profile=profile)

    assert differences(text, snapshot) == []


@given(st.one_of(st.text(max_size=30), st.sampled_from(ODD)))
def test_quoted_text_reads_back_exactly(text: str) -> None:
    """Whatever a name holds, YAML gives it back, as text."""
    text = text.encode("utf-8", "ignore").decode()

    assert yaml.safe_load(f"key: {quoted(text)}") == {"key": text}


def test_dump_shows_the_facts_of_each_user() -> None:
    """A reader sees sets, seat, teams and what nobody can write by API."""
    snapshot = a_snapshot(
        a_user(1, permission_set_ids=("set1", "set2"), main_team_id="t2", extra_team_ids=("t3",)),
        a_user(2, super_admin=True, permission_set_ids=()),
        a_user(3, state=UserState.DEACTIVATED),
        a_user(4, state=UserState.SERVICE),
    )
    lines = dump(snapshot, "acme").splitlines()

    assert lines[-3:] == [
        "  user1@acme.test: {permission_sets: [Sales Rep, Marketer], seat: Core, main_team: EMEA, extra_teams: [Ops]}",
        "  user2@acme.test: {super_admin: true, seat: Core}",
        "  user3@acme.test: {deactivated: true, permission_set: Sales Rep, seat: Core}",
    ]
    assert "# Left out: 1 service users of apps, which no plan touches." in lines


def test_teams_that_share_a_name_are_written_with_ids() -> None:
    """Only where names repeat does an id appear."""
    from rolecall.domain.snapshot import Team

    snapshot = a_snapshot(
        a_user(1, main_team_id="b"),
        teams=(Team("a", "Twin"), Team("b", "Twin"), Team("c", "Solo", "a")),
    )
    text = dump(snapshot, "acme")

    assert "main_team: {name: Twin, id: b}" in text
    assert "Solo: {}" in text
    assert differences(text, snapshot) == []
