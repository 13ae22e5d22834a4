"""A week's changes as people type them: every command a process, HubSpot over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import emulator_process

BEN, DEE, EVA = "ben@tiny.test", "dee@tiny.test", "eva@tiny.test"


@dataclass(frozen=True)
class Shell:
    """One ROLECALL_HOME with the portal `tiny` connected and read."""

    home: Path

    def run(self, *arguments: str, code: int = 0, typed: str = "") -> str:
        """One command; its stdout. The exit code must be as told."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ROLECALL_")}
        done = subprocess.run(
            [sys.executable, "-m", "rolecall", *arguments],
            env={**kept, "ROLECALL_HOME": str(self.home), "NO_COLOR": "1"},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert code == done.returncode, done.stdout + done.stderr
        return done.stdout + (done.stderr if code == 1 else "")

    def asked(self, *arguments: str, code: int = 0) -> Any:
        """One command with --json."""
        return json.loads(self.run(*arguments, "--json", code=code))


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell beside a running portal."""
    home = tmp_path_factory.mktemp("home")
    with emulator_process("--port", "0", "--seed", "tiny", "--limits", "off") as (url, token):
        file = home / "token"
        file.write_text(token, encoding="utf-8")
        one = Shell(home)
        one.run("portal", "add", "tiny", "--token-file", str(file), "--api-base", url)
        one.run("sync", "tiny")
        yield one


def test_access_as_code_from_dump_to_undo(shell: Shell, tmp_path: Path) -> None:
    """dump, an empty plan, an edit, plan (2), apply, no drift (0), undo, drift (2)."""
    file = tmp_path / "access.yaml"
    text = shell.run("access", "dump", "tiny")
    file.write_text(text, encoding="utf-8")
    shell.run("access", "plan", "tiny", "--file", str(file))
    moved = [
        f"  {BEN}: {{permission_set: Sales Rep, seat: Sales Hub Enterprise, main_team: Office}}"
        if line.startswith(f"  {BEN}:")
        else line
        for line in text.splitlines()
    ]
    file.write_text("\n".join(moved) + "\n", encoding="utf-8")

    planned = shell.run("access", "plan", "tiny", "--file", str(file), code=2)
    assert "Inside Sales" in planned
    marked = shell.run("access", "plan", "tiny", "--file", str(file), "--markdown", code=2)
    assert "| | who | what | before | after | why |" in marked
    done = shell.asked("access", "apply", "tiny", "--file", str(file), "--yes")
    assert {"done"} == {one["outcome"] for one in done["run"]["receipts"]}
    assert "no drift" in shell.run("access", "drift", "tiny")

    shell.run("plan", "undo", done["plan"]["id"], "--apply", "--yes")
    assert BEN in shell.run("access", "drift", "tiny", code=2)


def test_a_broken_file_tells_every_mistake(shell: Shell, tmp_path: Path) -> None:
    """Exit 1, both mistakes with their lines, nothing on stdout."""
    file = tmp_path / "access.yaml"
    file.write_text("version: 1\nportl: tiny\nmanage: {users: exakt}\n", encoding="utf-8")
    told = shell.run("access", "plan", "tiny", "--file", str(file), code=1)

    assert "line 2" in told
    assert "line 3" in told
    assert "did you mean 'portal'" in told


def test_a_joiner_a_plan_and_its_receipts(shell: Shell) -> None:
    """user add prints a plan; approve and apply carry it out; show tells the receipts."""
    proposed = shell.asked("user", "add", "tiny", EVA, "--like", DEE, "--reason", "joins")
    plan_id = proposed["id"]
    assert proposed["stored"]
    assert plan_id in shell.run("plan", "list", "tiny", "--state", "proposed")
    shell.run("plan", "approve", plan_id, "--digest", proposed["digest"])
    shell.run("plan", "apply", plan_id)
    card = shell.asked("plan", "show", plan_id)

    assert "done" == card["state"]
    assert {"done"} == {one["outcome"] for one in card["receipts"]}


def test_nothing_is_applied_without_a_yes(shell: Shell) -> None:
    """--apply asks; an empty answer leaves the portal alone."""
    told = shell.run("user", "change", "tiny", DEE, "--team", "Sales", "--apply", code=1)

    assert "stopped" in told


def test_offboarding_asks_for_a_successor(shell: Shell) -> None:
    """Records would be left behind: exit 1, what and how many, and the ways out."""
    counted = shell.asked("user", "offboard", "tiny", DEE, "--preview")
    told = shell.run("user", "offboard", "tiny", DEE, code=1)

    assert 2 == counted["records"]
    assert "2 contacts" in told
    assert "--successor" in told


def test_a_hand_over_leaves_a_rollback_file(shell: Shell) -> None:
    """Each record with its former and its new owner, before and after it is given back."""
    offboard = ("user", "offboard", "tiny", BEN, "--successor", DEE, "--apply", "--yes")
    plan_id = shell.asked(*offboard)["plan"]
    rows = shell.asked("plan", "records", plan_id)
    lines = shell.run("plan", "records", plan_id).splitlines()
    shell.run("plan", "undo", plan_id, "--apply", "--yes")

    assert {"done"} == {row["state"] for row in rows}
    assert 1 == len({row["before"] for row in rows})
    assert lines[0].startswith("type,record_id,property")
    assert len(rows) + 1 == len(lines)


def test_a_bulk_file_leaves_results_and_hubspots_own_file(shell: Shell, tmp_path: Path) -> None:
    """Verdicts before, results after, and files for HubSpot's import screen."""
    file = tmp_path / "joiners.csv"
    file.write_text("email,seat,team\nfay@tiny.test,View-Only,Office\nfay,,\n", encoding="utf-8")
    out = tmp_path / "hubspot"
    shell.run("user", "import", "tiny", str(file), "--apply", "--yes",
              "--emit-hubspot-csv", str(out))  # fmt: skip
    results = (tmp_path / "joiners.results.csv").read_text(encoding="utf-8")

    assert "fay@tiny.test,planned,done" in results
    assert "fay,refused" in results
    assert ["fay@tiny.test"] == [
        line.split(",")[0]
        for path in out.iterdir()
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
    ]


def test_people_tasks_and_the_trail(shell: Shell, tmp_path: Path) -> None:
    """people import and list, task list and done, audit verify and export with its verifier."""
    people = tmp_path / "people.csv"
    people.write_text(f"email,first name\n{BEN},Ben\n", encoding="utf-8")
    found = shell.asked("people", "import", str(people))
    assert [BEN] == [one["emails"][0] for one in found["joiners"]]
    assert BEN in shell.run("people", "list", "tiny", "--situation", "linked")

    shell.run("user", "offboard", "tiny", DEE, "--keep-records", "--apply", "--yes")
    task = shell.asked("task", "list", "tiny")[0]
    shell.run("task", "done", task["id"])
    assert task["id"] not in {one["id"] for one in shell.asked("task", "list", "tiny")}

    shell.run("audit", "verify")
    trail = tmp_path / "audit.jsonl"
    trail.write_text(shell.run("audit", "export", "--with-verifier", str(tmp_path)), "utf-8")
    command = [sys.executable, "-I", str(tmp_path / "verify_chain.py"), str(trail)]
    assert 0 == subprocess.run(command, check=False, capture_output=True).returncode
    assert "lines intact" in shell.run("audit", "verify", str(trail))
    trail.write_text(trail.read_text("utf-8").replace(DEE, BEN, 1), "utf-8")
    assert "BROKEN" in shell.run("audit", "verify", str(trail), code=1)


@pytest.mark.parametrize("verb", ["offboard", "remove", "import"])
def test_help_says_what_the_verbs_really_do(shell: Shell, verb: str) -> None:
    """deactivate, park, remove, delete: one table in --help."""
    told = shell.run("user", verb, "--help")

    for word in ("deactivate", "park", "remove", "delete"):
        assert f"{word} " in told
