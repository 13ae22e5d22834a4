"""SECURITY.md and THREAT_MODEL.md: what they name exists, and what they say of the set-up is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PLACES = re.compile(r"`(rolecall/[\w/]+(?:\.py)?|requirements/)`")
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


def _text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED.findall(_text("THREAT_MODEL.md")))))
def test_every_test_named_exists(path: str, name: str) -> None:
    """An answer whose test is gone is no answer."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    there = {
        node.name for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }  # fmt: skip

    assert name in there


def test_every_answer_names_its_test() -> None:
    """Each line of the tables of attackers ends in a test."""
    tables = _text("THREAT_MODEL.md").partition("## Attackers and answers")[2]
    lines = [line for line in tables.splitlines() if line.startswith("| ") and "---" not in line]
    silent = [one for one in lines if not NAMED.search(one) and not one.endswith("| test |")]

    assert [] == silent
    assert len(lines) > 40


@pytest.mark.parametrize("place", sorted(set(PLACES.findall(_text("SECURITY.md")))))
def test_every_place_exists(place: str) -> None:
    """A reader finds what the page points at."""
    assert (ROOT / place).exists() or (ROOT / "src" / place).exists()


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_dependency_is_locked_by_its_hash(path: Path) -> None:
    """A version and at least one hash each, and no address of any kind."""
    text = re.sub(r"\\\n", " ", path.read_text(encoding="utf-8"))
    lines = [one.strip() for one in text.splitlines() if one.strip() and not one.startswith("#")]
    wanted = [one for one in lines if not one.lstrip().startswith("#")]
    loose = [one for one in wanted if "==" not in one or "--hash=sha256:" not in one]

    assert [] == loose
    assert not re.search(r"https?://|--(?:extra-)?index|--find-links|\s@\s", text)


def test_the_container_runs_as_nobody_in_particular() -> None:
    """The image's last stage switches to a user of its own before it starts anything."""
    stage = (ROOT / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    user = re.search(r"(?m)^USER (\S+)$", stage)

    assert user
    assert user[1] not in {"root", "0"}
    assert stage.index("USER ") < stage.index("CMD ")
