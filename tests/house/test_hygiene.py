"""Rules of the house that a reader of the source can check: names, docstrings, hygiene."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
# Words the glossary avoids in public names; wire words stay in the rooms that speak HubSpot's or
# SCIM's language.
WIRE_ROOMS = ("rolecall/hubspot", "rolecall/scim", "rolecall/permissions", "hubspot_emulator")
SYNONYMS = {"license", "licence", "workflow", "employee", "tenant", "waiver", "robot", "gatekeeper"}
HOSTS = re.compile(
    r"(?:pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian|ghcr\.io|index-url)"
)


def tracked_files() -> list[Path]:
    """Files git knows or would take, so a new file counts before its first commit."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / line for line in out.splitlines() if (ROOT / line).is_file()]


def test_every_module_says_what_it_is() -> None:
    """Each module starts with a docstring of at most twelve lines before any tree or table."""
    silent = [p for p in SOURCES if not ast.get_docstring(ast.parse(p.read_text("utf-8")))]

    assert [] == [str(p.relative_to(ROOT)) for p in silent]


def test_no_drawer_for_everything() -> None:
    """No module is called utils, helpers, common or manager."""
    assert [] == [str(p.relative_to(ROOT)) for p in SOURCES if p.stem in FORBIDDEN_NAMES]


def test_public_names_keep_to_the_glossary() -> None:
    """Public functions and classes of the product use the words of the glossary."""
    found = []
    for path in SOURCES:
        name = path.relative_to(ROOT / "src").as_posix()
        if name.startswith(WIRE_ROOMS):
            continue
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                words = set(re.findall(r"[a-z]+", re.sub(r"([A-Z])", r" \1", node.name).lower()))
                if words & SYNONYMS and not node.name.startswith("_"):
                    found.append(f"{name}: {node.name}")

    assert [] == found


def test_nothing_is_left_open() -> None:
    """No TODO, FIXME, NotImplementedError or swallowed exception in the source."""
    found = []
    for path in SOURCES:
        text = path.read_text("utf-8")
        if re.search(r"\b(TODO|FIXME|NotImplementedError)\b", text):
            found.append(f"{path.relative_to(ROOT)}: left open")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ExceptHandler) and [type(s) for s in node.body] == [ast.Pass]:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: swallows an exception")

    assert [] == found


def test_no_registry_and_no_machine_in_the_tree() -> None:
    """No file names a package registry or a path of somebody's machine."""
    found = []
    for path in tracked_files():
        if path.suffix in {".png", ".woff2", ".ico"} or path == Path(__file__):
            continue
        text = path.read_text("utf-8", errors="replace")
        if HOSTS.search(text) or re.search(r"(?<![\w.])/work/(?:main|shared)", text):
            found.append(str(path.relative_to(ROOT)))

    assert [] == found


def test_product_and_emulator_are_strangers() -> None:
    """Neither package mentions the other in an import."""
    found = []
    for path in SOURCES:
        room = path.relative_to(ROOT / "src").parts[0]
        other = "hubspot_emulator" if room == "rolecall" else "rolecall"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == other for name in names):
                found.append(str(path.relative_to(ROOT)))

    assert [] == found
