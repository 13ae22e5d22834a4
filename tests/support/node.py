"""Packages of the npm registry, for tests against what others wrote in Node."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.databases import require


def with_package(package: str, place: Path) -> Path:
    """A directory with one package installed; skips when npm reaches no registry."""
    require("node")
    npm = shutil.which("npm")
    reason = "no npm on this machine" if npm is None else _installed(npm, package, place)
    if not reason:
        return place
    if "node" in os.environ.get("ROLECALL_TEST_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


def _installed(npm: str, package: str, place: Path) -> str:
    wish = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(place)]
    try:
        done = subprocess.run(
            [*wish, "--fetch-retries=0", package],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    except subprocess.TimeoutExpired:
        return "npm reached no registry within two minutes"
    return "" if done.returncode == 0 else f"npm could not install {package}: {done.stderr[-300:]}"
