"""The users export in every condition: readable back where it is whole."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_emulator.building import create_world
from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.granular.access import stored
from hubspot_emulator.granular.columns import HEADERS
from hubspot_emulator.granular.export import (
    ENCODINGS,
    LIST_SEPARATORS,
    SEPARATORS,
    ExportOptions,
    users_export,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
WORLD = create_world(seed="acme", clock=EmulatorClock(frozen=NOW))
PORTAL = next(iter(WORLD.portals.values()))


def _read(options: ExportOptions) -> list[dict[str, str]]:
    text = users_export(WORLD, PORTAL, options).decode(ENCODINGS[options.encoding])
    separator = SEPARATORS[options.separator]
    return [*csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)]


options = st.builds(
    ExportOptions,
    separator=st.sampled_from(sorted(SEPARATORS)),
    encoding=st.sampled_from(["utf-8", "bom", "utf-16"]),
    language=st.sampled_from(sorted(HEADERS)),
    lists=st.sampled_from(sorted(LIST_SEPARATORS)),
    order=st.sampled_from(["as_documented", "reversed", "shuffled"]),
    deactivated=st.booleans(),
    seats=st.booleans(),
    unknown_columns=st.integers(0, 200),
)


class TestWholeFiles:
    @given(options)
    @settings(max_examples=25, deadline=None)
    def test_every_member_is_in_it_whatever_it_looks_like(self, chosen: ExportOptions) -> None:
        """Ids and addresses come back from any mixture of variants."""
        header = HEADERS[chosen.language]
        rows = _read(chosen)

        assert {row[header["id"]] for row in rows} == {str(one) for one in PORTAL.members}
        assert all("@" in row[header["email"]] for row in rows)

    def test_permissions_are_those_stored(self) -> None:
        """With ids and semicolons, each cell is the user's permissions exactly."""
        for row in _read(ExportOptions(permissions="ids")):
            member = PORTAL.members[int(row["User ID"])]
            cell = row["Permissions"]
            held = dict(one.split("=") for one in cell.split("; ")) if cell else {}

            assert stored(PORTAL, member) == held

    def test_labels_are_unambiguous(self) -> None:
        """As many tokens as permissions, each with its place in the screens."""
        rows = {row["Email"]: row for row in _read(ExportOptions(lists="newline"))}
        cell = rows["agent.ready2@acme.test"]["Permissions"].splitlines()

        assert "CRM objects > Contacts > Edit: Their team's contacts + Unassigned" in cell
        assert "Marketing > Marketing email: Publish" in cell
        assert len(cell) == len(set(cell)) == 8

    def test_wide_layout_has_a_column_per_permission(self) -> None:
        """One cell per permission, and Super Admin as a column."""
        rows = {row["Email"]: row for row in _read(ExportOptions(layout="wide"))}

        assert rows["lars.lindqvist@acme.test"]["Super Admin"] == "Yes"
        assert rows["grace.wanjiru@acme.test"]["CRM tools > Export"] == "On"
        assert rows["paula.weber@acme.test"]["CRM tools > Export"] == ""


class TestBadFiles:
    def test_cut_in_the_middle(self) -> None:
        """A truncated file ends within a row."""
        whole = users_export(WORLD, PORTAL, ExportOptions())
        cut = users_export(WORLD, PORTAL, ExportOptions(truncated=True))

        assert whole.startswith(cut)
        assert not cut.endswith(b"\r\n")

    def test_saved_by_a_spreadsheet_program(self) -> None:
        """A separator line, semicolons, dates as a German office program writes them."""
        raw = users_export(WORLD, PORTAL, ExportOptions(spreadsheet=True, encoding="cp1252"))
        lines = raw.decode("cp1252").splitlines()

        assert lines[0] == "sep=;"
        assert lines[1].startswith("User ID;First name")
        assert any(";31.10.2026 " in line for line in lines)
        assert "?" in raw.decode("cp1252")  # letters the code page does not have

    def test_of_another_portal(self) -> None:
        """Nobody in it is known here."""
        rows = _read(ExportOptions(foreign=True))

        assert not {int(row["User ID"]) for row in rows} & set(PORTAL.members)

    def test_of_last_year(self) -> None:
        """Who came later is missing, and nobody signed in after that day."""
        day = NOW - timedelta(days=365)
        rows = _read(ExportOptions(as_of=day))

        assert 0 < len(rows) < len(PORTAL.members)
        assert max(row["Last login date"] for row in rows) <= f"{day:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("language", sorted(HEADERS))
def test_headers_of_a_language_are_distinct(language: str) -> None:
    """No two columns of one language share a name."""
    names = [*HEADERS[language].values()]

    assert len(names) == len(set(names))
