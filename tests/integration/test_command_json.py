"""`--json` of each command that acts: one JSON document on stdout that says what happened."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rolecall.cli import run
from tests.support.command_line import Home, Served, served

KIM = "kim@acme.test"
APP = json.dumps({"client_id": "c-1", "client_secret": "s", "scope": "oauth", "redirect_uri": ""})
PEOPLE = "name,email\nBen Brown,ben.brown@acme.test\n"
URL = "https://hooks.example.com/rolecall"
_NAMED = re.compile(r"{(\w+)}")


@dataclass
class Desk:
    """One home with a portal, and what earlier commands answered, by name."""

    home: Path
    captured: pytest.CaptureFixture[str]
    known: dict[str, Any] = field(default_factory=dict)

    def asked(self, line: str, code: int = 0) -> Any:
        """The document a command line prints; `{name}` stands for something known."""
        words = [_NAMED.sub(lambda m: str(self.known[m[1]]), word) for word in line.split()]
        self.captured.readouterr()
        left = run([*words, "--json"])
        out, err = self.captured.readouterr()
        assert (code, True) == (left, bool(out)), f"{line}: {err}"
        return json.loads(out)


@dataclass(frozen=True)
class Step:
    """A command and what its answer says; `keep` names parts of it for later ones."""

    line: str
    says: dict[str, Any] = field(default_factory=dict)
    keep: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    code: int = 0


STEPS = (
    Step("user owner acme dee@tiny.test it@acme.test --pack 8x8",
         {"user": "dee@tiny.test", "owner": "it@acme.test", "pack": "8x8"}),
    Step("access dump acme", keep={"dump": lambda told: told["text"]}),
    Step("user change acme dee@tiny.test --team Sales", keep={"plan": lambda told: told["id"]}),
    Step("plan approve {plan}", {"state": "approved"}),
    Step("plan apply {plan} --no-wait", {"state": "applying"}),
    Step("plan pause {plan} --reason lunch", {"state": "paused", "message": "lunch"}),
    Step("plan cancel {plan} --reason no", {"state": "cancelled", "message": "no", "changes": 1}),
    Step("people import {home}/people.csv", {"people": 1}),
    Step("people link acme ben@tiny.test ben.brown@acme.test", {"situation": "linked"}),
    Step("task list acme", keep={"task": lambda told: told[0]["id"]}),
    Step("task done {task} --drop --reason no", {"state": "dropped"}),
    Step("pack app acme 8x8 1178801 --scope oauth",
         {"app_id": "1178801", "pack": "8x8", "scopes": ["oauth"], "learned_from": None}),
    Step("pack app acme 8x8 1178801 --forget",
         {"app_id": "1178801", "pack": "8x8", "forgotten": True}),
    Step("pack init dialer --vendor Ring", keep={"pack": lambda told: told["text"]}),
    Step("export two-factor acme required", {"holds": True}),
    Step("export attest acme", keep={"sets": lambda told: told["text"]}),
    Step("operator first", keep={"first": lambda told: told["link"]}),
    Step(f"operator invite {KIM} --role reviewer",
         {"email": KIM, "roles": {"0": ["reviewer"]}}, {"invited": lambda told: told["link"]}),
    Step(f"operator link {KIM} --user kim", {"email": KIM, "local_user": "kim"}),
    Step(f"operator roles {KIM} --role auditor --role reviewer",
         {"roles": {"0": ["auditor", "reviewer"]}}),
    Step(f"operator disable {KIM}", {"email": KIM, "disabled": True}),
    Step(f"operator enable {KIM}", {"email": KIM, "disabled": False}),
    Step(f"operator password-link {KIM}", {"email": KIM}, {"again": lambda told: told["link"]}),
    Step(f"review open acme --title Q4 --fallback {KIM}", keep={"review": lambda told: told["id"]}),
    Step("review items {review}", keep={
        "first_item": lambda told: told[0]["id"], "second_item": lambda told: told[1]["id"],
    }),
    Step("review decide {review} {first_item} --revoke --comment left",
         keep={"verdict": lambda told: [one["verdict"] for one in told["items"]]}),
    Step("review delegate {review} {second_item} --to ada@tiny.test",
         keep={"reviewer": lambda told: [one["reviewer"] for one in told["items"]]}),
    Step("review remind {review}", {"reviewers": 2}),
    Step("review escalate {review}", {"items": 1}),
    Step(f"review schedule acme --title Q --every quarterly --from 2027-01-01 --fallback {KIM}",
         {"cadence": "quarterly", "next_at": "2027-01-01T00:00:00Z"}),
    Step("review evidence {review} --out {home}/q4.zip", keep={"zip": lambda told: told["path"]}),
    Step("review who-had acme 2030-01-01 --out {home}/had.zip",
         keep={"had": lambda told: told["bytes"]}),
    Step("review key", keep={"key": lambda told: told["text"]}),
    Step("review verify {zip}", {"holds": True, "faults": []}),
    Step("audit verify {zip}", {"holds": True}),
    Step("review verify {home}/people.csv", {"holds": False}, code=1),
    Step("audit export", keep={"trail": lambda told: told}),
    Step("report save acme --title Idle", {"title": "Idle"}),
    Step("report run acme Idle --to {home}/idle.csv", keep={"file": lambda told: told["path"]}),
    Step("report mail acme Idle --every never", {"title": "Idle", "every": ""}),
    Step("report remove acme Idle", {"title": "Idle", "removed": True}),
    Step("key rotate", keep={"locked": lambda told: told["values"]}),
    Step("key forget", keep={"kept": lambda told: told["values"]}),
    Step(f"import-source add --app-id 7 --secret-file {{home}}/secret --public-url {URL}",
         {"app_id": 7, "public_url": URL}),
    Step("import-source remove 7", {"app_id": 7, "removed": True}),
    Step("oauth-app add --file {home}/app.json", {"client_id": "c-1"}),
    Step("oauth-app remove c-1", {"client_id": "c-1", "removed": True}),
    Step("token create ci --scope read",
         keep={"token": lambda told: told["id"], "secret": lambda told: told["secret"]}),
    Step("token rotate {token}", keep={"rotated": lambda told: told["secret"]}),
    Step("token revoke {token}",
         {"name": "ci"}, {"revoked": lambda told: told["revoked_at"], "told": lambda told: told}),
)  # fmt: skip


@pytest.fixture(scope="module")
def portal() -> Iterator[Served]:
    """A portal over HTTP whose quota is spent as soon as something is changed."""
    with served("tiny") as one:
        yield one


@pytest.fixture
def desk(
    portal: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    """The portal connected and read, files beside it, nothing of it read again."""
    monkeypatch.setenv("ROLECALL_HOME", str(tmp_path))
    texts = {"people.csv": PEOPLE, "app.json": APP, "secret": "s3", "token": portal.token}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    one = Desk(tmp_path, capsys, {"home": tmp_path})
    portal.control("DELETE", "faults")
    one.asked(f"portal add acme --token-file {{home}}/token --api-base {portal.url}")
    one.asked("sync acme")
    portal.control("POST", "faults", {"kind": "429_daily", "times": 1_000})
    return one


def test_each_command_says_in_json_what_it_did(desk: Desk) -> None:
    """A table of commands in the order somebody would type them."""
    wrong = []
    for step in STEPS:
        told = desk.asked(step.line, step.code)
        said = {key: told.get(key, "nothing") for key in step.says}
        if said != step.says:
            wrong.append((step.line, said))
        desk.known |= {name: part(told) for name, part in step.keep.items()}
    known = desk.known

    assert [] == wrong
    assert "\nversion: 1\n" in known["dump"]
    assert "vendor: Ring" in known["pack"]
    assert "permission_sets:" in known["sets"]
    assert ["revoke"] == known["verdict"]
    assert ["ada@tiny.test"] == known["reviewer"]
    assert known["key"].startswith("-----BEGIN PUBLIC KEY-----")
    assert known["had"] == (desk.home / "had.zip").stat().st_size
    assert Path(known["file"]).is_file()
    assert known["locked"] >= 1
    assert known["revoked"]
    assert len({known[name] for name in ("first", "invited", "again")}) == 3
    assert known["secret"] != known["rotated"]
    assert "secret" not in known["told"]


def test_the_trail_in_json_is_the_trail(desk: Desk) -> None:
    """The entries are the JSON Lines, to the last hash; an unwise mixture is refused."""
    told = desk.asked("audit export")
    desk.captured.readouterr()
    run(["audit", "export"])
    lines = [json.loads(line) for line in desk.captured.readouterr().out.splitlines()]

    assert told["entries"] == lines[: len(told["entries"])]
    assert told["lines"] == len(told["entries"])
    assert told["last_hash"] == told["entries"][-1]["hash"]
    assert 1 == run(["audit", "export", "--json", "--csv"])
    assert 1 == run(["audit", "export", "--json", "--with-verifier", str(desk.home)])


def test_the_demo_in_json(tmp_path: Path) -> None:
    """Portal, sync, overview and findings in one document; what it says meanwhile is on stderr."""
    told = json.loads(Home(tmp_path).run("demo", "--once", "--seed", "tiny", "--json").stdout)

    assert ("demo", 5) == (told["portal"], told["sync"]["users"])
    assert "demo" == told["overview"]["portal"]
    assert told["findings"]
    assert all(one["rule"] and one["id"] for one in told["findings"])
