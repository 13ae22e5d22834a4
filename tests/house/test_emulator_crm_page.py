"""docs/emulator-crm.md against the code: switches with their answers, object types."""

from __future__ import annotations

import re
from pathlib import Path

from hubspot_emulator.crm.kinds import KINDS
from hubspot_emulator.switches import SWITCHES

PAGE = Path(__file__).parents[2] / "docs" / "emulator-crm.md"
CRM_SWITCHES = (
    "search_lag",
    "search_filters",
    "search_unset",
    "cleared_value",
    "user_display_properties",
    "archived_owner_user",
    "archived_owner_gets_records",
    "crm_user_create",
)


def _table() -> dict[str, list[str]]:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: [answer.strip() for answer in answers.split(",")] for name, answers in rows}


def test_the_page_lists_every_crm_switch() -> None:
    """Every switch of this room is in the table, with all answers, the default first."""
    known = {switch.name: switch for switch in SWITCHES}
    expected = {
        name: [
            known[name].default,
            *(a for a in known[name].answers if a != known[name].default),
        ]
        for name in CRM_SWITCHES
    }

    assert _table() == expected


def test_the_page_names_every_object_type() -> None:
    """Every type the emulator serves is named with its id."""
    text = PAGE.read_text(encoding="utf-8")

    assert [kind.name for kind in KINDS if f"`{kind.name}`" not in text] == []
    assert [kind.type_id for kind in KINDS if f"`{kind.type_id}`" not in text] == []
