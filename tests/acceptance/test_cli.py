"""The command line as people run it: processes, kills, rivals, bad input."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import Home, Served, served


@pytest.fixture(scope="module", name="served")
def _served() -> Iterator[Served]:
    """The acme portal over a socket, without limits."""
    with served() as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def _calm(served: Served) -> Iterator[None]:
    """Each test begins and ends without faults."""
    yield
    served.control("DELETE", "faults")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A fresh home."""
    return Home(tmp_path / "home")


def test_a_first_day(home: Home, served: Served) -> None:
    """Connect, sync, list, show, history, findings: data on stdout, exit codes as promised."""
    home.connect(served)
    synced = json.loads(home.run("sync", "acme", "--json").stdout)
    shown = json.loads(home.run("user", "show", "acme", "ben.osei@acme.test", "--json").stdout)
    past = json.loads(home.run("user", "history", "acme", "ben.osei@acme.test", "--json").stdout)
    found = json.loads(home.run("finding", "list", "acme", "--json", code=2).stdout)
    csv = home.run("user", "list", "acme", "--several-sets", "--csv").stdout

    promised = {"portal", "users", "permission_sets", "teams", "seats", "requests", "seconds"}
    assert promised | {"complete", "changes"} <= set(synced)
    assert (149, True) == (synced["users"], synced["complete"])
    assert ["Exporter", "Sales Rep"] == sorted(shown["user"]["permission_sets"])
    assert 1 == len(past)
    assert {"records.owner-gone", "super-admin.sprawl"} <= {one["rule"] for one in found}
    assert "ben.osei@acme.test" in csv


@pytest.mark.parametrize("requests_before", [2, 8, 14])
def test_a_killed_sync_is_continued(home: Home, served: Served, requests_before: int) -> None:
    """Killed after some requests, the next sync ends with the same picture as an undisturbed one."""
    undisturbed = Home(home.path.parent / "other")
    undisturbed.connect(served)
    undisturbed.run("sync", "acme")
    home.connect(served)
    served.control("DELETE", "requests")
    served.control("POST", "faults", {"kind": "slow", "operation": "*", "seconds": 0.4})
    process = home.start("sync", "acme")
    deadline = time.monotonic() + 30
    while served.requests() < requests_before and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    served.control("DELETE", "faults")

    told = json.loads(home.run("sync", "acme", "--json").stdout)

    assert told["complete"]
    assert undisturbed.users() == home.users()


def test_two_syncs_at_once_are_one(home: Home, served: Served) -> None:
    """The second waits for the first and reports its run; the portal is read once."""
    home.connect(served)
    served.control("DELETE", "requests")
    served.control("POST", "faults", {"kind": "slow", "operation": "*", "seconds": 0.2})
    processes = [home.start("sync", "acme", "--json") for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in processes]
    served.control("DELETE", "faults")

    assert [0, 0] == [process.returncode for process in processes], outputs
    told = [json.loads(out) for out, _ in outputs]
    assert 1 == len({one["snapshot"] for one in told})
    assert 1 == sum(one["followed"] is not None for one in told)


@pytest.mark.parametrize("kind", ["html_200", "502_html", "half_answer", "empty_body", "cut"])
def test_a_stumbling_portal_is_read_all_the_same(home: Home, served: Served, kind: str) -> None:
    """One bad answer is asked again; nothing is lost."""
    home.connect(served)
    served.control("POST", "faults", {"kind": kind, "operation": "users.list", "times": 1})

    told = json.loads(home.run("sync", "acme", "--json").stdout)

    assert (149, True) == (told["users"], told["complete"])


def test_a_wrong_token_says_what_to_do(home: Home, served: Served, tmp_path: Path) -> None:
    """A token HubSpot does not know is an error with a hint and no traceback."""
    wrong = tmp_path / "wrong"
    wrong.write_text("pat-na1-nobody\n", encoding="utf-8")
    done = home.run(
        *("portal", "add", "acme", "--token-file", str(wrong), "--api-base", served.url), code=1
    )

    assert "error: " in done.stderr
    assert "hint: check the token" in done.stderr
    assert "Traceback" not in done.stderr
    assert "pat-na1-nobody" not in done.stderr


def test_without_a_token_the_clicks_are_told(home: Home) -> None:
    """`portal add NAME` alone explains service keys first, and fails."""
    told = home.run("portal", "add", "acme", code=1).stderr

    assert told.index("Service keys") < told.index("Private Apps")


def test_a_second_name_for_a_portal_is_refused(home: Home, served: Served) -> None:
    """The same hub id is connected once."""
    home.connect(served)
    key = str(home.path / "token.txt")
    done = home.run(
        *("portal", "add", "again", "--token-file", key, "--api-base", served.url), code=1
    )

    assert "connected already, as acme" in done.stderr
    gone = json.loads(home.run("portal", "remove", "acme", "--yes", "--json").stdout)
    assert ("acme", True) == (gone["name"], gone["removed"])


def test_an_unwritable_home_is_told(tmp_path: Path) -> None:
    """A home that cannot be made is named, with the way out."""
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    done = Home(blocked / "home").run("portal", "list", code=1)

    assert str(blocked) in done.stderr
    assert "hint: set ROLECALL_HOME" in done.stderr


def test_reading_goes_on_while_somebody_writes(home: Home, served: Served) -> None:
    """A locked database does not keep anybody from looking."""
    home.connect(served)
    home.run("sync", "acme")
    locker = sqlite3.connect(home.path / "rolecall.db", isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    try:
        assert 149 == len(home.users())
    finally:
        locker.close()


def test_misspelt_commands_are_guessed(home: Home) -> None:
    """Usage errors exit with 1 and name what was probably meant."""
    done = home.run("protal", "list", code=1)

    assert "portal" in done.stderr


def test_the_demo_explains_a_portal() -> None:
    """`rolecall demo --once` prints who is there, what they hold, what is wrong, and exits 0."""
    done = Home(Path("unused")).run("demo", "--once")

    for part in ("Who is there", "What they hold", "What is wrong", "mend:", "why:"):
        assert part in done.stdout
    assert "super-admin.sprawl" in done.stdout
