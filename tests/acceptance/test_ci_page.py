"""The jobs of docs/ci.md, run step by step in a scratch repository against the emulator."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command_line import Home, Served, served

PAGE = (Path(__file__).parents[2] / "docs/ci.md").read_text(encoding="utf-8")
READ_SCOPES = [
    "oauth", "settings.users.read", "settings.users.teams.read", "crm.objects.users.read",
    "crm.objects.owners.read", "account-info.security.read",
]  # fmt: skip
READS = ("/search", "/access-token-info")  # by POST, and read all the same
# GitHub's contexts: what may stand in `env` of a step, and what in `env` of a whole job.
OF_STEPS = ("github", "runner", "secrets", "vars")
OF_JOBS = ("github", "secrets", "vars")
COMMENT = 65_536  # characters a comment on GitHub may have
KINDS = ("clean", "changed", "invalid")
EXPECTED = {"clean": 0, "changed": 0, "invalid": 1}


def _block(title: str) -> Any:
    found = re.search(rf"^## {title}\n\n```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return yaml.safe_load(found.group(1))


@dataclass(frozen=True)
class Runner:
    """A machine that runs a job: a checked out branch, a token, and what is on its path."""

    root: Path
    portal: Served
    token: str

    @property
    def checkout(self) -> Path:
        """The scratch repository."""
        return self.root / "checkout"

    def prepare(self) -> None:
        """Stand-ins for what would reach out: pip notes what it is told, gh keeps the comment."""
        tools = self.root / "bin"
        tools.mkdir()
        _script(tools / "pip", f'echo "$@" >> {self.root}/pip.txt')
        _script(tools / "gh", f'echo "$@" >> {self.root}/gh.txt; cp "$5" {self.root}/comment.md')
        (self.root / "token").write_text(self.token, encoding="utf-8")

    def shell(self, script: str, env: Mapping[str, str], *options: str) -> int:
        """One script as the runner's shell runs it."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ROLECALL_")}
        path = f"{self.root}/bin:{Path(sys.executable).parent}:{kept['PATH']}"
        environment = {**kept, "PATH": path, "ROLECALL_API_BASE": self.portal.url, **env}
        command = ["bash", "--noprofile", "--norc", *options, "-c", script]
        return subprocess.run(command, cwd=self.checkout, env=environment, check=False).returncode


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\nset -e\n{line}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def on_github(runner: Runner) -> int:
    """Each step with its own env in `bash -e`; the first that fails ends the job."""
    job = _block("GitHub")["jobs"]["plan"]
    (runner.root / "temp").mkdir()
    values = {
        "runner.temp": f"{runner.root}/temp", "secrets.HUBSPOT_READ_TOKEN": runner.token,
        "vars.ROLECALL": "./rolecall.whl", "github.token": "ghs_x", "github.event.number": "7",
    }  # fmt: skip
    outer = _filled(job.get("env", {}), values, OF_JOBS)
    for step in job["steps"]:
        if "uses" in step:
            continue
        env = {**outer, **_filled(step.get("env", {}), values, OF_STEPS)}
        env["RUNNER_TEMP"] = values["runner.temp"]
        if code := runner.shell(step["run"], env, "-e"):
            return code
    return 0


def _filled(env: Mapping[str, str], values: Mapping[str, str], known: tuple[str, ...]) -> Any:
    """Expressions in place, from the contexts GitHub knows there alone."""

    def value(found: re.Match[str]) -> str:
        assert found.group(1).partition(".")[0] in known, found.group(0)
        return values[found.group(1)]

    return {name: re.sub(r"\$\{\{ ([\w.]+) \}\}", value, text) for name, text in env.items()}


def on_gitlab(runner: Runner) -> int:
    """All lines of the script in one `bash -eo pipefail`; the token is a variable of type file."""
    job = _block("GitLab")["plan-access"]
    env = {
        **job["variables"], "HUBSPOT_READ_TOKEN": f"{runner.root}/token",
        "ROLECALL": "./rolecall.whl", "CI_PROJECT_DIR": str(runner.checkout),
    }  # fmt: skip
    assert not str(env["ROLECALL_HOME"]).startswith("$CI_PROJECT_DIR")  # no key among the files
    env["ROLECALL_HOME"] = f"{runner.root}{env['ROLECALL_HOME']}"  # a container's /tmp is its own
    return runner.shell("\n".join(job["script"]), env, "-e", "-o", "pipefail")


@pytest.fixture(scope="module", name="portal")
def _portal() -> Iterator[Served]:
    """The messy portal over a socket; nothing here changes it but the last test."""
    with served() as emulator:
        yield emulator


@pytest.fixture
def home(tmp_path: Path, portal: Served) -> Home:
    """The installation that holds the portal, connected and read."""
    made = Home(tmp_path / "home")
    made.connect(portal)
    made.run("sync", "acme")
    return made


@pytest.fixture
def runner(tmp_path: Path, portal: Served, home: Home) -> Runner:
    """A runner with a read-only token and a repository that holds the portal's own file."""
    scopes = {"kind": "private_app", "scopes": READ_SCOPES}
    made = Runner(tmp_path, portal, portal.control("POST", "tokens", scopes)["token"])
    made.prepare()
    made.checkout.mkdir()
    text = home.run("access", "dump", "acme").stdout
    (made.checkout / "access.yaml").write_text(_owning(text), encoding="utf-8")
    git = "git -c user.name=ada -c user.email=ada@acme.test"
    made.shell(f"git init -qb main && git add . && {git} commit -qm as-it-is", {}, "-e")
    made.shell("git checkout -qb change", {}, "-e")
    return made


def _owning(text: str) -> str:
    """The file with membership its own, so that an edit is a change and no report."""
    return re.sub(r"^  (teams|permission_sets): \S+", r"  \1: exact", text, flags=re.MULTILINE)


def _edit(runner: Runner, kind: str) -> None:
    """What the pull request proposes."""
    file = runner.checkout / "access.yaml"
    text = file.read_text(encoding="utf-8")
    if kind == "changed":
        text = _moved(text)
    elif kind == "invalid":
        text = text.replace("manage:", "mange:")
    file.write_text(text, encoding="utf-8")
    git = "git -c user.name=ada -c user.email=ada@acme.test"
    runner.shell(f"{git} commit -qam proposed || true", {}, "-e")


def _moved(text: str) -> str:
    """Somebody in another main team."""
    lines = text.splitlines()
    plain = [at for at, line in enumerate(lines) if re.search(r"main_team: [\w ]+[,}]", line)]
    first, team = plain[0], {at: _team(lines[at]) for at in plain}
    other = next(name for name in team.values() if name != team[first])
    lines[first] = lines[first].replace(f"main_team: {team[first]}", f"main_team: {other}")
    return "\n".join(lines) + "\n"


def _team(line: str) -> str:
    found = re.search(r"main_team: ([\w ]+)", line)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("job", [on_github, on_gitlab])
def test_a_pull_request_only_ever_plans(
    runner: Runner, portal: Served, job: Callable[[Runner], int], kind: str
) -> None:
    """Clean and changed files pass with a plan to read, a wrong one fails; nothing is written."""
    _edit(runner, kind)
    portal.control("DELETE", "requests")
    code = job(runner)
    seen = portal.control("GET", "requests")["requests"]
    plan = (runner.checkout / "plan.md").read_text(encoding="utf-8")

    assert EXPECTED[kind] == code
    assert ("main team" in plan) == (kind == "changed")
    assert [] == [one["path"] for one in seen
                  if one["method"] != "GET" and not one["path"].endswith(READS)]  # fmt: skip
    assert "install ./rolecall.whl\n" == (runner.root / "pip.txt").read_text(encoding="utf-8")
    assert not (runner.root / "temp" / "token").exists()
    assert len(plan) < COMMENT
    _assert_commented(runner, job is on_github and kind != "invalid", plan)


def _assert_commented(runner: Runner, wanted: bool, plan: str) -> None:
    comment = runner.root / "comment.md"
    assert wanted == comment.exists()
    if wanted:
        said = (runner.root / "gh.txt").read_text(encoding="utf-8")
        assert "pr comment 7 --body-file plan.md --edit-last --create-if-none\n" == said
        assert plan == comment.read_text(encoding="utf-8")


def test_after_the_merge(runner: Runner, home: Home) -> None:
    """The page's own commands: planned, approved by the digest, applied; then no drift."""
    _edit(runner, "changed")
    planning, approving = re.findall(
        r"^    (rolecall (?:access plan|plan approve) .*)$", PAGE, re.MULTILINE
    )
    file = str(runner.checkout / "access.yaml")
    words = [file if word == "access.yaml" else word for word in shlex.split(planning)[1:]]
    planned = home.run(*words, code=2).stdout
    found = re.search(r"^plan (\S+)  digest (\S+)", planned, re.MULTILINE)
    assert found is not None
    named = {"ID": found.group(1), "DIGEST": found.group(2)}
    home.run(*[named.get(word, word) for word in shlex.split(approving)[1:]])
    home.run("sync", "acme")

    assert "" == home.run("access", "drift", "acme", "--json", code=0).stderr
    assert 0 == runner.shell("rolecall --version", {}, "-e")
