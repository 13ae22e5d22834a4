"""Each guardrail: what it stops, what it lets pass, what it says, and who may override it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rolecall.domain.plan import Change, ChangeKind, GuardrailVerdict, Override, Phase, Plan
from rolecall.domain.portal import Capabilities, Tier
from rolecall.domain.snapshot import PermissionSet, Seat, Snapshot, User, UserState
from rolecall.plan.guardrails import GUARDRAILS, check, with_overrides
from rolecall.plan.look import Knowledge
from rolecall.plan.propose import Circumstances
from rolecall.policy.document import GuardrailSettings
from tests.support.plan_portals import NOW, a_snapshot, a_user
from tests.support.plans import a_plan

KEEP = "people:\n"


def a_change(kind: ChangeKind, user: User, before: object, after: object, **details: str) -> Change:
    """One change of one user."""
    return Change(
        "1", kind, "user", user.email, user.id, before, after, "test", Phase.REVOKE, details=details
    )  # type: ignore[arg-type]


def removal(user: User) -> Change:
    """A removal, with the seats it frees."""
    return a_change(ChangeKind.REMOVE_USER, user, "active", None, frees_seats="Core")


def verdicts(
    guardrail: str, changes: list[Change], snapshot: Snapshot, knowledge: Knowledge | None = None
) -> list[GuardrailVerdict]:
    """What one guardrail says."""
    found = check(changes, snapshot, knowledge or Knowledge(), NOW)
    return [verdict for verdict in found if verdict.guardrail == guardrail]


def stops(plan: Plan) -> set[str]:
    """Guardrails that stop a plan."""
    return {verdict.guardrail for verdict in plan.guardrails if verdict.stops}


USERS = tuple(a_user(n) for n in range(1, 101))
PORTAL = a_snapshot(*USERS)


class TestRemovalBrake:
    """Share and count."""

    @pytest.mark.parametrize(
        ("people", "removed", "stopped"),
        [(100, 5, False), (100, 6, True), (10, 3, False), (10, 4, True)],
    )
    def test_only_beyond_both_share_and_count(
        self, people: int, removed: int, stopped: bool
    ) -> None:
        """5 % and 3 by default: a small portal can still off-board."""
        portal = a_snapshot(*USERS[:people])
        [verdict] = verdicts("removal_brake", [removal(u) for u in USERS[:removed]], portal)

        assert verdict.stops is stopped
        assert verdict.overridable

    def test_a_file_that_forgets_everybody_is_stopped(self) -> None:
        """The commonest disaster."""
        assert stops(a_plan("people: {}", PORTAL)) == {"removal_brake"}


class TestProtectedPeople:
    """Who must not leave."""

    def test_the_last_super_admins_stay(self) -> None:
        """Demotion by hand counts too."""
        boss, deputy = (a_user(n, super_admin=True) for n in (1, 2))
        line = a_change(ChangeKind.MANUAL, boss, "super_admin", None, task="super_admin.remove")
        [verdict] = verdicts("last_super_admins", [line], a_snapshot(boss, deputy))

        assert verdict.stops
        assert verdict.inputs == {"left": "1", "least": "2"}

    @pytest.mark.parametrize("state", [UserState.SERVICE, UserState.DEACTIVATED, UserState.INVITED])
    def test_only_people_who_can_sign_in_count(self, state: UserState) -> None:
        """An app or somebody barred makes nobody Super Admin again."""
        boss, deputy = (a_user(n, super_admin=True) for n in (1, 2))
        third = a_user(3, super_admin=True, state=state)
        portal = a_snapshot(boss, deputy, third)

        assert [v.stops for v in verdicts("last_super_admins", [removal(boss)], portal)] == [True]
        assert verdicts("last_super_admins", [removal(third)], portal) == []

    def test_operator_billing_contact_and_named_people_stay(self) -> None:
        """Each with its own words."""
        settings = GuardrailSettings(
            protected=("USER1@acme.test",), billing_contact="user2@acme.test"
        )
        knowledge = Knowledge(settings, operator_email="user3@acme.test")
        found = check([removal(u) for u in USERS[:3]], PORTAL, knowledge, NOW)
        said = {v.guardrail: v.subjects for v in found if v.stops}

        assert said == {
            "operator_himself": ("user3@acme.test",),
            "billing_contact": ("user2@acme.test",),
            "protected_people": ("user1@acme.test",),
        }

    def test_the_tokens_creator_is_not_removed_but_may_be_demoted(self) -> None:
        """Removal is blocked, a smaller set is a warning."""
        knowledge = Knowledge(credential_user_id="1")
        demotion = a_change(ChangeKind.SET_PERMISSION_SET, USERS[0], "set1", "set3")
        [removing] = verdicts("credential_creator", [removal(USERS[0])], PORTAL, knowledge)
        [demoting] = verdicts("credential_creator", [demotion], PORTAL, knowledge)

        assert (removing.stops, demoting.stops) == (True, False)

    def test_super_admins_are_never_written(self) -> None:
        """Even a plan made by other means is stopped."""
        boss = a_user(1, super_admin=True)
        change = a_change(ChangeKind.SET_SEATS, boss, ("Core",), ("View-Only",))

        assert verdicts("super_admin_untouched", [change], a_snapshot(boss))[0].stops


class TestJoiners:
    """Who comes."""

    @pytest.mark.parametrize(
        ("line", "stopped"),
        [
            ("new@acme.test: {}", False),
            ("new@gmail.com: {}", True),
            ("new@rival.test: {}", True),
            ("new@gmail.com: {reason: freelancer}", False),
        ],
    )
    def test_a_foreign_domain_needs_a_reason(self, line: str, stopped: bool) -> None:
        """Business domains are those at least two users share, unless the file names them."""
        keep = "".join(
            f"  {u.email}: {{permission_set: Sales Rep, seat: Core}}\n" for u in USERS[:3]
        )
        plan = a_plan(f"people:\n{keep}  {line}\n", a_snapshot(*USERS[:3]))

        assert ("foreign_email" in stops(plan)) is stopped


class TestSeats:
    """Never bought."""

    @pytest.mark.parametrize(
        ("left", "state"), [(1, "short by 1"), (2, "enough"), (None, "unknown")]
    )
    def test_paid_seats_must_be_free(self, left: int | None, state: str) -> None:
        """A stock HubSpot does not tell is not zero, and not enough either."""
        users = tuple(a_user(n, seat_names=("View-Only",)) for n in (1, 2))
        portal = a_snapshot(*users, seats=(Seat("Core", remaining=left), Seat("View-Only")))
        changes = [a_change(ChangeKind.SET_SEATS, u, ("View-Only",), ("Core",)) for u in users]
        [verdict] = verdicts("seat_stock", changes, portal)

        assert verdict.inputs == {"seat Core": state}
        assert verdict.stops is (state != "enough")

    def test_seats_freed_by_the_plan_count(self) -> None:
        """One leaves, one joins, none left: fits."""
        portal = a_snapshot(*USERS[:2], seats=(Seat("Core", remaining=0),))
        joining = a_change(ChangeKind.SET_SEATS, USERS[1], (), ("Core",))

        assert verdicts("seat_stock", [removal(USERS[0]), joining], portal) == []

    def test_a_set_with_a_paid_seat_does_not_go_with_a_free_one(self) -> None:
        """The valid seats are named."""
        sets = (PermissionSet("set1", "Sales Rep", requires_billing_write=True),)
        portal = a_snapshot(a_user(1), permission_sets=sets)
        change = a_change(ChangeKind.SET_SEATS, USERS[0], ("Core",), ("View-Only",))
        [verdict] = verdicts("seat_and_set", [change], portal)

        assert verdict.stops
        assert verdict.hint == "seats it goes with: Core, Sales Hub Professional"

    def test_a_set_beyond_the_connections_rights_is_refused_with_the_remedy(self) -> None:
        """A set that carries a seat needs the billing scope."""
        sets = (PermissionSet("set2", "Paid", requires_billing_write=True),)
        caps = Capabilities(scopes=("settings.users.write",), tier=Tier.ENTERPRISE)
        change = a_change(ChangeKind.SET_PERMISSION_SET, USERS[0], "set1", "set2")
        portal = a_snapshot(a_user(1), permission_sets=sets, capabilities=caps)
        [verdict] = verdicts("beyond_rights", [change], portal)

        assert "settings.billing.write" in verdict.hint


class TestSnapshot:
    """What the picture allows."""

    def test_an_incomplete_snapshot_removes_nobody(self) -> None:
        """Who is missing in it may be there."""
        portal = a_snapshot(*USERS[:10], complete=False, gaps=("users: list shrank",))
        [verdict] = verdicts("incomplete_snapshot", [removal(USERS[0])], portal)

        assert verdict.stops
        assert not verdict.overridable

    def test_several_sets_are_overwritten_only_by_name(self) -> None:
        """The named user passes, another does not."""
        change = a_change(ChangeKind.SET_PERMISSION_SET, USERS[0], ("set1", "set2"), "set3")
        named = Knowledge(overwrite_sets=frozenset({"user1@acme.test"}))

        assert verdicts("several_sets", [change], PORTAL)[0].stops
        assert not verdicts("several_sets", [change], PORTAL, named)[0].stops

    def test_a_set_that_no_longer_exists_is_not_given(self) -> None:
        """Neither are teams that are gone."""
        change = a_change(ChangeKind.SET_PERMISSION_SET, USERS[0], "set1", "gone")

        assert verdicts("known_values", [change], PORTAL)[0].stops

    def test_a_team_with_members_is_not_deleted(self) -> None:
        """A file that owns the tree but not the membership cannot empty teams."""
        portal = a_snapshot(a_user(1, main_team_id="t3"))
        text = "version: 1\nmanage: {team_structure: exact}\nteams: {Sales: {EMEA: {}}}\n"

        assert stops(a_plan(text, portal)) == {"teams_empty"}


class TestOverrides:
    """One shot, and gone at expiry."""

    brake = GuardrailVerdict("removal_brake", True, "too many", overridable=True)
    override = Override(
        "o1", "removal_brake", "local:ada", "site closes", NOW + timedelta(hours=1), 1
    )

    def test_an_override_lets_one_guardrail_pass_and_is_used_up(self) -> None:
        """The verdict stays visible, with who allowed it and why."""
        [verdict], used = with_overrides([self.brake], [self.override], 1, NOW)

        assert not verdict.stops
        assert verdict.message == "too many; allowed once by local:ada: site closes"
        assert used == ("o1",)

    @pytest.mark.parametrize(
        "unfit",
        [
            {"expires_at": NOW},
            {"guardrail": "seat_stock"},
            {"hub_id": 2},
            {"subjects": ("somebody@else.test",)},
        ],
    )
    def test_an_unfit_override_changes_nothing(self, unfit: dict[str, object]) -> None:
        """Expired, other guardrail, other portal, other people."""
        verdict = replace(self.brake, subjects=("user1@acme.test",))
        found, used = with_overrides([verdict], [replace(self.override, **unfit)], 1, NOW)  # type: ignore[arg-type]

        assert found[0].stops
        assert used == ()

    def test_what_is_not_overridable_stays(self) -> None:
        """Nobody talks a protected person away."""
        verdict = replace(self.brake, overridable=False)

        assert with_overrides([verdict], [self.override], 1, NOW)[0][0].stops

    def test_an_override_reaches_the_plan(self) -> None:
        """A plan made with it can be applied."""
        plan = a_plan("people: {}", PORTAL, circumstances=Circumstances(overrides=(self.override,)))

        assert plan.applyable


def test_every_guardrail_has_its_own_words() -> None:
    """Each function promises something in its docstring."""
    assert all(guardrail.__doc__ for guardrail in GUARDRAILS)
