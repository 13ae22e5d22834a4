"""Files, packs, questions and elevations as people run them: output, exit codes, bad input."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.test_cli import Home, Served

WHO = "marta.horvat@acme.test"
NOT_READY = 2


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The acme portal over a socket, without limits."""
    command = [sys.executable, "-m", "hubspot_emulator", "--seed", "acme", "--limits", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("listening on ")
        token = process.stdout.readline().strip().removeprefix("token ")
        yield Served(url, token)
        process.terminate()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, served: Served) -> Home:
    """A home whose portal is synced and whose export was imported."""
    one = Home(tmp_path_factory.mktemp("permissions"))
    one.connect(served)
    one.run("sync", "acme")
    told = one.run("export", "import", "acme", str(fetched(one, served)), "--json")
    assert not json.loads(told.stdout)["warnings"]
    return one


def fetched(home: Home, served: Served, query: str = "") -> Path:
    """A users export, downloaded."""
    path = home.path / f"users{query}.csv".replace("=", "-")
    with urllib.request.urlopen(f"{served.url}/_emulator/users-export.csv?{query}") as answer:
        path.write_bytes(answer.read())
    return path


def test_files_that_are_none(home: Home, served: Served, tmp_path: Path) -> None:
    """Another portal's, not an export, a day that is none, a broken mapping: one line each."""
    nonsense = tmp_path / "nonsense.csv"
    nonsense.write_text("a,b\n1,2\n", "utf-8")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("Assigned role: jugglers\n", "utf-8")
    good = str(fetched(home, served))
    foreign = home.run(
        "export", "import", "acme", str(fetched(home, served, "foreign=yes")), code=1
    )
    none = home.run("export", "import", "acme", str(nonsense), code=1)
    day = home.run("export", "import", "acme", good, "--as-of", "yesterday", code=1)
    odd = home.run("export", "import", "acme", good, "--mapping", str(mapping), code=1)

    assert "another portal" in foreign.stderr
    assert "no users export" in none.stderr
    assert "--as-of" in day.stderr
    assert "names no column" in odd.stderr
    assert "Traceback" not in foreign.stderr + none.stderr + day.stderr + odd.stderr


def test_pack_check_tells_by_exit_code(home: Home) -> None:
    """0 when the one asked for is ready, 2 when not; JSON has e-mail and verdict of each."""
    ready = home.run("pack", "check", "acme", "8x8", "--user", "agent.ready@acme.test", "--json")
    missing = home.run(
        *("pack", "check", "acme", "8x8", "--user", "agent.boxless@acme.test"), code=NOT_READY
    )
    everybody = home.run("pack", "check", "acme", "8x8", "--json", code=NOT_READY)
    verdicts = {one["email"]: one["verdict"] for one in json.loads(everybody.stdout)["users"]}

    assert ["ready"] == [one["verdict"] for one in json.loads(ready.stdout)["users"]]
    assert "tick Unassigned" in missing.stdout
    assert {"ready", "missing", "over-privileged"} == set(verdicts.values())
    assert "stefan.wolf@acme.test" not in verdicts
    home.run("pack", "check", "acme", "no-such-pack", code=1)


def test_packs_begin_as_a_template(home: Home, tmp_path: Path) -> None:
    """What `pack init` prints can be checked at once; mistakes are told with line and column."""
    mine = tmp_path / "dialer.yaml"
    mine.write_text(home.run("pack", "init", "dialer").stdout, "utf-8")
    listed = json.loads(home.run("pack", "list", "--from", str(tmp_path), "--json").stdout)
    home.run("pack", "check", "acme", str(mine), code=NOT_READY)
    mine.write_text(mine.read_text("utf-8").replace("contacts.view", "contacts.juggle"), "utf-8")
    broken = home.run("pack", "check", "acme", str(mine), code=1)

    assert {"8x8", "dialer"} <= {one["pack"] for one in listed}
    assert "line" in broken.stderr
    assert "juggle" in broken.stderr


def test_questions(home: Home, tmp_path: Path) -> None:
    """Why, who can, compare and the matrix in three formats."""
    why = json.loads(
        home.run("user", "why", "acme", "paula.weber@acme.test", "export contacts", "--json").stdout
    )
    can = json.loads(home.run("user", "who-can", "acme", "bulk delete", "--json").stdout)
    same = home.run("user", "compare", "acme", WHO, "ben.osei@acme.test", "--set", "Exporter")
    files = {kind: tmp_path / f"matrix.{kind}" for kind in ("csv", "xlsx", "html")}
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    home.run("user", "matrix", "acme", *options)
    open_phrase = home.run("user", "why", "acme", WHO, "templates", code=1)

    assert ("no", True) == (why["can"], bool(why["options"]))
    assert ["users export of"] == [one[:15] for one in why["evidence"]]
    assert "lars.lindqvist@acme.test" in can["can"]
    assert "set Exporter" in same.stdout
    assert "several permissions" in open_phrase.stderr
    assert files["csv"].read_text("utf-8-sig").startswith("user id,email")
    assert b"PK" == files["xlsx"].read_bytes()[:2]
    assert "<script" not in files["html"].read_text("utf-8")


def test_elevate_and_return(home: Home) -> None:
    """Raised by one command, taken back by another, proved in the list."""
    raised = home.run("user", "elevate", "acme", WHO, "8x8", "--for", "90m", "--apply", "--yes")
    running = json.loads(home.run("user", "elevations", "acme", "--json").stdout)
    back = home.run("user", "elevate", "acme", WHO, "--return", "--apply", "--yes")
    after = json.loads(home.run("user", "elevations", "acme", "--json").stdout)
    never = home.run("user", "elevate", "acme", WHO, "8x8", "--for", "soon", code=1)

    assert "done" in raised.stdout
    assert ["running"] == [one["state"] for one in running]
    assert ["returned"] == [one["state"] for one in after]
    assert "proved by snapshots" in back.stderr
    assert "no length" in never.stderr


def test_permission_sets(home: Home) -> None:
    """Shown, changed by a task with a preview, listed with the words of the screens."""
    shown = home.run("set", "show", "acme", "Exporter")
    changed = home.run("set", "change", "acme", "Exporter", "--take", "export")
    catalogue = json.loads(home.run("set", "permissions", "export", "--json").stdout)
    never = home.run("set", "change", "acme", "Exporterr", "--take", "export", code=1)

    assert "Contacts > View" in shown.stdout
    assert "Export off" in changed.stdout
    assert "lose Export" in changed.stderr
    assert ["crm_tools.export"] == [one["id"] for one in catalogue["permissions"]]
    assert "did you mean" in never.stderr


def test_the_matrix_as_a_table(home: Home) -> None:
    """Named columns as a table with its key, everything as JSON, everything as CSV on stdout."""
    table = home.run("user", "matrix", "acme", "--permission", "export").stdout
    told = json.loads(home.run("user", "matrix", "acme", "--json").stdout)
    lines = home.run("user", "matrix", "acme", "--csv", "-").stdout.splitlines()

    assert "1  Export  (crm_tools.export)" in table
    assert len(told) == len(lines) - 1
    assert any("on" == one["permissions"].get("crm_tools.export") for one in told)


def test_the_app_of_a_pack(home: Home) -> None:
    """Named, listed, forgotten."""
    home.run("pack", "app", "acme", "8x8", "990", "--scope", "crm.objects.contacts.read")
    named = json.loads(home.run("pack", "apps", "acme", "--json").stdout)
    home.run("pack", "app", "acme", "8x8", "990", "--forget")
    left = json.loads(home.run("pack", "apps", "acme", "--json").stdout)

    assert ["990"] == [one["app_id"] for one in named]
    assert "990" not in {one["app_id"] for one in left}


def test_seats(home: Home) -> None:
    """Cost as a range, a queue with reasons and doubt."""
    told = json.loads(home.run("user", "seats", "acme", "--json").stdout)

    assert told["seats"]
    assert all(one["reason"] for one in told["reclaim"])
