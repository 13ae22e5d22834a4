"""The shipped catalogue holds what the mission asks for; overlays change it and nothing breaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.portal import Tier
from rolecall.kit.errors import Refused
from rolecall.permissions.catalogue import Kind, Sure
from rolecall.permissions.catalogue_file import read_catalogue
from rolecall.permissions.levels import (
    NONE,
    SCOPES,
    Range,
    at_least,
    both,
    holds,
    under,
    with_box,
)
from rolecall.permissions.tokens import read_cell
from rolecall.sources import shipped

CATALOGUE = shipped.catalogue()
SHIPPED = (shipped._DATA / "catalogue.yaml").read_text("utf-8")
OBJECTS = ("contacts", "companies", "deals", "tickets", "tasks", "custom_objects")
ALL_LEVELS = ["", *(with_box(s, box) for s in SCOPES for box in (False, True) if s != "all"), "all"]
levels = st.sampled_from(ALL_LEVELS)


def test_minimum_of_the_guide() -> None:
    """Six objects with view, edit, create, delete; each scope; and every tool the guide names."""
    held = CATALOGUE.permissions
    for name in OBJECTS:
        for action in ("view", "edit", "delete"):
            assert ("own", "team", "all") == held[f"crm_objects.{name}.{action}"].levels
        assert Kind.TOGGLE is held[f"crm_objects.{name}.create"].kind
    for name in ("crm_emails", "meetings", "calls", "notes"):
        assert f"crm_objects.{name}.view" in held
    assert ("view", "edit") == held["marketing.segments"].levels
    assert ("view", "publish") == held["marketing.ads"].levels
    assert ("view", "edit", "publish") == held["content.blog"].levels
    for one in (
        *("marketing.marketing_email", "sales.sales_access", "service.service_access"),
        *("reporting.reports_access", "reporting.dashboards_reports_analytics"),
        *("account.add_edit_users", "account.add_edit_teams", "account.partition_by_teams"),
    ):
        assert one in held


def test_templates_of_the_guide() -> None:
    """The seven access levels the guide names are there, in permissions that exist."""
    names = {
        *("Marketing Access", "Sales Access", "Service Access", "Blog Author", "Blog Publisher"),
        *("Contacts Access", "Reports Access"),
    }

    assert names <= CATALOGUE.templates.keys()
    for template in CATALOGUE.templates.values():
        for one, level in template.grants.items():
            scope = level.removesuffix("+unassigned")
            assert scope in CATALOGUE.permissions[one].levels


def test_every_item_says_how_sure_it_is() -> None:
    """Each permission has a source in the table and a degree of certainty."""
    for one in CATALOGUE.permissions.values():
        assert one.source in CATALOGUE.sources
        assert one.sure in (Sure.DOCUMENTED, Sure.COMMUNITY, Sure.ASSUMED)


def test_overlay() -> None:
    """An operator adds, changes and takes away items without touching the shipped file."""
    overlay = """
version: mine
items:
  crm_tools.export: {label: Export, kind: toggle, critical: false, sure: documented, source: kb}
  crm_tools.wizardry: {label: Wizardry, kind: [view, edit], source: kb}
  ai.agents_manage: null
"""
    mine = read_catalogue(SHIPPED, overlay)

    assert not mine.permissions["crm_tools.export"].critical
    assert ("view", "edit") == mine.permissions["crm_tools.wizardry"].levels
    assert "ai.agents_manage" not in mine.permissions
    assert "+mine." in mine.version
    assert mine.version != read_catalogue(SHIPPED, f"{overlay}sources: {{x: y}}").version


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        ("items: [", "did not find expected node content"),
        ("nonsense: 1", "unknown key 'nonsense'"),
        ("", "the file is empty"),
        ("items: {crm_tools.a: 7}", "must be a mapping"),
        ("items: {crm_tools.a: {label: A, kind: wild}}", "must be scope, toggle, or a list"),
        ("items: {crm_tools.a: {label: A, kinds: toggle}}", "unknown key 'kinds'"),
        ("items: {crm_tools.a: {kind: toggle}}", "has no label"),
        ("items: {crm_tools.a: {label: A, actions: {view: on}}}", "must be scope, toggle"),
        ("items: {crm_tools.a: {label: A, kind: toggle, tier: gold}}", "must be one of free"),
        ("ceilings: {view_only: [{match: x}]}", "as missing"),
        ("seats: [{names: [Odd], ceiling: sky}]", "ceiling sky, which is none"),
        ("templates: {T: {grants: {crm_tools.export: often}}}", "at often, no level of it"),
        ("templates: {T: {grants: {crm_tools.juggle: on}}}", "in no catalogue"),
        ("items: {nowhere.x: {label: X, kind: toggle}}", "in no category"),
        (
            """items:
  crm_tools.a: {label: A, kind: toggle, requires: [crm_tools.b]}
  crm_tools.b: {label: B, kind: toggle, requires: [crm_tools.a]}""",
            "a cycle: crm_tools.a -> crm_tools.b -> crm_tools.a",
        ),
        ("items: {crm_tools.a: {label: A, kind: toggle, requires: [x.y]}}", "in no catalogue"),
    ],
)
def test_bad_overlays(overlay: str, words: str) -> None:
    """A broken overlay is refused with the reason."""
    with pytest.raises(Refused, match=words):
        read_catalogue(SHIPPED, overlay)


def test_every_mistake_of_an_overlay_is_told_with_its_place() -> None:
    """Line and column of each, under the name of the file."""
    overlay = "items:\n  crm_tools.a: {label: A, kind: wild}\n  crm_tools.b: 7\n"
    with pytest.raises(Refused) as raised:
        read_catalogue(SHIPPED, overlay, names=("mine.yaml",))

    assert "mine.yaml has 2 problems" in str(raised.value)
    assert "line 2, column 33" in str(raised.value)
    assert "line 3, column 16" in str(raised.value)


@given(levels, levels, levels)
def test_levels_are_a_lattice(one: str, two: str, three: str) -> None:
    """Union covers both parts, a ceiling leaves no more than either, order does not matter."""
    joined, met = both(SCOPES, one, two), under(SCOPES, one, two)

    assert at_least(SCOPES, joined, one)
    assert at_least(SCOPES, joined, two)
    assert at_least(SCOPES, one, met)
    assert at_least(SCOPES, two, met)
    assert joined == both(SCOPES, two, one)
    assert met == under(SCOPES, two, one)
    assert both(SCOPES, joined, three) == both(SCOPES, one, both(SCOPES, two, three))


@given(levels, levels)
def test_half_known_levels_never_lie(low: str, needed: str) -> None:
    """What surely holds, holds at the low end; what surely does not, fails at the high end."""
    held = Range(low, "all")
    answer = holds(SCOPES, held, needed)

    assert answer is not False
    assert (answer is True) == at_least(SCOPES, low, needed)


def test_seats() -> None:
    """View-Only closes editing, Core the sales tools, no seat told leaves it open."""
    view = CATALOGUE.ceiling_range(("View-Only",), Tier.ENTERPRISE)
    core = CATALOGUE.ceiling_range(("Core",), Tier.ENTERPRISE)
    untold = CATALOGUE.ceiling_range(None, Tier.ENTERPRISE)
    strange = CATALOGUE.ceiling_range(("Quantum Hub",), Tier.ENTERPRISE)

    assert Range(NONE, NONE) == view["crm_objects.contacts.edit"]
    assert Range("all", "all") == view["crm_objects.contacts.view"]
    assert Range(NONE, NONE) == core["sales.sequences"]
    assert (
        Range(NONE, "all")
        == untold["crm_objects.contacts.edit"]
        == strange["crm_objects.contacts.edit"]
    )


@pytest.mark.parametrize(
    ("cell", "levels_", "unknown"),
    [
        ("CRM objects > Contacts > Edit: Their team's contacts + Unassigned", "team+unassigned", 0),
        ("Contacts > Edit: Everything", "all", 0),
        ("CRM > Contacts > Edit: Owned only", "own", 0),
        ("crm_objects.contacts.edit=own+unassigned", "own+unassigned", 0),
        ("Contacts > Edit: None", "", 0),
        ("Kontakte > Bearbeiten: Alle", "", 1),
        ("Contacts > Edit: sometimes", "", 1),
    ],
)
def test_tokens(cell: str, levels_: str, unknown: int) -> None:
    """Labels old and new, ids and boxes are read; the rest is kept as it stood."""
    grants = read_cell(shipped.words(), cell)

    assert levels_ == grants.levels.get("crm_objects.contacts.edit", "")
    assert unknown == len(grants.unknown)


def test_old_names_are_understood() -> None:
    """Lists are segments, Email is marketing e-mail, Write is edit, tickets stood under Service."""
    cell = (
        "Marketing > Lists: Edit; Marketing > Email: Write; Service > Tickets > Edit: All tickets"
    )
    grants = read_cell(shipped.words(), cell)

    assert {
        "marketing.segments": "edit",
        "marketing.marketing_email": "edit",
        "crm_objects.tickets.edit": "all",
    } == grants.levels


def test_commas_inside_labels() -> None:
    """A list separated by commas is split between permissions, not inside one."""
    cell = "Reports > Dashboard, reports, and analytics: View, CRM tools > Export: On"
    grants = read_cell(shipped.words(), cell)

    assert {"reporting.dashboards_reports_analytics": "view", "crm_tools.export": "on"} == (
        grants.levels
    )
