"""What happens to a plan after it is made: it ages, is shown, priced, and taken back."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from rolecall.domain.assignment import Origin
from rolecall.domain.plan import Change, Outcome, Plan, Receipt, Undo
from rolecall.domain.portal import Capabilities, Tier
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.errors import Broken, Refused
from rolecall.plan.bulk import read_rows, with_plan
from rolecall.plan.codec import digest_of, from_json, to_json
from rolecall.plan.context import DiffOptions
from rolecall.plan.estimate import Quota, estimate
from rolecall.plan.hubspot_import import import_files
from rolecall.plan.look import Knowledge
from rolecall.plan.prices import cost_of
from rolecall.plan.propose import Circumstances, propose
from rolecall.plan.render import as_data, as_markdown, as_plain
from rolecall.plan.stale import stale
from rolecall.plan.undo import inverse
from rolecall.plan.view import summary_of, view
from rolecall.policy.desired import Source
from rolecall.policy.document import PriceSettings, SeatPrice
from tests.support.plan_portals import NOW, a_snapshot, a_user
from tests.support.plans import a_plan, an_occasion, done

SOURCE = Source(Origin.OPERATOR, "bulk file", "users.csv")
TEXT = """people:
  user1@acme.test: {permission_set: Marketer, seat: Core}
  user2@acme.test: {permission_set: Sales Rep, seat: Sales Hub Professional, main_team: EMEA}
  new@acme.test: {permission_set: Sales Rep, seat: View-Only, first_name: =cmd(), reason: joins}
"""
PORTAL = a_snapshot(a_user(1), a_user(2))


@pytest.fixture
def plan() -> Plan:
    """A joiner and two movers."""
    return a_plan(TEXT, PORTAL)


class TestDigest:
    """What is approved."""

    def test_any_field_changed_is_another_digest(self, plan: Plan) -> None:
        """Of the plan itself and of each of its lines."""
        digests = {plan.digest}
        for one in fields(Plan):
            if one.name != "digest":
                digests.add(digest_of(replace(plan, **{one.name: other(getattr(plan, one.name))})))
        for one in fields(Change):
            line = replace(plan.changes[0], **{one.name: other(getattr(plan.changes[0], one.name))})
            digests.add(digest_of(replace(plan, changes=(line, *plan.changes[1:]))))

        assert len(digests) == 1 + len(fields(Plan)) - 1 + len(fields(Change))

    def test_a_damaged_text_is_told(self) -> None:
        """Not guessed."""
        with pytest.raises(Broken, match="cannot be read"):
            from_json('{"id": 1}')

    def test_text_is_stable(self, plan: Plan) -> None:
        """Sorted keys, no blanks: the same bytes whoever writes it."""
        assert to_json(plan) == json.dumps(
            json.loads(to_json(plan)), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )


def other(value: object) -> object:
    """A value of the same kind that is not the same."""
    if isinstance(value, datetime):
        return value + timedelta(seconds=1)
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, tuple):
        return value[1:] if value else ("more",)
    if isinstance(value, dict):
        return {**value, "more": "x"}
    if value is None or type(value) is str:
        return f"{value}!"
    if hasattr(value, "name"):  # an enum
        return next(member for member in type(value) if member is not value)  # type: ignore[attr-defined]
    return replace(value, monthly=1234.5)  # type: ignore[type-var]


class TestStale:
    """Only what differs counts."""

    @pytest.mark.parametrize(
        ("user", "said"),
        [
            ({"permission_set_ids": ("set3",)}, "permission set was Sales Rep, is No Access now"),
            ({"permission_set_ids": ("set1", "set3")}, "permission set was Sales Rep, is Sales Rep, No Access now"),
            ({"id": "77"}, "is another user now"),
        ],
    )  # fmt: skip
    def test_a_hand_made_change_is_seen(
        self, plan: Plan, user: dict[str, object], said: str
    ) -> None:
        """Somebody edited the portal meanwhile."""
        newer = replace(PORTAL, id="newer", users=(a_user(1, **user), a_user(2)))

        assert [one.message for one in stale(plan, newer, Knowledge(), NOW)] == [said]

    def test_changes_to_other_people_do_not_matter(self, plan: Plan) -> None:
        """A newer snapshot alone makes nothing stale."""
        newer = replace(PORTAL, id="newer", users=(*PORTAL.users, a_user(9)))

        assert stale(plan, newer, Knowledge(), NOW) == ()

    def test_a_joiner_who_came_already_and_a_seat_that_went_are_seen(self, plan: Plan) -> None:
        """Befores and guardrail inputs."""
        seats = tuple(structs.replace(s, remaining=0) if s.remaining else s for s in PORTAL.seats)
        newer = replace(
            PORTAL, id="newer", seats=seats, users=(*PORTAL.users, a_user(9, email="NEW@acme.test"))
        )
        found = {one.subject: one.message for one in stale(plan, newer, Knowledge(), NOW)}

        assert found["new@acme.test"] == "exists already"
        assert found["seat_stock"].endswith("is short by 1 now")


class TestUndo:
    """The way back."""

    def test_only_what_was_done_is_taken_back(self, plan: Plan) -> None:
        """Refused and unknown lines are left alone."""
        receipts = tuple(
            Receipt(plan.id, c.id, "e", 1, Outcome.DONE if n else Outcome.REFUSED, NOW)
            for n, c in enumerate(plan.changes)
        )

        assert len(inverse(plan, (), PORTAL).changes) == 0
        assert len(inverse(plan, receipts, PORTAL).left) > 0  # the portal never got the values

    def test_what_somebody_changed_since_is_left(self) -> None:
        """Undo never overwrites a later decision."""
        plan = a_plan(
            "people: {user1@acme.test: {permission_set: Marketer, seat: Core}}",
            a_snapshot(a_user(1)),
        )
        later = a_snapshot(a_user(1, permission_set_ids=("set3",)))
        [(change, why)] = inverse(plan, done(plan), later).left

        assert (change.subject, why) == ("user1@acme.test", "somebody changed it since")

    def test_what_cannot_return_is_said_before(self) -> None:
        """Individual permissions replaced by a set are gone."""
        portal = a_snapshot(a_user(1, permission_set_ids=()))
        [change] = a_plan(
            "people: {user1@acme.test: {permission_set: Marketer, seat: Core}}", portal
        ).changes

        assert change.undo is Undo.NONE
        assert "individually granted" in change.undo_note


class TestMoneyAndTime:
    """What it costs."""

    def test_list_prices_are_ranges(self, plan: Plan) -> None:
        """One Core becomes a Sales seat at Enterprise list prices."""
        assert (plan.cost.seats, plan.cost.monthly, plan.cost.monthly_high) == (
            {"Core": -1, "Sales Hub Professional": 1, "View-Only": 1}, 15, 25,
        )  # fmt: skip

    def test_ones_own_prices_stand_above(self, plan: Plan) -> None:
        """In their own currency; what they do not name stays unknown."""
        own = PriceSettings("EUR", "2026-05-01", {"core": SeatPrice(40, 40)})
        full = replace(own, seats={**own.seats, "sales hub professional": SeatPrice(80, 80)})

        assert cost_of(plan.changes, PORTAL, own).monthly is None
        assert cost_of(plan.changes, PORTAL, full).monthly == 40

    @pytest.mark.parametrize(
        ("requests", "quota", "seconds", "midnights"),
        [
            (1900, Quota(190), 100.0, 0),
            (100, Quota(190, 1000, 50), 11 * 3600 + 15.0, 1),
            (3050, Quota(190, 1000, 50), (11 + 48) * 3600 + 160.5, 3),
        ],
    )
    def test_duration_knows_the_quota(
        self, requests: int, quota: Quota, seconds: float, midnights: int
    ) -> None:
        """Burst limit, and the portal's midnights when the day is spent."""
        found = estimate(requests, quota, "Europe/Berlin", datetime(2026, 11, 20, 12, tzinfo=UTC))

        assert (found.seconds, found.midnights) == (seconds, midnights)


class TestShowing:
    """One structure, three forms."""

    def test_the_text_tells_before_after_reason_and_undo(self, plan: Plan) -> None:
        """A person reads names, not ids."""
        text = as_plain(view(plan))

        assert "permission set: Sales Rep -> Marketer  (people: entry)" in text
        assert "1 user created, 2 users changed" in text
        assert (
            "seats: -1 Core, +1 Sales Hub Professional, +1 View-Only; +15.00 to +25.00 USD a month"
            in text
        )
        assert "set1" not in text

    def test_markdown_cannot_be_broken_by_names(self, plan: Plan) -> None:
        """No table cell, mention or markup of their own."""
        odd = replace(plan.changes[0], subject="@all|<b>*x*", reason="[click](http://x)")
        text = as_markdown(view(replace(plan, changes=(odd,))))

        assert "@all" not in text
        assert "<b>" not in text
        assert "[click](" not in text

    def test_markdown_fits_into_a_comment(self, plan: Plan) -> None:
        """However many people it changes; what is left out is counted."""
        many = tuple(
            replace(plan.changes[0], id=f"{at:04}", subject=f"{'somebody' * 6}{at}@acme.test")
            for at in range(2_000)
        )
        text = as_markdown(view(replace(plan, changes=many)))

        assert len(text) < 65_536
        assert "more lines are in the plan itself" in text

    def test_data_is_json(self, plan: Plan) -> None:
        """For --json and the API."""
        assert json.loads(json.dumps(as_data(view(plan))))["digest"] == plan.digest

    def test_nothing_to_do_says_so(self) -> None:
        """An empty plan is one sentence."""
        text = "people: {user1@acme.test: {permission_set: Sales Rep, seat: Core}}"

        assert summary_of(a_plan(text, a_snapshot(a_user(1)))) == "nothing to change"

    def test_the_import_file_is_harmless_in_a_spreadsheet(self, plan: Plan) -> None:
        """No formula comes out, whatever somebody is called."""
        [found] = import_files(plan)

        assert found.permission_set == "Sales Rep"
        assert found.text.splitlines()[1] == "new@acme.test,'=cmd(),,,,,View-Only"


class TestBulk:
    """Rows with different access each."""

    header = ("E-Mail Address", "Permission Set", "Seat", "Extra teams", "Action", "Shoe size")

    def read(self, *rows: tuple[str, ...]) -> tuple[list[tuple[int, str, str]], Snapshot]:
        """Line, verdict and message of each row, once the plan is known."""
        reading = read_rows(self.header, enumerate(rows, 2), PORTAL, SOURCE)
        plan, _ = propose(
            reading.desired, PORTAL, DiffOptions(now=NOW), an_occasion(), Circumstances()
        )
        return [(v.line, v.verdict, v.message) for v in with_plan(reading, plan)], PORTAL

    def test_each_row_has_its_verdict_before_anything_is_sent(self) -> None:
        """Bad rows leave the good ones alone."""
        found, _ = self.read(
            ("user1@acme.test", "Marketer", "", "Ops; Sales", ""),
            ("user2@acme.test", "", "Core", "", "change"),
            ("new@acme.test", "Sales Rep", "View-Only", "", "add"),
            ("USER1@acme.test", "", "", "", ""),
            ("nobody", "", "", "", ""),
            ("x@acme.test", "Sales Repp", "", "", "add"),
            ("y@acme.test", "=1+1", "", "", "add"),
            ("z@acme.test", "", "", "", "delete"),
        )

        assert found == [
            (2, "planned", "set_permission_set, add_extra_team"),
            (3, "no change", ""),
            (4, "planned", "create_user, set_permission_set, set_seats"),
            (5, "refused", "USER1@acme.test is already on line 2"),
            (6, "refused", "'nobody' is not an e-mail address"),
            (7, "refused", "there is no permission set 'Sales Repp' in the portal"),
            (8, "refused", "permission_set starts like a formula: '=1+1'"),
            (9, "refused", "unknown action 'delete'"),
        ]

    def test_unknown_headers_are_told_and_a_missing_email_refused(self) -> None:
        """Nothing is silently dropped."""
        reading = read_rows(self.header, [], PORTAL, SOURCE)

        assert reading.unknown_headers == ("Shoe size",)
        with pytest.raises(Refused, match="no e-mail column"):
            read_rows(("name",), [], PORTAL, SOURCE)

    def test_quota_comes_from_the_snapshot(self) -> None:
        """A plan beyond today's quota says how long it takes."""
        caps = Capabilities(tier=Tier.ENTERPRISE, daily_limit=1000, daily_used=999)
        plan = a_plan(TEXT, replace(PORTAL, capabilities=caps))

        assert plan.seconds > 3600
