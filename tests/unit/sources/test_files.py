"""Users exports, permission histories and people lists, treated well and badly."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rolecall.kit.errors import Refused
from rolecall.sources import shipped
from rolecall.sources.people_files import read_people
from rolecall.sources.permission_history import read_permission_history
from rolecall.sources.users_export import ExportReading, parse_moment, read_users_export

WORDS = shipped.words()
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def export(text: str, **options: object) -> ExportReading:
    """A users export from this text."""
    return read_users_export(text.encode(), WORDS, as_of=NOW, **options)  # type: ignore[arg-type]


class TestUsersExport:
    def test_unknown_columns_and_tokens_are_kept(self) -> None:
        """What nobody knows stands beside the record as it was."""
        reading = export(
            "User ID,Email,Permissions,Shoe size\r\n"
            "5000001,Anna@acme.test,CRM tools > Export: On; Mind > Reading: All,42\r\n"
        )
        (record,) = reading.records

        assert {"crm_tools.export": "on"} == record.grants
        assert ("Mind > Reading: All",) == record.unknown
        assert {"Shoe size": "42"} == record.extra
        assert ("Shoe size",) == reading.unknown_columns
        assert {"Mind > Reading: All": 1} == reading.unknown_tokens
        assert frozenset({"crm_tools.export"}) == record.speaks_of

    def test_rows_that_make_no_sense_are_told(self) -> None:
        """Rows without identity, and rows that do not fit, are named with their line."""
        reading = export(
            "User ID,Email,Permissions\r\n,nobody,\r\n5000001,a@acme.test\r\n5000002,b@acme.test,\r\n"
        )

        assert ["5000002"] == [one.user_id for one in reading.records]
        assert [2, 3] == [one.line for one in reading.problems]

    def test_headers_nobody_knows(self) -> None:
        """Columns are found by what is in them; a mapping beats everything."""
        found = export("alpha,beta,gamma\r\n5000001,a@acme.test,crm_tools.export=on\r\n")
        told = export(
            "alpha,beta\r\n5000001,a@acme.test\r\n", mapping={"alpha": "user_id", "beta": "email"}
        )

        assert {"crm_tools.export": "on"} == found.records[0].grants
        assert "5000001" == told.records[0].user_id

    def test_mangled_ids_fall_back_to_the_address(self) -> None:
        """An id a spreadsheet rounded is no id; the e-mail still tells who it is."""
        (record,) = export("User ID,Email,Permissions\r\n5.0E+06,a@acme.test,\r\n").records

        assert ("", "a@acme.test") == (record.user_id, record.email)

    def test_cut_cell_is_incomplete(self) -> None:
        """A cell as long as a spreadsheet keeps may hide what was cut."""
        long = "CRM tools > Export: On; " + "x" * 32_744
        (record,) = export(f"User ID,Email,Permissions\r\n5000001,a@acme.test,{long}\r\n").records

        assert not record.complete

    def test_names_with_separators(self) -> None:
        """A set whose name holds the separator is put together again."""
        text = 'User ID,Email,Permission set\r\n5000001,a@acme.test,"Sales, EMEA, Exporter"\r\n'
        (record,) = export(text, known_sets=["Sales, EMEA", "Exporter"]).records

        assert ("Sales, EMEA", "Exporter") == record.sets

    def test_no_export_at_all(self) -> None:
        """A file without anybody in it is refused, with what was found."""
        with pytest.raises(Refused, match="no users export") as raised:
            export("fruit,colour\r\napple,red\r\n")
        assert "fruit" in str(raised.value.hint)


def test_permission_history() -> None:
    """Lines given and taken, with unreadable ones told."""
    data = (
        b"User,Permission,Action,Updated by,Date\r\n"
        b"A@acme.test,CRM tools > Export,Create,lars@acme.test,2026-10-01 09:00\r\n"
        b"a@acme.test,CRM tools > Import,Delete,lars@acme.test,2026-10-02 09:00\r\n"
        b"a@acme.test,Mind > Reading,Create,lars@acme.test,2026-10-02 09:00\r\n"
        b"a@acme.test,CRM tools > Import,Pondered,lars@acme.test,2026-10-02 09:00\r\n"
    )
    reading = read_permission_history(data, WORDS)

    assert [("crm_tools.export", True), ("crm_tools.import", False)] == [
        (one.permission_id, one.given) for one in reading.lines
    ]
    assert [4, 5] == [one.line for one in reading.problems]
    with pytest.raises(Refused, match="no column for user"):
        read_permission_history(b"x,y\r\n1,2\r\n", WORDS)


PEOPLE = (
    "Employee ID;Vorname;Nachname;E-Mail;Abteilung;Employment type;End date;Desk\r\n"
    "17;Änne;Böhm;Aenne.Boehm@acme.test;Sales;Full-time;;A1\r\n"
    "18;Kim;Lee;kim@acme.test;Ops;Freelancer;31.03.2027;\r\n"
    "19;No;Mail;none;Ops;;;\r\n"
    "17;Twice;Told;other@acme.test;;;;\r\n"
)


class TestPeople:
    def test_columns_and_kinds(self) -> None:
        """Fields by header in any language, contractors by type, the rest as attributes."""
        reading = read_people(PEOPLE.encode("cp1252"), source="hr")
        anne, kim = reading.people

        assert ("17", "Änne", "employee") == (anne.source_key, anne.first_name, anne.employment)
        assert ("contractor", date(2027, 3, 31)) == (kim.employment, kim.ends_on)
        assert {"Desk": "A1"} == anne.attributes
        assert [4, 5] == [one.line for one in reading.problems]

    def test_mapping(self) -> None:
        """A mapping names columns nobody would guess."""
        data = b"Kontakt,Einheit\r\na@acme.test,Sales\r\n"
        (person,) = read_people(data, source="hr", mapping={"Einheit": "department"}).people

        assert "Sales" == person.department

    def test_half_a_file_is_refused(self) -> None:
        """Fewer than half of those known is no news about leavers, unless somebody says so."""
        with pytest.raises(Refused, match="before it were 10"):
            read_people(PEOPLE.encode(), source="hr", known_before=10)
        assert read_people(PEOPLE.encode(), source="hr", known_before=10, accept_shrink=True).people
        with pytest.raises(Refused, match="ends within"):
            read_people(PEOPLE.encode()[:-20], source="hr")

    def test_left(self) -> None:
        """A status of leaving is read as left."""
        data = b"email,status\r\na@acme.test,Terminated\r\nb@acme.test,Active\r\n"

        assert [True, False] == [one.left for one in read_people(data, source="hr").people]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-20 12:00", 20),
        ("20.11.2026", 20),
        ("2026-11-20T12:00:00Z", 20),
        ("11/20/26", None),
    ],
)
def test_moments(text: str, day: int | None) -> None:
    """Dates are read only where their order is certain."""
    found = parse_moment(text)

    assert day == (found.day if found else None)
