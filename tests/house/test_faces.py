"""What every face keeps to: it parses, calls a use case, and renders; the store is not its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PRODUCT = Path(__file__).parents[2] / "src" / "rolecall"
FACES = ("api", "cli", "http", "import_source", "mcp", "scim", "web")
MODULES = sorted(path for face in FACES for path in (PRODUCT / face).rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PRODUCT)))
def test_no_face_opens_the_store(path: Path) -> None:
    """Not even through the App it is given: reads and writes are use cases, rights and all."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    opened = [
        f"{path.name}:{node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "database"
    ]

    assert [] == opened
