"""The questions people ask, answered on acme from one users export."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from hubspot_emulator.building import create_world
from hubspot_emulator.granular.export import ExportOptions, users_export
from hubspot_emulator.seeds.acme_cast import cast_of_acme, emails_of, look_alikes_of
from rolecall.domain.snapshot import User
from rolecall.kit.errors import Refused
from rolecall.permissions.access import Resolver
from rolecall.permissions.answers import answer, reach, who_can
from rolecall.permissions.book import evidence_book
from rolecall.permissions.compare import (
    compare,
    diff_records,
    nearest_template,
    side_of_set,
    side_of_template,
    side_of_user,
)
from rolecall.permissions.evidence import Ground, HistoryLine, attested_definition
from rolecall.permissions.matrix import csv_lines, header, rows
from rolecall.permissions.peers import outliers
from rolecall.permissions.phrases import matches, meant
from rolecall.permissions.set_change import preview_set_change, set_clicks
from rolecall.permissions.why import why
from rolecall.sources import shipped
from rolecall.sources.users_export import matched, read_users_export
from tests.support.emulated import resolver_of, snapshot_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORLD = create_world(seed="acme")
PORTAL = next(iter(WORLD.portals.values()))
CATALOGUE = shipped.catalogue()


def acme() -> Resolver:
    """Acme with one plain export, job titles included."""
    resolver = resolver_of(WORLD, PORTAL, NOW)
    titles = {one.email: one.plan.title for one in cast_of_acme()}
    users = tuple(
        structs.replace(user, profile={"hs_job_title": titles.get(user.email, "")})
        for user in resolver.snapshot.users
    )
    snapshot = replace(resolver.snapshot, users=users)
    return Resolver(resolver.catalogue, snapshot, NOW, resolver.book)


RESOLVER = acme()


def user(name: str) -> User:
    """A user of acme by the first part of the address."""
    return next(u for u in RESOLVER.snapshot.users if u.email.startswith(f"{name}@"))


@pytest.mark.parametrize(
    ("phrase", "permission", "level"),
    [
        ("export contacts", "crm_tools.export", "on"),
        ("Export", "crm_tools.export", "on"),
        ("crm_tools.export", "crm_tools.export", "on"),
        ("edit deals", "crm_objects.deals.edit", "own"),
        ("edit all deals", "crm_objects.deals.edit", "all"),
        ("see their team's tickets", "crm_objects.tickets.view", "team"),
        ("delete contacts", "crm_objects.contacts.delete", "own"),
        ("publish blog posts", "content.blog", "publish"),
        ("edit marketing emails", "marketing.marketing_email", "edit"),
        ("who can edit billing", "account.modify_billing", "on"),
        ("manage users", "account.add_edit_users", "on"),
        ("bulk delete", "crm_tools.bulk_delete", "on"),
        ("lists", "marketing.segments", "view"),
        ("super admin", "account.super_admin", "on"),
    ],
)
def test_phrases(phrase: str, permission: str, level: str) -> None:
    """What people say finds the permission and the level it takes."""
    found = meant(CATALOGUE, phrase)

    assert (permission, level) == (found.permission.id, found.level)


def test_phrases_that_fail() -> None:
    """An open phrase names what it may mean, nonsense gets examples."""
    best = [one.permission.id for one in matches(CATALOGUE, "templates") if one.score == 1]
    assert ["sales.templates", "service.templates"] == best
    with pytest.raises(Refused, match="several") as raised:
        meant(CATALOGUE, "templates")
    assert "sales.templates" in str(raised.value.hint)
    with pytest.raises(Refused, match="no permission"):
        meant(CATALOGUE, "juggle knives")


def test_answers_name_rule_evidence_and_age() -> None:
    """Yes by a set, no by a seat, yes by the flag, no for the deactivated."""
    by_set = answer(RESOLVER, user("grace.wanjiru"), "crm_tools.export")
    by_seat = answer(RESOLVER, user("victor.silva"), "crm_tools.export")
    by_flag = answer(RESOLVER, user("kwame.mensah"), "crm_tools.export")
    gone = answer(RESOLVER, user("stefan.wolf"), "crm_tools.export")
    ticked = answer(RESOLVER, user("felix.braun"), "crm_tools.export")

    assert (True, "given by the permission set Exporter") == (by_set.can, by_set.rule)
    assert (False, True) == (by_seat.can, by_seat.by_seat)
    assert "seat (View-Only)" in by_seat.rule
    assert by_flag.can
    assert "Super Admin" in by_flag.rule
    assert "deactivated" in gone.rule
    assert "individually" in ticked.rule
    assert ("users export of 2026-11-20",) == ticked.evidence
    assert 0 == ticked.age_days


def test_reach_follows_the_hierarchy() -> None:
    """Team scope covers the teams below one's own."""
    told = answer(RESOLVER, user("kwame.mensah"), "crm_objects.contacts.view")
    one = CATALOGUE.permissions["crm_objects.contacts.view"]
    sales = next(t.id for t in RESOLVER.snapshot.teams if t.name == "EMEA Sales")
    lead = structs.replace(user("kwame.mensah"), main_team_id=sales)

    assert "all records" == told.reach
    assert "records of EMEA Sales, DACH Sales, France Sales, and records without owner" == reach(
        RESOLVER.snapshot, lead, one, "team+unassigned"
    )


def test_who_can_export() -> None:
    """Everybody who can export, nobody who cannot, nobody in doubt."""
    holders = who_can(RESOLVER, "crm_tools.export")
    emails = {one.email for one in holders.surely}

    assert {"grace.wanjiru@acme.test", "ben.osei@acme.test", "lars.lindqvist@acme.test"} <= emails
    assert not {"victor.silva@acme.test", "paula.weber@acme.test"} & emails
    assert () == holders.maybe


def test_why_prefers_the_smallest_change() -> None:
    """A seat where only the seat is missing; else the way that costs least, clicks included."""
    seat = why(RESOLVER, user("victor.silva"), "crm_tools.export")
    paula = why(RESOLVER, user("paula.weber"), "crm_tools.export")
    ticked = why(RESOLVER, user("simon.keller"), "crm_tools.export")

    assert {"seat"} == {one.kind for one in seat.options}
    assert {"set", "set_toggle"} == {one.kind for one in paula.options}
    assert list(paula.options) == sorted(paula.options, key=lambda one: one.size)
    assert "toggle" == ticked.options[0].kind
    assert "Export: on" in ticked.options[0].clicks[0]
    assert () == why(RESOLVER, user("grace.wanjiru"), "crm_tools.export").options


def test_set_change_preview() -> None:
    """Taking export out of a set names everybody who loses it, and the clicks."""
    exporter = next(i for i, name in RESOLVER.names.items() if name == "Exporter")
    asked = {"crm_tools.export": "", "crm_tools.import": "on"}
    preview = preview_set_change(RESOLVER, exporter, asked)

    assert ("grace.wanjiru@acme.test", "crm_tools.export", "") in preview.losses
    assert ("grace.wanjiru@acme.test", "crm_tools.import", "on") in preview.gains
    assert 2 == len(set_clicks(RESOLVER, "Exporter", asked))


def test_compare_hides_what_is_equal() -> None:
    """Two colleagues of one set differ in nothing but who they are; a third in his extras."""
    sides = [side_of_user(RESOLVER, user(n)) for n in ("greta.nilsson", "ben.osei")]
    sides += [
        side_of_set(RESOLVER, next(i for i, n in RESOLVER.names.items() if n == "Exporter")),
        side_of_template(CATALOGUE.templates["Reports Access"]),
    ]
    two = compare(CATALOGUE, sides[:2])
    four = compare(CATALOGUE, sides)

    assert {"crm_tools.export"} == {row.permission.id for row in two.rows if row.permission}
    assert 4 == len(four.titles)
    assert len(four.rows) > len(two.rows)
    assert two.equal_rows > 100


def test_nearest_template() -> None:
    """A read-only set is nearest to View Only; a set nobody knows is nearest to nothing."""
    sets = {name: set_id for set_id, name in RESOLVER.names.items()}
    found = nearest_template(CATALOGUE, RESOLVER.access_of_set(sets["Read Only"]))

    assert found is not None
    assert "View Only" == found[0].name
    assert None is nearest_template(CATALOGUE, RESOLVER.access_of_set(sets["Blog Publisher"]))


def test_peer_outliers() -> None:
    """Cases are found, look-alikes are not."""
    found = {one.user.email for one in outliers(RESOLVER)}

    assert emails_of("peer-outlier") == found
    assert not look_alikes_of("peer-outlier") & found


def test_matrix() -> None:
    """One row per user, one column per permission, readable back as CSV."""
    users = RESOLVER.snapshot.users
    table = list(csv.reader(io.StringIO("".join(csv_lines(RESOLVER, users)))))
    at = table[0].index("crm_tools.export")
    by_email = {row[1]: row for row in table[1:]}

    assert len(table) == len(users) + 1
    assert len(header(RESOLVER)) == len(table[0])
    assert "on" == by_email["grace.wanjiru@acme.test"][at]
    assert "" == by_email["paula.weber@acme.test"][at]
    assert [tuple(row) for row in table[1:]] == list(rows(RESOLVER, users))


def test_no_formula_leaves_the_matrix() -> None:
    """A name that starts like a formula is defused."""
    evil = structs.replace(user("grace.wanjiru"), first_name="=cmd|'/c calc'!A1")
    row = next(iter(rows(RESOLVER, [evil])))

    assert row[2].startswith("'=")


def test_diff_of_two_exports() -> None:
    """Exactly what was changed between two exports is told."""
    world = create_world(seed="acme")
    portal = next(iter(world.portals.values()))
    words = shipped.words()
    before = read_users_export(users_export(world, portal, ExportOptions()), words, as_of=NOW)
    changed = next(
        m for m in portal.members.values() if m.granular and "crm_tools.export" in m.granular
    )
    assert changed.granular is not None
    del changed.granular["crm_tools.export"]
    changed.granular["crm_tools.import"] = "on"
    changed.granular["crm_tools.workflows"] = "edit"
    after = read_users_export(users_export(world, portal, ExportOptions()), words, as_of=NOW)

    (diff,) = diff_records(CATALOGUE, before.records, after.records)

    assert str(changed.user_id) == diff.user_id
    assert {"crm_tools.export"} == set(diff.lost)
    assert "crm_tools.workflows" in diff.gained


class TestEvidence:
    def test_set_changed_since_the_export(self) -> None:
        """Somebody who got another set since is known by the set's members, labelled inferred."""
        exporter = next(i for i, name in RESOLVER.names.items() if name == "Exporter")
        moved = structs.replace(user("paula.weber"), permission_set_ids=(exporter,))
        told = answer(RESOLVER, moved, "crm_tools.export")

        assert True is told.can
        assert "inferred" in told.evidence[0]

    def test_individual_access_changed_since(self) -> None:
        """Somebody whose set was taken away is unknown until the next export."""
        loose = structs.replace(user("paula.weber"), permission_set_ids=())
        told = answer(RESOLVER, loose, "crm_tools.export")

        assert told.can is None
        assert "changed since" in told.rule

    def test_old_export_says_nothing_of_today(self) -> None:
        """An export of last year leaves everything open but the Super Admin flag."""
        snapshot = snapshot_of(WORLD, PORTAL, NOW)
        book = evidence_book(CATALOGUE, snapshot, RESOLVER.book.records.values())
        later = Resolver(CATALOGUE, snapshot, NOW + timedelta(days=365), book)

        assert answer(later, user("grace.wanjiru"), "crm_tools.export").can is None
        assert answer(later, user("kwame.mensah"), "crm_tools.export").can

    def test_attested_definition(self) -> None:
        """An admin's word is evidence, the younger source wins, a difference is told."""
        snapshot = snapshot_of(WORLD, PORTAL, NOW)
        exporter = next(i for i, name in RESOLVER.names.items() if name == "Exporter")
        word = attested_definition(
            exporter, "Exporter", {"crm_tools.import": "on"}, by="lars", at=NOW + timedelta(days=1)
        )
        alone = Resolver(
            CATALOGUE, snapshot, NOW, evidence_book(CATALOGUE, snapshot, attested=[word])
        )
        both = evidence_book(CATALOGUE, snapshot, RESOLVER.book.records.values(), [word])
        together = Resolver(CATALOGUE, snapshot, NOW + timedelta(days=2), both)
        grace = user("grace.wanjiru")

        assert False is answer(alone, grace, "crm_tools.export").can
        assert Ground.ATTESTED is alone.access_of(grace).given.ground
        assert False is answer(together, grace, "crm_tools.export").can
        assert any("differs" in note for note in together.access_of(grace).given.notes)

    def test_history_after_the_export(self) -> None:
        """A later line of the permission history turns the answer."""
        snapshot = snapshot_of(WORLD, PORTAL, NOW)
        felix = user("felix.braun")
        line = HistoryLine(felix.email, "crm_tools.export", False, "lars", NOW + timedelta(hours=1))
        records = RESOLVER.book.records.values()
        book = evidence_book(CATALOGUE, snapshot, records, history=[line])
        told = answer(Resolver(CATALOGUE, snapshot, NOW, book), felix, "crm_tools.export")

        assert False is told.can


def test_export_of_another_portal() -> None:
    """The export of another portal is refused by its users."""
    snapshot = snapshot_of(WORLD, PORTAL, NOW)
    data = users_export(WORLD, PORTAL, ExportOptions(foreign=True))
    reading = read_users_export(data, shipped.words(), as_of=NOW)

    with pytest.raises(Refused, match="another portal"):
        matched(reading, snapshot)
