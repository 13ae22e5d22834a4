"""Further doors a newcomer may take: OAuth without a browser, PostgreSQL, HubSpot's API, bad disks."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.command_line import Home, Served, served

SCRIPT = Path(__file__).parents[2] / "docs/examples/users_api.py"
FULL = 60_000  # bytes a file may grow to: less than a sync writes
APP = {
    "client_id": "00000000-0000-4000-8000-00000000a001",
    "client_secret": "00000000-0000-4000-8000-00000000b001",
    "scopes": ["oauth", "settings.users.read", "crm.objects.users.read"],
}


@pytest.fixture(scope="module", name="served")
def _served() -> Iterator[Served]:
    """The tiny portal over a socket, without limits."""
    with served("tiny") as emulator:
        yield emulator


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A fresh home."""
    return Home(tmp_path / "home")


def test_oauth_without_a_browser(home: Home, served: Served, tmp_path: Path) -> None:
    """The admin opens the printed address on any machine that leads back here; then it syncs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        redirect = f"http://127.0.0.1:{free.getsockname()[1]}/oauth/callback"
    served.control("POST", "apps", {"id": 3100001, "redirect_uris": [redirect], **_scopes()})
    file = tmp_path / "app.json"
    file.write_text(json.dumps({**APP, "redirect_uri": redirect}), encoding="utf-8")
    bases = ("--api-base", served.url, "--authorize-base", served.url)
    process = home.start("portal", "add", "acme", "--oauth-app", str(file), *bases)
    assert process.stderr is not None
    address = next(line for line in process.stderr if "/oauth/authorize?" in line).strip()
    query = urllib.parse.urlsplit(address).query + "&decision=grant"
    with urllib.request.urlopen(f"{served.url}/oauth/authorize", query.encode()) as page:
        told = page.read().decode()
    out, _ = process.communicate(timeout=30)
    synced = json.loads(home.run("sync", "acme", "--json").stdout)

    assert (0, "Done.") == (process.returncode, told[told.index("Done.") :][:5])
    assert "oauth 3100001 of root@tiny.test" in out
    assert "without it last log-ins and who changed what are unknown" in out
    assert synced["complete"]
    assert any("settings.billing.write" in gap for gap in synced["gaps"])


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_the_first_day_on_postgresql(home: Home, served: Served, database_url: str) -> None:
    """Connect, sync and ask, with the state on a server."""
    there = Home(home.path, {"ROLECALL_DATABASE_URL": database_url})
    there.connect(served)
    synced = json.loads(there.run("sync", "acme", "--json").stdout)

    assert (True, len(there.users())) == (synced["complete"], synced["users"])
    assert there.run("finding", "list", "acme", code=2).stdout


def test_a_full_disk_loses_nothing(home: Home, served: Served) -> None:
    """A disk that fills up during a sync is named with the way out; with room again, all is well."""
    home.connect(served)
    full = subprocess.run(
        home.command("sync", "acme"),
        env=home.environment,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (FULL, FULL)),
    )
    told = json.loads(home.run("sync", "acme", "--json").stdout)

    assert 1 == full.returncode
    assert "error: The disk under" in full.stderr
    assert "hint: " in full.stderr
    assert (True, 5) == (told["complete"], len(home.users()))


def _file(path: Path) -> None:
    path.write_text("", encoding="utf-8")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


BAD_PLACES: dict[str, tuple[Callable[[Path], None], str]] = {
    ".": (_file, "is a file, not a directory"),
    "rolecall.key": (Path.mkdir, "Cannot read the key file"),
    "rolecall.db": (Path.mkdir, "rolecall.db: Is a directory"),
    "config.toml": (_loop, "config.toml: Too many levels of symbolic links"),
}


@pytest.mark.parametrize("name", BAD_PLACES)
def test_a_home_that_cannot_be_used(home: Home, name: str) -> None:
    """One sentence that names the place, and the way out; nothing is made elsewhere."""
    make, words = BAD_PLACES[name]
    (home.path if name != "." else home.path.parent).mkdir(parents=True, exist_ok=True)
    make(home.path if name == "." else home.path / name)
    for command in (("portal", "list"), ("sync",), ("worker",), ("key", "rotate")):
        told = home.run(*command, code=1).stderr.splitlines()

        assert words in told[0]
        assert ["error: ", "hint: "] == [line.partition(" ")[0] + " " for line in told]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_whose_owner_may_not_write(home: Home) -> None:
    """What takes the permission back is in the hint."""
    home.path.mkdir()
    home.path.chmod(0o500)

    assert f"chmod 700 {home.path}" in home.run("portal", "list", code=1).stderr


def test_settings_that_cannot_be_read(home: Home) -> None:
    """A database address that is none, and bytes for a config file, are named."""
    elsewhere = Home(home.path, {"ROLECALL_DATABASE_URL": "my secret"})
    told = elsewhere.run("portal", "list", code=1).stderr
    (home.path / "config.toml").write_bytes(b"\xff\xfe")

    assert "ROLECALL_DATABASE_URL is no address of a database" in told
    assert "my secret" not in told
    assert "config.toml: no UTF-8 text" in home.run("portal", "list", code=1).stderr


def test_an_output_without_room(home: Home) -> None:
    """A full disk behind stdout, or behind a file to write, is told as what it is."""
    with Path("/dev/full").open("w") as full:
        listed = subprocess.run(
            home.command("pack", "list", "--json"),
            env=home.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert 1 == listed.returncode
    assert "error: Cannot write the answer: No space left on device" in listed.stderr
    assert "hint: free some space" in listed.stderr
    assert "Exception" not in listed.stderr


def test_the_guides_script_works(served: Served) -> None:
    """List, batch read, search by any property and PATCH, with the names guides use."""
    listed = _script(served, "list").splitlines()
    record = listed[1].split()[0]
    changed = _script(served, "set", record, "jobtitle=Head of Sales")

    assert any("<root@tiny.test>" in line for line in listed)
    assert "Head of Sales" in changed
    assert changed == _script(served, "read", record)
    assert changed == _script(served, "search", "jobtitle=Head of Sales")


@pytest.mark.parametrize(
    ("token", "words"), [("pat-na1-nobody", "check the token"), ("", "lacks a scope")]
)
def test_the_guides_script_explains_refusals(served: Served, token: str, words: str) -> None:
    """401 speaks of the token, 403 of scopes, with HubSpot's own words below."""
    poor = served.control("POST", "tokens", {"kind": "service_key", "scopes": ["oauth"]})["token"]

    assert words in _script(served, "list", token=token or poor, code=1)


def _scopes() -> dict[str, list[str]]:
    return {"scopes": APP["scopes"], "optional_scopes": []}  # type: ignore[dict-item]


def _script(served: Served, *words: str, token: str = "", code: int = 0) -> str:
    """What the documented script prints."""
    known = {"HUBSPOT_API_BASE": served.url, "HUBSPOT_TOKEN": token or served.token}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words],
        env={**os.environ, **known},
        capture_output=True,
        text=True,
    )
    assert code == done.returncode, done.stderr
    return done.stdout if code == 0 else done.stderr
