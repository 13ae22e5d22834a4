"""`python -m benchmarks [NAME...]` prints every figure with its limit; --json for machines, --page
FILE for the documentation."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.measure import Figure
from benchmarks.page import page

NAMES = (
    "start", "sync_requests", "sync_cpu", "plan", "apply", "hand_over", "permissions", "console",
    "faces",
)  # fmt: skip


def main() -> int:
    """Run the named benchmarks, all by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="one JSON object per figure")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write them as Markdown too")
    wanted = parser.parse_args()
    unknown = set(wanted.names) - set(NAMES)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    measured: list[tuple[str, Figure]] = []
    for name in wanted.names or NAMES:
        for figure in importlib.import_module(f"benchmarks.{name}").figures():
            print(json.dumps(asdict(figure)) if wanted.json else line(name, figure), flush=True)
            measured.append((name, figure))
    if wanted.page:
        wanted.page.write_text(page(measured), encoding="utf-8")
    return 0


def line(name: str, figure: Figure) -> str:
    """One figure for people."""
    verdict = {True: "within", False: "OVER", None: "reported"}[figure.within]
    limit = "" if figure.limit is None else f" (limit {figure.limit:g})"
    value = f"{figure.value:10.3g} {figure.unit}"
    return f"{name:10} {value:22} {verdict:9}{limit:14} {figure.name}  {figure.note}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
