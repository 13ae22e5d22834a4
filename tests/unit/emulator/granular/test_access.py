"""The algebra of access: laws of union, ceiling and seat."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from hubspot_emulator.granular.access import (
    effective,
    everything,
    highest_of,
    lowest_of,
    meet,
    seat_ceiling,
    split_level,
    stored,
    union,
)
from hubspot_emulator.granular.catalogue import Permission, catalogue
from hubspot_emulator.portals import add_portal, empty_world
from hubspot_emulator.world import Membership, PermissionSet, Portal

AT = datetime(2026, 11, 1, tzinfo=UTC)
PERMISSIONS = sorted(catalogue())


def _levels(permission: Permission) -> list[str]:
    plain = list(permission.levels)
    return [*plain, "own+unassigned", "team+unassigned"] if permission.scoped else plain


@st.composite
def grants(draw: st.DrawFn) -> dict[str, str]:
    """Some permissions, each at one of its levels."""
    chosen = draw(st.lists(st.sampled_from(PERMISSIONS), max_size=12, unique=True))
    return {one: draw(st.sampled_from(_levels(catalogue()[one]))) for one in chosen}


def _portal() -> Portal:
    return add_portal(empty_world(), "Acme")


class TestUnion:
    @given(grants(), grants(), grants())
    def test_order_and_repetition_do_not_matter(
        self, a: dict[str, str], b: dict[str, str], c: dict[str, str]
    ) -> None:
        """Union is commutative, associative and idempotent."""
        assert union([a, b]) == union([b, a])
        assert union([union([a, b]), c]) == union([a, union([b, c])])
        assert union([a, a]) == a

    @given(grants(), grants())
    def test_nobody_loses_by_another_set(self, a: dict[str, str], b: dict[str, str]) -> None:
        """A second set never lowers a level."""
        both = union([a, b])

        assert all(highest_of(catalogue()[one], both[one], a[one]) == both[one] for one in a)


class TestCeiling:
    @given(grants(), grants())
    def test_meet_is_below_both(self, a: dict[str, str], ceiling: dict[str, str]) -> None:
        """Nothing comes out that was not given, or higher than the ceiling."""
        left = meet(a, ceiling)

        assert set(left) == set(a) & set(ceiling)
        for one, level in left.items():
            known = catalogue()[one]
            assert lowest_of(known, level, a[one]) == level
            assert lowest_of(known, level, ceiling[one]) == level

    def test_every_editing_seat_leaves_everything_without_a_seat_of_its_own(self) -> None:
        """Core opens all but sales and service tools; the hubs open theirs."""
        core = set(everything()) - set(seat_ceiling("Core"))

        assert core
        assert all(catalogue()[one].seats for one in core)
        assert "sales.forecasts.view" in seat_ceiling("Sales Hub Enterprise")
        assert "sales.forecasts.view" not in seat_ceiling("Service Hub Enterprise")
        assert "sales.sequences" in seat_ceiling("Service Hub Professional")

    def test_view_only_looks_and_changes_nothing(self) -> None:
        """No edit, delete, export, import or publish survives a View-Only seat."""
        left = seat_ceiling("View-Only")

        assert left["crm_objects.deals.view"] == "all"
        assert left["marketing.marketing_email"] == "view"
        assert not [one for one in left if one.startswith(("crm_tools.", "sales."))]
        assert not [one for one in left if one.endswith((".edit", ".delete", ".create"))]


class TestEffective:
    @given(grants(), grants())
    def test_sets_win_over_what_was_ticked(self, a: dict[str, str], b: dict[str, str]) -> None:
        """With a set, individually granted permissions count for nothing."""
        portal = _portal()
        portal.permission_sets[1] = PermissionSet(1, "One", permissions=a)
        member = Membership(7, AT, permission_set_ids=[1], granular=b, seat_names=["Core"])

        assert stored(portal, member) == a
        assert effective(portal, member) == meet(a, seat_ceiling("Core"))

    def test_super_admin_overrides_permissions_and_not_the_seat(self) -> None:
        """A Super Admin without a sales seat lacks forecasts."""
        member = Membership(7, AT, super_admin=True, seat_names=["Core"])
        held = effective(_portal(), member)

        assert "account.super_admin" in held
        assert "account.modify_billing" in held
        assert "sales.forecasts.view" not in held

    def test_deactivated_users_can_do_nothing(self) -> None:
        """Whatever is stored, a deactivated user cannot sign in."""
        member = Membership(7, AT, super_admin=True, seat_names=["Core"], deactivated_at=AT)

        assert effective(_portal(), member) == {}

    def test_new_user_has_the_minimum(self) -> None:
        """Created with nothing, one sees one's own contacts."""
        assert stored(_portal(), Membership(7, AT)) == {"crm_objects.contacts.view": "own"}


class TestCatalogue:
    def test_what_the_guide_names_is_there(self) -> None:
        """Objects by verb, CRM activities, marketing, reports and account switches."""
        objects = ("contacts", "companies", "deals", "tickets", "custom_objects")
        wanted = {
            f"crm_objects.{name}.{verb}"
            for name in objects
            for verb in ("view", "create", "edit", "delete")
        }
        wanted |= {f"crm_objects.{name}.view" for name in ("crm_emails", "meetings", "calls")}
        wanted |= {
            "crm_tools.export",
            "marketing.segments",
            "content.blog",
            "account.modify_billing",
        }

        assert wanted <= set(PERMISSIONS)
        assert 130 <= len(PERMISSIONS) <= 170

    def test_levels_split(self) -> None:
        """The unassigned box is a flag of its own."""
        assert split_level("team+unassigned") == ("team", True)
        assert split_level("all") == ("all", False)
