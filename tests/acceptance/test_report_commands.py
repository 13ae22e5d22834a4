"""Saved reports as people type them: every command a process, HubSpot over HTTP."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.support.command_line import Home, served

ADA = "ada@tiny.test"
MAIL = {"ROLECALL_NOTIFY_SMTP_HOST": "127.0.0.1", "ROLECALL_NOTIFY_SMTP_FROM": "r@acme.test"}
COLUMNS = ("--column", "email", "--column", "state")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The portal `tiny`, read, with a mail server named and an auditor."""
    with served("tiny") as emulator:
        one = Home(tmp_path_factory.mktemp("home"), MAIL)
        one.connect(emulator)
        one.run("sync", "acme")
        one.run("operator", "invite", "kim@acme.test", "--role", "auditor@acme")
        yield one


def _listed(home: Home) -> dict[str, Any]:
    """The reports there are, by title."""
    found = json.loads(home.run("report", "list", "acme", "--json").stdout)
    return {one["title"]: one for one in found}


def test_a_report_is_saved_made_and_forgotten(home: Home) -> None:
    """save, list, run by title and by the end of its id, remove; then there is none."""
    made = home.run("report", "save", "acme", "--title", "Everybody", *COLUMNS).stdout.strip()
    listed = _listed(home)["Everybody"]
    told = json.loads(home.run("report", "run", "acme", "everybody", "--json").stdout)
    again = home.run("report", "run", "acme", made[-8:]).stdout
    twice = home.run("report", "save", "acme", "--title", "Everybody").stdout.strip()
    unclear = home.run("report", "run", "acme", "Everybody", code=1).stderr
    for one in (made, twice):
        home.run("report", "remove", "acme", one)
    gone = home.run("report", "run", "acme", "Everybody", code=1).stderr

    assert (made, ["email", "state"]) == (listed["id"], listed["columns"])
    assert {"E-mail": ADA, "State": "active"} in told["items"]
    assert told["report"]["id"] == made
    assert ADA in again
    assert "2 reports are called Everybody" in unclear
    assert "There is no report Everybody" in gone


def test_a_report_is_written_as_a_file(home: Home, tmp_path: Path) -> None:
    """CSV, workbook and JSON hold the same rows; another ending is refused before anything."""
    home.run("report", "save", "acme", "--title", "Files", "--where", "state=active", *COLUMNS)
    files = {form: tmp_path / f"files.{form}" for form in ("csv", "xlsx", "json")}
    for file in files.values():
        assert (
            str(file)
            == home.run("report", "run", "acme", "Files", "--to", str(file)).stdout.strip()
        )
    piped = home.run("report", "run", "acme", "Files", "--csv").stdout
    refused = home.run("report", "run", "acme", "Files", "--to", "x.pdf", code=1).stderr
    home.run("report", "remove", "acme", "Files")

    as_csv = list(csv.reader(io.StringIO(files["csv"].read_text("utf-8-sig"))))
    sheet = load_workbook(files["xlsx"]).worksheets[0]
    as_json = json.loads(files["json"].read_text("utf-8"))
    cells = [[str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert ["E-mail", "State"] == as_csv[0]
    assert [ADA, "active"] in as_csv
    assert as_csv == list(csv.reader(io.StringIO(piped)))
    assert all(row in cells for row in as_csv)
    assert as_csv[1:] == [list(row.values()) for row in as_json["items"]]
    assert "names no form" in refused


def test_a_report_is_mailed_by_date(home: Home) -> None:
    """To operators who may look, and to nobody else; `never` ends it."""
    home.run("report", "save", "acme", "--title", "Weekly")
    mailed = ("report", "mail", "acme", "Weekly", "--every")
    home.run(*mailed, "weekly", "--to", "kim@acme.test", "--form", "xlsx")
    during = _listed(home)["Weekly"]
    stranger = home.run(*mailed, "daily", "--to", "eve@evil.test", code=1).stderr
    home.run(*mailed, "never")
    after = _listed(home)["Weekly"]

    assert ("weekly", ["kim@acme.test"], "xlsx") == (
        during["every"],
        during["recipients"],
        during["form"],
    )
    assert during["next_at"]
    assert "eve@evil.test may not look at this portal" in stranger
    assert ("", [], None) == (after["every"], after["recipients"], after["next_at"])


def test_what_cannot_be_made_is_not_saved(home: Home) -> None:
    """A filter without a value, a column nobody knows: refused with what there is."""
    bare = home.run("report", "save", "acme", "--title", "X", "--where", "idle", code=1).stderr
    odd = home.run("report", "save", "acme", "--title", "X", "--column", "shoe_size", code=1).stderr

    assert "FILTER=VALUE" in bare
    assert "shoe_size" in odd
    assert "X" not in _listed(home)
