"""What README and docs tell people to type exists, and what they point at is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from rolecall.cli import NOUNS, rolecall

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]
# In code spans and indented or fenced blocks: a command line of ours, up to a comment or the end.
COMMAND = re.compile(r"(?:^ {4,}|^\$ |`)(?:\$ )?(rolecall(?: [^`#|>\n]+)?)", re.MULTILINE)
FILE = re.compile(r"`((?:docs/)?[A-Za-z0-9_./-]+\.md)`")


def command_lines(page: Path) -> list[str]:
    """Every command line of ours on a page."""
    return [match.group(1).strip() for match in COMMAND.finditer(page.read_text("utf-8"))]


def fault_of(line: str) -> str:
    """What is wrong with a command line, or nothing."""
    words = shlex.split(line.replace("...", ""), posix=True)[1:]
    command: click.Command = rolecall
    context = click.Context(rolecall)
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            placeholder = words[0].isupper() or "|" in words[0]
            return "" if placeholder else f"no command {words[0]}"
        command, words = found, words[1:]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    known |= {"--help", "-h"}
    unknown = [word.split("=")[0] for word in words if word.startswith("--")]
    wrong = [word.strip("[]") for word in unknown if word.strip("[]") not in known]
    return f"unknown option {', '.join(wrong)}" if wrong else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    """Every `rolecall ...` a page shows is a command with these options."""
    faults = {line: fault for line in command_lines(page) if (fault := fault_of(line))}

    assert {} == faults


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_point_at_pages_that_exist(page: Path) -> None:
    """No reference to a page that was never written or has moved."""
    named = FILE.findall(page.read_text("utf-8"))
    missing = [
        name
        for name in named
        if not any((base / name).exists() for base in (ROOT, page.parent, ROOT / "docs"))
    ]

    assert [] == missing


def test_every_noun_has_its_module() -> None:
    """No noun of the command table promises a module that is not there."""
    missing = [
        noun
        for noun, entry in NOUNS.items()
        if not (ROOT / "src" / (entry.target.split(":")[0].replace(".", "/") + ".py")).exists()
    ]

    assert [] == missing
