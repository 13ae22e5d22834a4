"""Tables survive separators, encodings, spreadsheets and cuts; nothing is lost silently."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.kit.errors import Refused
from rolecall.sources.tables import read_table

cells = (
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)
    .map(str.strip)
    .filter(lambda one: not one.startswith(("'", "=")) and one != "\ufeff")
)
tables = st.lists(st.tuples(cells.filter(bool), cells, cells), min_size=1, max_size=6)


@given(
    tables,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_is_written_is_read(
    rows: list[tuple[str, ...]], separator: str, encoding: str
) -> None:
    """Every separator and encoding gives the same cells back."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerows([("id", "name", "e-mail"), *rows])
    table = read_table(out.getvalue().encode(encoding))

    assert ("id", "name", "e-mail") == table.header
    assert rows == [tuple(one.strip(" \t\ufeff\u00a0") for one in row.cells) for row in table.rows]
    assert not table.cut


def test_western_encoding() -> None:
    """A file of an old spreadsheet program keeps its umlauts."""
    assert "Jürgen" == read_table("name;x\r\nJürgen;1\r\n".encode("cp1252")).rows[0].cells[0]


def test_spreadsheet_dress_is_taken_off() -> None:
    """sep= line, quoted formulas and apostrophes are no part of the text."""
    data = b'sep=;\r\nid;name\r\n="00123";\'=Anna\r\n'

    assert ("00123", "=Anna") == read_table(data).rows[0].cells


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (b"a,b\r\n1,2\r\n", False),
        (b"a,b\r\n1,2\r\n3", True),
        (b"a,b\r\n1,2\r\n3,4", False),
        (b'a,b\r\n1,"2\r\n', True),
        (b"a,b", False),
    ],
)
def test_cut_files_are_told(data: bytes, cut: bool) -> None:
    """A file that ends within a row says so."""
    assert cut == read_table(data).cut


def test_lines_are_counted_through_long_cells() -> None:
    """A row after a cell with line breaks still has its own line number."""
    table = read_table(b'a,b\r\n"x\ny\nz",1\r\n2,3\r\n')

    assert [2, 5] == [row.line for row in table.rows]


def test_workbook() -> None:
    """A workbook is read like a CSV file, numbers as text."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["User ID", "Email"])
    book.active.append([5000001, "anna@acme.test"])
    out = io.BytesIO()
    book.save(out)

    assert ("5000001", "anna@acme.test") == read_table(out.getvalue()).rows[0].cells


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"PK\x03\x04nonsense"])
def test_no_table_at_all(data: bytes) -> None:
    """An empty or broken file is refused."""
    with pytest.raises(Refused):
        read_table(data)
