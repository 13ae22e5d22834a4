"""Prints what is over the house numbers: files, functions, nesting. Never fails."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES, TEST_LINES, FUNCTION_LINES, NESTING = 500, 600, 60, 3
BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try)


def depth_of(node: ast.AST, level: int = 0) -> int:
    """Deepest nesting of blocks below a node; elif counts as one level."""
    deepest = level
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        is_elif = isinstance(node, ast.If) and [child] == node.orelse and isinstance(child, ast.If)
        step = 1 if isinstance(child, BLOCKS) and not is_elif else 0
        deepest = max(deepest, depth_of(child, level + step))
    return deepest


def outliers_of(path: Path) -> Iterator[str]:
    """One line per outlier of a file."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT)
    lines = text.count("\n")
    if lines > (TEST_LINES if name.parts[0] == "tests" else FILE_LINES):
        yield f"{name}: {lines} lines"
    if name.parts[0] == "tests":
        return
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        size = (node.end_lineno or node.lineno) - node.lineno + 1
        if size > FUNCTION_LINES:
            yield f"{name}:{node.lineno} {node.name}: {size} lines"
        if depth_of(node) > NESTING:
            yield f"{name}:{node.lineno} {node.name}: nested {depth_of(node)} deep"


def main() -> None:
    """Look at every Python file of the house."""
    files = sorted(
        p for room in ("src", "tests", "scripts", "benchmarks") for p in (ROOT / room).rglob("*.py")
    )
    found = [line for path in files for line in outliers_of(path)]
    print(f"{len(files)} files, {len(found)} over the house numbers (to look at, not failures)")
    print("\n".join(found))


if __name__ == "__main__":
    main()
