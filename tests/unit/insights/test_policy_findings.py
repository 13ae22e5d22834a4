"""Findings that need permissions, people, apps or the journal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rolecall.domain.finding import Finding, Severity
from rolecall.domain.person import Link, Person, Situation
from rolecall.domain.snapshot import Snapshot, Team, User
from rolecall.insights import AppFact, Attestation, Facts, OwnAct, OwnActors, Thresholds, evaluate
from rolecall.permissions.access import Resolver
from rolecall.permissions.book import evidence_book
from rolecall.permissions.evidence import PermissionRecord
from rolecall.policy.conditions import Condition
from rolecall.policy.document import CustomRule
from rolecall.sources import shipped
from tests.support.portals import NOW, a_snapshot, a_user, an_event, days_ago


def hits(rule: str, snapshot: Snapshot, facts: Facts) -> list[str]:
    """Subjects of one rule."""
    found = evaluate(snapshot, facts, Thresholds(), NOW)
    return sorted(one.subject_id for one in found if one.rule == rule)


def knowing(
    users: list[User], grants: dict[str, dict[str, str]], **more: object
) -> tuple[Snapshot, Facts]:
    """A portal whose export gives these users these permissions."""
    snapshot = a_snapshot(users, teams=(Team("10", "Sales"), Team("11", "Marketing")))
    records = [PermissionRecord(one, "", held, NOW) for one, held in grants.items()]
    catalogue = shipped.catalogue()
    book = evidence_book(catalogue, snapshot, records)
    return snapshot, Facts(access=Resolver(catalogue, snapshot, NOW, book), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "held", "near"),
    [
        (
            "sod.exports-and-billing",
            {"crm_tools.export": "on", "account.modify_billing": "on"},
            {"account.modify_billing": "on"},
        ),
        (
            "toxic.users-and-billing",
            {"account.add_edit_users": "on", "account.modify_billing": "on"},
            {"account.add_edit_users": "on", "crm_tools.export": "on"},
        ),
        (
            "toxic.bulk-and-permanent-delete",
            {"crm_tools.bulk_delete": "on", "account.permanently_delete_contacts": "on"},
            {"crm_tools.bulk_delete": "on"},
        ),
        (
            "content.publish-outside-marketing",
            {"content.blog": "publish"},
            {"content.blog": "edit"},
        ),
        (
            "pipelines.edit-outside-sales-operations",
            {"account.edit_property_settings": "on"},
            {"crm_tools.export": "on"},
        ),
        (
            "reports.viewer-edits-marketing-email",
            {"reporting.dashboards_reports_analytics": "view", "marketing.marketing_email": "edit"},
            {"reporting.dashboards_reports_analytics": "edit", "marketing.marketing_email": "edit"},
        ),
    ],
)
def test_permissions(rule: str, held: dict[str, str], near: dict[str, str]) -> None:
    """Who holds it all fires; who holds a part, is Super Admin, or is unknown, does not."""
    users = [a_user(1), a_user(2), a_user(3, super_admin=True), a_user(4)]
    snapshot, facts = knowing(users, {"1": held, "2": near, "3": held})

    assert ["1"] == hits(rule, snapshot, facts)
    assert [] == hits(rule, snapshot, Facts())


def test_place_explains() -> None:
    """A marketing team or a writer's title explains publishing."""
    users = [
        a_user(1),
        a_user(2, main_team_id="11"),
        a_user(3, profile={"hs_job_title": "Content Writer"}),
    ]
    snapshot, facts = knowing(users, {one: {"content.blog": "publish"} for one in "123"})

    assert ["1"] == hits("content.publish-outside-marketing", snapshot, facts)


def test_integration_beyond_its_pack() -> None:
    """Critical permissions of an integration need a pack that asks for them."""
    bot, sync = a_user(1, "dialer-bot@acme.test"), a_user(2, "crm-sync@acme.test")
    snapshot, facts = knowing(
        [bot, sync], {"1": {"crm_tools.export": "on"}, "2": {"crm_objects.contacts.view": "all"}}
    )

    assert ["1"] == hits("integration-user.over-privileged", snapshot, facts)


def test_app_scopes() -> None:
    """Scopes beyond the pack are told; apps without a pack are left alone."""
    apps = (
        AppFact("1", "Dialer", frozenset({"oauth", "crm.export"}), frozenset({"oauth"})),
        AppFact("2", "Other", frozenset({"crm.export"}), frozenset()),
    )

    assert ["1"] == hits("app.more-scopes-than-pack", a_snapshot([]), Facts(apps=apps))


def test_contractors() -> None:
    """A contractor needs an end, from the people list or from an assignment."""
    people = tuple(Person(n, (f"{n}@acme.test",), employment="contractor") for n in ("a", "b"))
    links = {u: Link(42, u, Situation.LINKED, p) for u, p in (("1", "a"), ("2", "b"))}
    facts = Facts(people=people, links=links, ends={"2": NOW + timedelta(days=9)})

    assert ["1"] == hits("contractor.no-end", a_snapshot([a_user(1), a_user(2)]), facts)


class TestSecondFactor:
    OFF = an_event("REMOVE_TWO_FACTOR_AUTHENTICATION", days_ago(20), actor_id="1")
    LOGIN = an_event("LOGIN_SUCCEEDED", days_ago(19), feed="login", actor_id="1")
    AGAIN = an_event("ADD_TWO_FACTOR_AUTHENTICATION", days_ago(19.5), actor_id="1")
    SSO = an_event("REQUIRE_SINGLE_SIGN_ON", days_ago(25))

    @pytest.mark.parametrize(
        ("facts", "fires"),
        [
            (Facts(), False),
            (Facts(two_factor=Attestation(False, "lars", days_ago(3))), True),
            (Facts(two_factor=Attestation(True, "lars", days_ago(3))), False),
            (Facts(events=(OFF,)), False),
            (Facts(events=(OFF, LOGIN)), True),
            (Facts(events=(OFF, AGAIN, LOGIN)), False),
            (Facts(events=(OFF, LOGIN, SSO)), False),
            (Facts(events=(OFF, LOGIN), two_factor=Attestation(True, "lars", days_ago(3))), False),
            (Facts(events=(OFF, LOGIN), two_factor=Attestation(True, "lars", days_ago(30))), True),
        ],
    )
    def test_portal(self, facts: Facts, fires: bool) -> None:
        """A word, or a log-in without a second factor; else it is unknown and no finding."""
        assert fires == bool(hits("2fa.not-enforced", a_snapshot([a_user(1)]), facts))

    def test_users(self) -> None:
        """Who removed it and did not put it back."""
        events = (
            an_event("REMOVE_TWO_FACTOR_AUTHENTICATION", days_ago(8), actor_id="1"),
            an_event("REMOVE_TWO_FACTOR_AUTHENTICATION", days_ago(8), actor_id="2"),
            an_event("ADD_TWO_FACTOR_AUTHENTICATION", days_ago(7), actor_id="2"),
        )

        assert ["1"] == hits(
            "2fa.removed", a_snapshot([a_user(1), a_user(2)]), Facts(events=events)
        )


class TestForeign:
    MADE = an_event("ADD_ADMIN_USER", days_ago(2), actor_id="9", actor_email="kwame", object_id="1")

    def test_told_with_actor(self) -> None:
        """A Super Admin made by hand is told with who did it; an old one is not."""
        snapshot = a_snapshot([a_user(1)])
        old = replace(self.MADE, at=days_ago(40))
        (found,) = [
            one
            for one in evaluate(snapshot, Facts(events=(self.MADE,)), Thresholds(), NOW)
            if one.rule == "foreign.super-admin-made"
        ]

        assert (Severity.CRITICAL, "1") == (found.severity, found.subject_id)
        assert "by kwame" in found.message
        assert [] == hits("foreign.super-admin-made", snapshot, Facts(events=(old,)))

    def test_our_own_writes_are_not_foreign(self) -> None:
        """An event near a write of ours to the same user is its trace, another user's is not."""
        removed = an_event("REMOVE_USER", days_ago(1), actor_id="77", object_id="1")
        act = OwnAct("1", days_ago(1) - timedelta(minutes=2), frozenset({"REMOVE_USER"}))
        snapshot = a_snapshot([a_user(1)])
        facts = Facts(events=(removed,), own_acts=(act,), own_actors=OwnActors(frozenset({"77"})))
        other = replace(facts, own_acts=(replace(act, subject_id="2"),))
        late = replace(facts, own_acts=(replace(act, at=days_ago(2)),))
        stranger = replace(facts, own_actors=OwnActors(frozenset({"78"})))
        since = replace(facts, own_actors=OwnActors(frozenset({"78"}), NOW))

        assert [] == hits("foreign.user-taken-away", snapshot, facts)
        assert [] == hits("foreign.user-taken-away", snapshot, since)  # by a former key's maker
        for doubtful in (other, late, stranger):
            assert ["1"] == hits("foreign.user-taken-away", snapshot, doubtful)


def test_custom_rules() -> None:
    """A condition over user, person and permissions yields findings of the operator's own."""
    users = [a_user(1), a_user(2, main_team_id="11")]
    wanted = Condition(
        "all",
        parts=(
            Condition("equals", "main_team", ("Sales",)),
            Condition("equals", "permissions", ("crm_tools.export",)),
        ),
    )
    rule = CustomRule("own.sales-exports", wanted, Severity.MEDIUM, "sales may not export")
    held = {"crm_tools.export": "on"}
    snapshot, facts = knowing(users, {"1": held, "2": held}, custom_rules=(rule,))
    found: list[Finding] = [
        one for one in evaluate(snapshot, facts, Thresholds(), NOW) if one.rule == rule.id
    ]

    assert ["1"] == [one.subject_id for one in found]
    assert "main_team is Sales" in found[0].evidence[0].fact


@pytest.mark.parametrize(
    ("facts", "fires"),
    [
        (Facts(), False),
        (Facts(connected_at=days_ago(100)), True),
        (Facts(connected_at=days_ago(100), reviewed_at=days_ago(10)), False),
        (Facts(connected_at=days_ago(500), reviewed_at=days_ago(93)), True),
    ],
)
def test_review_reminder(facts: Facts, fires: bool) -> None:
    """A quarter after the last review, or after connecting, the next is due."""
    assert fires == bool(hits("review.due", a_snapshot([]), facts))
