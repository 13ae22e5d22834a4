"""Output that is safe in spreadsheets and lines up in terminals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rolecall.cli.output import ago, aligned, fitting, shown, width_of
from rolecall.kit.cells import FORMULA_STARTS, unformulated

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@given(st.text())
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever a person is called, no spreadsheet runs it."""
    assert not unformulated(text).startswith(FORMULA_STARTS)


@given(st.lists(st.text(alphabet="aé梅소̈ ", max_size=9), min_size=1, max_size=5))
def test_columns_line_up(cells: list[str]) -> None:
    """The second column starts at the same place in every line."""
    lines = aligned(("name", "x"), [(cell, "|") for cell in cells])
    places = {width_of(line[: line.index("|")]) for line in lines if "|" in line}

    assert 1 == len(places)


def test_values_read_well() -> None:
    """Nothing for None, words for yes and no, commas for lists, minutes for times."""
    assert ["", "yes", "a, b", "2026-11-20 12:00"] == [
        shown(one) for one in (None, True, ("a", "b"), NOW)
    ]


def test_ages_use_the_largest_unit() -> None:
    """An age is told in the unit a person would use."""
    told = [ago(NOW - timedelta(seconds=s), NOW) for s in (5, 120, 7_200, 200_000)]

    assert ["just now", "2 minutes ago", "2 hours ago", "2 days ago"] == told


def test_columns_give_way_in_order() -> None:
    """Only spare columns are left out, and only as long as the rest has no room."""
    header = ("subject", "finding", "rule", "id")
    rows = [["somebody@acme.test", "holds several permission sets", "permission-sets.several", "9"]]
    spare = ("rule", "id")

    assert [0, 1, 2, 3] == fitting(header, rows, spare, 100)
    assert [0, 1, 3] == fitting(header, rows, spare, 60)
    assert [0, 1] == fitting(header, rows, spare, 20)
