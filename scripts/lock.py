"""Resolves pyproject.toml into hashed requirement files that name no registry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet"]
TOOLS = {"uv.txt": "uv>=0.9\n"}
TARGETS = {
    "core.txt": [],
    "all.txt": ["--all-extras"],
    "dev.txt": ["--all-extras", "--group", "dev"],
}


def compile_file(source: str, target: str, options: list[str], text: str | None = None) -> None:
    """Resolve one source into `requirements/<target>`; fails loudly."""
    command = [str(ROOT / ".venv/bin/uv"), "pip", "compile", *COMMON, *options, source]
    command += ["-o", f"requirements/{target}"]
    subprocess.run(command, cwd=ROOT, input=text, text=True, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Write every requirement file; --upgrade as first argument takes newer versions."""
    extra = sys.argv[1:]
    for target, options in TARGETS.items():
        compile_file("pyproject.toml", target, [*options, *extra])
    for target, text in TOOLS.items():
        compile_file("-", target, ["--no-annotate", *extra], text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
