"""What a plan does in the cases people meet every week."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from rolecall.domain.assignment import Origin
from rolecall.domain.plan import ChangeKind, Phase, Route, Undo
from rolecall.domain.portal import Capabilities, Tier
from rolecall.domain.snapshot import Seat, Team, UserState
from rolecall.kit.errors import Refused
from rolecall.plan.clicks import CLICK_PATHS, manual_tasks
from rolecall.plan.context import DiffOptions, context_of
from rolecall.plan.diff import diff
from rolecall.plan.effects import effects_of
from rolecall.plan.parking import rungs_reached
from rolecall.plan.propose import Circumstances, propose
from rolecall.plan.wishes import Ask, add_user, change_user, desired_of, offboard_user
from rolecall.policy.desired import Desired, Source
from tests.support.plan_portals import NOW, a_snapshot, a_user
from tests.support.plans import a_plan, active, an_occasion, brief

ASKED = Source(Origin.OPERATOR, "ticket 7")


def routes(text: str, *users: object, **portal: object) -> list[str]:
    """The routes of a plan's effects."""
    plan = a_plan(text, a_snapshot(*users, **portal))  # type: ignore[arg-type]
    return [effect.route.value for effect in effects_of(plan)]


class TestModes:
    """Ownership per section."""

    @pytest.mark.parametrize(
        ("mode", "planned", "reported"),
        [("exact", 1, 0), ("add-only", 0, 0), ("report", 0, 1), ("ignore", 0, 0)],
    )
    def test_a_changed_set_follows_its_mode(self, mode: str, planned: int, reported: int) -> None:
        """exact changes, report tells, add-only takes nothing away, ignore looks away."""
        text = f"version: 1\nmanage: {{permission_sets: {mode}, users: ignore, seats: ignore, teams: ignore}}\npeople: {{user1@acme.test: {{permission_set: Marketer}}}}"
        plan = a_plan(text, a_snapshot(a_user(1)))

        assert (len(plan.changes), len(plan.reported)) == (planned, reported)

    def test_add_only_lets_a_seat_grow(self) -> None:
        """An upgrade takes nothing away."""
        text = "version: 1\nmanage: {seats: add-only}\npeople: {user1@acme.test: {seat: Sales Hub Professional}}"

        assert brief(a_plan(text, a_snapshot(a_user(1))).changes) == [
            ("set_seats", "user1@acme.test", ("Core",), ("Sales Hub Professional",))
        ]

    def test_service_users_are_never_touched(self) -> None:
        """An app's user is nobody's leaver."""
        portal = a_snapshot(a_user(1, state=UserState.SERVICE))

        assert a_plan("people: {}", portal).changes == ()


class TestSeveralSets:
    """Users with sets given in HubSpot's screens."""

    text = "people: {user1@acme.test: {permission_set: No Access, seat: Core, main_team: Sales}}"
    user = a_user(1, permission_set_ids=("set1", "set2"), main_team_id="t3")

    def test_they_are_never_put(self) -> None:
        """The set becomes a task, the team goes by the Teams API, off and on."""
        assert routes(self.text, self.user) == ["leave_team", "manual", "join_team"]

    def test_a_named_override_writes_the_set_without_a_way_back(self) -> None:
        """Said before apply."""
        plan = a_plan(
            self.text, a_snapshot(self.user), overwrite_sets=frozenset({"user1@acme.test"})
        )
        [change] = [c for c in plan.changes if c.kind is ChangeKind.SET_PERMISSION_SET]

        assert change.undo is Undo.NONE
        assert [effect.route for effect in effects_of(plan)] == [Route.PUT_USER]


class TestByHand:
    """What the API cannot do."""

    @pytest.mark.parametrize(
        ("entry", "user", "task"),
        [
            ("{super_admin: true}", {}, "super_admin.add"),
            (
                "{permission_set: Sales Rep, seat: Core}",
                {"super_admin": True},
                "super_admin.remove",
            ),
            ("{deactivated: true, permission_set: Sales Rep, seat: Core}", {}, "user.deactivate"),
            ("{permission_sets: [Sales Rep, Marketer], seat: Core}", {}, "permission_set.change"),
            ("{seat: Core}", {}, "permission_set.change"),
        ],
    )
    def test_it_becomes_a_task_with_clicks(
        self, entry: str, user: dict[str, object], task: str
    ) -> None:
        """Clicks, link, proof, what it needs and who can do it."""
        portal = a_snapshot(a_user(1, **user), a_user(2, super_admin=True))
        text = f"people: {{user1@acme.test: {entry}, user2@acme.test: {{super_admin: true}}}}"
        plan = a_plan(text, portal)
        [found] = manual_tasks(plan, portal, "app-eu1.hubspot.com")

        assert [c.details["task"] for c in plan.changes] == [task]
        assert found.link.startswith("https://app-eu1.hubspot.com/settings/1/users")
        assert found.proof
        assert found.needs
        assert "user2@acme.test" in found.doers
        assert not any("{" in step for step in found.clicks)

    def test_enterprise_only_lines_become_tasks_on_other_tiers(self) -> None:
        """Starter has neither sets nor teams; the plan says so instead of failing."""
        caps = Capabilities(tier=Tier.STARTER, permission_sets=False, teams=False)
        portal = a_snapshot(
            a_user(1, permission_set_ids=()),
            tier=Tier.STARTER, capabilities=caps, permission_sets=(), teams=(),
        )  # fmt: skip
        text = (
            "people: {user1@acme.test: {permission_set: Sales Rep, main_team: Sales, seat: Core}}"
        )

        assert [c.kind for c in a_plan(text, portal).changes] == [ChangeKind.MANUAL] * 2

    def test_every_task_a_plan_can_name_has_a_click_path(self) -> None:
        """With a source and a date."""
        assert all(
            path.source.startswith("https://") and path.as_of for path in CLICK_PATHS.values()
        )


class TestParking:
    """The ladder."""

    text = "version: 1\nmanage: {users: exact, permission_sets: exact}\nparking: {no_access_set: No Access, grace_days: 10}\npeople: {}\n"
    user = a_user(1, main_team_id="t1", extra_team_ids=("t3",))

    def test_every_rung_the_api_reaches_then_a_task(self) -> None:
        """Teams off, seat to View-Only, the no-access set, deactivate by hand; all of it revoked."""
        plan = a_plan(self.text, a_snapshot(self.user))

        assert [(c.kind.value, c.after) for c in plan.changes] == [
            ("park", "parked"),
            ("drop_extra_team", None),
            ("set_seats", ("View-Only",)),
            ("set_permission_set", "set3"),
            ("set_main_team", None),
            ("manual", "deactivated"),
        ]
        assert {c.phase for c in plan.changes[:-1]} == {Phase.REVOKE}
        assert all(c.undo is Undo.EXACT for c in active(plan))

    def test_individual_permissions_are_not_replaced_to_park(self) -> None:
        """They could never be given back."""
        portal = a_snapshot(structs.replace(self.user, permission_set_ids=()))
        kinds = {change.kind for change in a_plan(self.text, portal).changes}

        assert ChangeKind.SET_PERMISSION_SET not in kinds

    @pytest.mark.parametrize(("days", "kind"), [(9, "manual"), (10, "remove_user")])
    def test_after_the_grace_days_the_user_is_removed(self, days: int, kind: str) -> None:
        """Not a day earlier."""
        parked = a_user(1, seat_names=("View-Only",), permission_set_ids=("set3",))
        since = {parked.email: NOW - timedelta(days=days)}
        plan = a_plan(self.text, a_snapshot(parked), parked=since)

        assert [change.kind.value for change in plan.changes] == [kind]

    def test_a_parked_user_who_comes_back_is_called_back(self) -> None:
        """The mark goes and the access returns."""
        parked = a_user(1, seat_names=("View-Only",), permission_set_ids=("set3",))
        text = "people: {user1@acme.test: {permission_set: Sales Rep, seat: Core}}"
        plan = a_plan(text, a_snapshot(parked), parked={parked.email: NOW})

        assert {(c.kind.value, c.after) for c in plan.changes} == {
            ("park", "present"), ("set_permission_set", "set1"), ("set_seats", ("Core",)),
        }  # fmt: skip

    def test_the_rungs_reached_can_be_told(self) -> None:
        """From the snapshot alone."""
        portal = a_snapshot(a_user(1, seat_names=("View-Only",)))
        ctx = context_of(Desired({}), portal, DiffOptions(now=NOW))

        assert rungs_reached(ctx, portal.users[0]) == ("teams", "seat")


class TestOrder:
    """Revoke, move, grant."""

    def test_two_people_swap_the_last_seats(self) -> None:
        """A circle is opened by freeing one seat first."""
        users = (a_user(1), a_user(2, seat_names=("Sales Hub Professional",)))
        seats = (
            Seat("Core", remaining=0),
            Seat("Sales Hub Professional", remaining=0),
            Seat("View-Only"),
        )
        text = "people:\n  user1@acme.test: {permission_set: Sales Rep, seat: Sales Hub Professional}\n  user2@acme.test: {permission_set: Sales Rep, seat: Core}\n"
        plan = a_plan(text, a_snapshot(*users, seats=seats))

        assert brief(plan.changes) == [
            ("set_seats", "user1@acme.test", ("Core",), ("View-Only",)),
            ("set_seats", "user2@acme.test", ("Sales Hub Professional",), ("Core",)),
            ("set_seats", "user1@acme.test", ("View-Only",), ("Sales Hub Professional",)),
        ]
        assert plan.applyable

    def test_a_parent_becomes_the_child_of_its_child(self) -> None:
        """Circles in re-parenting are broken from the top."""
        portal = a_snapshot(teams=(Team("a", "A"), Team("b", "B", "a")))
        plan = a_plan("version: 1\nmanage: {team_structure: exact}\nteams: {B: {A: {}}}", portal)

        assert brief(plan.changes) == [
            ("move_team", "A / B", "a", None),
            ("move_team", "A", None, "b"),
        ]

    def test_a_rename_keeps_the_team(self) -> None:
        """{name, id} with a new name renames; nobody leaves the team."""
        portal = a_snapshot(a_user(1, main_team_id="t3"))
        text = "  team_structure: exact\nteams:\n  - Sales\n  - {name: Operations, id: t3}\npeople: {user1@acme.test: {permission_set: Sales Rep, seat: Core, main_team: Operations}}"
        portal = replace(portal, teams=portal.teams[:1] + portal.teams[2:])

        assert brief(a_plan(text, portal).changes) == [("rename_team", "Ops", "Ops", "Operations")]

    def test_one_write_carries_all_access_of_a_user(self) -> None:
        """Set, main team, extra team and seat go together."""
        text = "people: {user1@acme.test: {permission_set: Marketer, seat: View-Only, main_team: Sales, extra_teams: [Ops]}}"

        assert routes(text, a_user(1)) == ["put_user"]

    def test_a_joiner_is_one_write(self) -> None:
        """Created with everything at once."""
        text = "people: {new@acme.test: {permission_set: Sales Rep, seat: Core, main_team: EMEA, send_welcome_email: true}}"
        plan = a_plan(text, a_snapshot())

        assert [effect.route.value for effect in effects_of(plan)] == ["create_user"]
        assert plan.changes[0].details["send_welcome_email"] == "true"
        assert plan.requests == 3


class TestOnePerson:
    """Commands about one person."""

    def plan_of(self, wish: Desired, *users: object) -> list[tuple[str, str, object, object]]:
        """What the plan of a wish changes."""
        portal = a_snapshot(*users)  # type: ignore[arg-type]
        plan, _ = propose(wish, portal, DiffOptions(now=NOW), an_occasion(), Circumstances())
        return brief(plan.changes)

    def test_like_copies_access(self) -> None:
        """Set, seat and teams of the other, over which the command's own words stand."""
        model = a_user(1, main_team_id="t2", extra_team_ids=("t3",))
        wish = add_user(
            "new@acme.test", Ask(seat="view-only"), a_snapshot(model), ASKED, like=model.email
        )

        assert [line[3] for line in self.plan_of(desired_of([wish]), model)] == [
            "present", "set1", "t2", "t3", ("View-Only",),
        ]  # fmt: skip

    def test_change_leaves_alone_what_it_does_not_name(self) -> None:
        """Only the seat moves; nobody else is looked at."""
        users = (a_user(1, main_team_id="t1"), a_user(2))
        wish = change_user(
            "user1@acme.test", Ask(seat="View-Only", add_teams=("Ops",)), a_snapshot(*users), ASKED
        )

        assert self.plan_of(desired_of([wish]), *users) == [
            ("add_extra_team", "user1@acme.test", None, "t3"),
            ("set_seats", "user1@acme.test", ("Core",), ("View-Only",)),
        ]

    def test_offboard_parks(self) -> None:
        """Removal comes after the grace days."""
        wish = offboard_user("user1@acme.test", a_snapshot(a_user(1)), ASKED)

        assert self.plan_of(desired_of([wish]), a_user(1))[0][0] == "park"

    @pytest.mark.parametrize(
        ("call", "said"),
        [
            (lambda: change_user("usr1@acme.test", Ask(), a_snapshot(a_user(1)), ASKED), "not in the portal"),
            (lambda: add_user("USER1@acme.test", Ask(), a_snapshot(a_user(1)), ASKED), "in the portal already"),
            (lambda: change_user("user1@acme.test", Ask(seat="Cora"), a_snapshot(a_user(1)), ASKED), "no seat 'Cora'"),
            (lambda: add_user("n@acme.test", Ask(), a_snapshot(a_user(1, super_admin=True)), ASKED, "user1@acme.test"), "is Super Admin"),
        ],
    )  # fmt: skip
    def test_mistakes_are_refused_with_a_hint(self, call: object, said: str) -> None:
        """Before any plan."""
        with pytest.raises(Refused, match=said) as caught:
            call()  # type: ignore[operator]

        assert caught.value.hint


def test_a_no_op_line_is_written_on_request() -> None:
    """So that a reader sees who was looked at."""
    portal = a_snapshot(a_user(1))
    wish = change_user("user1@acme.test", Ask(seat="Core"), portal, ASKED)
    found = diff(desired_of([wish]), portal, DiffOptions(now=NOW, no_ops=True))

    assert [change.kind for change in found.changes] == [ChangeKind.NO_OP]
