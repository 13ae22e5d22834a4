"""`import rolecall`: every name is there, typed, told of in docs/library.md, and loads late."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import rolecall

ROOT = Path(__file__).parents[2]


def typed_names() -> dict[str, str]:
    """The names type checkers see, with the module and name each comes from."""
    tree = ast.parse((ROOT / "src/rolecall/__init__.py").read_text("utf-8"))
    [checked] = [node for node in tree.body if isinstance(node, ast.If)]
    return {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_what_is_typed_is_what_loads() -> None:
    """Type checkers and the interpreter are told the same."""
    loaded = {name: f"rolecall.{place[0]}:{place[1]}" for name, place in rolecall._PLACES.items()}

    assert typed_names() == loaded
    assert sorted(loaded) == rolecall.__all__
    assert all(callable(getattr(rolecall, name)) for name in loaded)


def test_every_name_is_told_of() -> None:
    """docs/library.md names each, so nobody has to read the source to find one."""
    page = (ROOT / "docs/library.md").read_text("utf-8")

    assert [] == [name for name in rolecall.__all__ if f"`{name}`" not in page]


def test_the_page_shows_the_script_that_runs() -> None:
    """What the page prints is the example a test carries out."""
    page = (ROOT / "docs/library.md").read_text("utf-8")
    script = (ROOT / "docs/examples/library.py").read_text("utf-8")

    assert f"```python\n{script}```" in page


def test_the_import_loads_nothing() -> None:
    """A program that imports us pays for what it uses."""
    told = "import sys, rolecall; print([m for m in sys.modules if m.startswith('rolecall')])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)

    assert "['rolecall']" == done.stdout.strip()
