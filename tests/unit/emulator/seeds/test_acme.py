"""The acme seed: every case is one by definition, and nobody else is."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest

from hubspot_emulator.building import create_world
from hubspot_emulator.granular.access import effective
from hubspot_emulator.seeds.account_managers import ACCOUNT_MANAGER
from hubspot_emulator.seeds.acme_cast import cast_of_acme, emails_of, look_alikes_of
from hubspot_emulator.seeds.casebook import kinds
from hubspot_emulator.world import Membership, Portal, World

WORLD = create_world(seed="acme")
PORTAL = next(iter(WORLD.portals.values()))
NOW = max(member.last_login_at for member in PORTAL.members.values() if member.last_login_at)
INTENDED = {"lars.lindqvist@acme.test", "priya.raman@acme.test", "breakglass@acme.test"}
PERSONAL = {"freemail.example", "webmail.example"}


def _email(member: Membership) -> str:
    return WORLD.identities[member.user_id].email


def _emails(*members: Membership) -> frozenset[str]:
    return frozenset(_email(member) for member in members)


def _present() -> list[Membership]:
    return [m for m in PORTAL.members.values() if m.deactivated_at is None]


def _people() -> list[Membership]:
    return [m for m in _present() if not m.service_user]


def _idle(member: Membership) -> bool:
    return member.last_login_at is not None and NOW - member.last_login_at > timedelta(days=90)


def _waiting(member: Membership) -> bool:
    return member.activated_at is None and NOW - member.created_at > timedelta(days=30)


def _pays(member: Membership) -> bool:
    return any(PORTAL.seats[seat].paid for seat in member.seat_names)


def _holds(member: Membership, *permissions: str) -> bool:
    return not member.super_admin and set(permissions) <= set(effective(PORTAL, member))


def _domain(member: Membership) -> str:
    return _email(member).casefold().partition("@")[2]


def _foreign(member: Membership) -> bool:
    domain = _domain(member)
    return not (domain.endswith(("acme.test", ".acme.test")) or domain == "acme-robotics.test")


def _named_on_records() -> set[int]:
    owners = set()
    for kind in ("contacts", "companies", "deals", "tickets"):
        store = PORTAL.crm.objects[kind]
        for record in store.records.values():
            names = (record.properties.get(n) for n in ("hubspot_owner_id", ACCOUNT_MANAGER))
            owners |= {int(name) for name in names if name}
    return {PORTAL.crm.owners[one].user_id_including_inactive or 0 for one in owners}


def _countries_in_a_day(member: Membership) -> int:
    by_day: dict[object, set[str]] = defaultdict(set)
    for row in PORTAL.feeds.logins.in_order():
        if row.user_id == member.user_id:
            by_day[(NOW - row.at) // timedelta(days=1)].add(row.place.country)
    return max((len(countries) for countries in by_day.values()), default=0)


DEFINITIONS = {
    "super-admin-sprawl": lambda: _emails(*(m for m in _present() if m.super_admin)) - INTENDED,
    "dormant": lambda: _emails(*(m for m in _people() if _idle(m))),
    "invited-never-came": lambda: _emails(
        *(m for m in _people() if _waiting(m) and m.welcome_email_sent)
    ),
    "created-never-signed-in": lambda: _emails(
        *(m for m in _people() if _waiting(m) and not m.welcome_email_sent)
    ),
    "no-team": lambda: _emails(
        *(m for m in _people() if m.main_team_id is None and not m.extra_team_ids)
    ),
    "several-sets": lambda: _emails(*(m for m in _present() if len(m.permission_set_ids) > 1)),
    "paid-seat-unused": lambda: _emails(
        *(m for m in _people() if _pays(m) and (_idle(m) or _waiting(m)))
    ),
    "personal-email": lambda: _emails(*(m for m in _present() if _domain(m) in PERSONAL)),
    "outside-email": lambda: _emails(
        *(m for m in _present() if _foreign(m) and _domain(m) not in PERSONAL)
    ),
    "service-user": lambda: _emails(*(m for m in PORTAL.members.values() if m.service_user)),
    "sod-export-billing": lambda: _emails(
        *(m for m in _people() if _holds(m, "crm_tools.export", "account.modify_billing"))
    ),
    "toxic-combination": lambda: _emails(
        *(
            m
            for m in _people()
            if _holds(m, "account.add_edit_users", "account.modify_billing")
            or _holds(m, "crm_tools.bulk_delete", "account.permanently_delete_contacts")
        )
    ),
    "deactivated-owner": lambda: _emails(
        *(
            m
            for m in PORTAL.members.values()
            if m.deactivated_at and m.user_id in _named_on_records()
        )
    ),
    "gone-owner": lambda: _emails(
        *(m for m in PORTAL.former.values() if m.user_id in _named_on_records())
    ),
    "shared-login": lambda: _emails(*(m for m in _people() if _countries_in_a_day(m) > 1)),
}


class TestCases:
    @pytest.mark.parametrize("kind", sorted(DEFINITIONS))
    def test_cases_are_exactly_those_the_definition_finds(self, kind: str) -> None:
        """Nobody is a case by accident, and no case is one in name only."""
        assert emails_of(kind) == DEFINITIONS[kind]()

    @pytest.mark.parametrize("kind", kinds())
    def test_two_cases_and_two_look_alikes(self, kind: str) -> None:
        """Every kind can be got wrong in both directions."""
        assert len(emails_of(kind)) >= 2
        assert len(look_alikes_of(kind)) >= 2
        assert not emails_of(kind) & look_alikes_of(kind)

    def test_everybody_listed_was_planted(self) -> None:
        """Present, or removed and remembered."""
        members = [*PORTAL.members.values(), *PORTAL.former.values()]

        assert {one.email for one in cast_of_acme()} <= _emails(*members)

    def test_eight_by_eight_agents_have_what_their_verdict_says(self) -> None:
        """Ready agents hold the pack's rights, the missing lack one, the others hold more."""
        needed = {
            *("crm_objects.contacts.view", "crm_objects.contacts.edit", "crm_objects.tickets.edit"),
            *("marketing.marketing_access", "marketing.marketing_email", "marketing.segments"),
        }
        held = {_email(m): effective(PORTAL, m) for m in PORTAL.members.values()}
        critical = {"crm_tools.export", "crm_tools.bulk_delete", "crm_tools.import"}

        assert all(needed <= set(held[email]) for email in emails_of("8x8-ready"))
        assert all(not critical & set(held[email]) for email in emails_of("8x8-ready"))
        assert all(critical & set(held[email]) for email in emails_of("8x8-over-privileged"))
        assert needed - set(held["agent.viewonly@acme.test"])
        assert held["agent.boxless@acme.test"]["crm_objects.contacts.edit"] == "team"
        assert held["agent.nomail@acme.test"]["marketing.marketing_email"] == "edit"


class TestShape:
    def test_about_150_people_and_seats_nearly_used_up(self) -> None:
        """Large enough to page, with one to three paid seats left of each kind."""
        used = dict.fromkeys(PORTAL.seats, 0)
        for member in _present():
            for seat in member.seat_names:
                used[seat] += 1
        spare = {
            name: stock.total - used[name]
            for name, stock in PORTAL.seats.items()
            if stock.total is not None
        }

        assert 140 <= len(PORTAL.members) <= 160
        assert all(1 <= left <= 3 for left in spare.values())

    def test_people_of_two_portals_are_one_identity(self) -> None:
        """The sandbox knows Lars under the same global id."""
        sandbox = [*WORLD.portals.values()][1]
        lars = WORLD.identity("lars.lindqvist@acme.test")

        assert lars is not None
        assert lars.id in PORTAL.members
        assert lars.id in sandbox.members

    @pytest.mark.parametrize("tier", ["free", "starter", "professional"])
    def test_lower_tiers_have_what_they_allow(self, tier: str) -> None:
        """No sets below Enterprise, no teams below Professional, two people on Free."""
        world: World = create_world(seed="acme", tier=tier)
        portal: Portal = next(iter(world.portals.values()))

        assert portal.permission_sets == {}
        assert bool(portal.teams) == (tier == "professional")
        assert all(team.parent_id is None for team in portal.teams.values())
        assert len(portal.members) == (2 if tier == "free" else len(PORTAL.members))
        assert all(seat in portal.seats for m in portal.members.values() for seat in m.seat_names)
