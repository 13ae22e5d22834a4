"""Every benchmark can be run by name, and every name has its benchmark."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.__main__ import NAMES

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def test_names_and_modules_agree() -> None:
    """A module with figures is listed, and nothing else is."""
    measuring = {
        path.stem
        for path in FOLDER.glob("*.py")
        if re.search(r"^def figures\(", path.read_text("utf-8"), re.MULTILINE)
    }

    assert measuring == set(NAMES)
