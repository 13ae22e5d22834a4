"""Checks an exported audit trail with nothing but the standard library; run it as a script.

    python verify_chain.py audit.jsonl [EXPECTED_LAST_HASH]

Each line is a JSON object; its `hash` is the SHA-256 of the canonical JSON (keys sorted, no
spaces, UTF-8) of all its other fields, and its `previous` is the hash of the line before. It
proves that no line was changed, moved, inserted or left out; a cut-off end shows only against an
expected last hash that was kept elsewhere. It never opens our database and trusts nothing of ours.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

START = "0" * 64  # `previous` of the first line


@dataclass(frozen=True)
class Verdict:
    """How far the chain holds; `fault` is empty when all of it does."""

    lines: int
    last_hash: str
    fault: str = ""

    @property
    def valid(self) -> bool:
        """Every line is as it was written."""
        return not self.fault


def line_hash(line: Mapping[str, object]) -> str:
    """SHA-256 of the canonical JSON of a line without its own hash."""
    kept = {name: value for name, value in line.items() if name != "hash"}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def fault_of(line: Mapping[str, object], previous: str, number: int) -> str:
    """What is wrong with one line after the line with this hash, or nothing."""
    if line.get("seq") != number:
        return f"line {number} is missing or out of order (found {line.get('seq')})"
    if line.get("previous") != previous:
        return f"line {number} does not follow the line before it"
    if line.get("hash") != line_hash(line):
        return f"line {number} was changed after it was written"
    return ""


def check(
    lines: Iterable[Mapping[str, object]], expected_last: str = "", start: str = START
) -> Verdict:
    """Follow the chain from its first line; stops at the first fault."""
    previous, number = start, 0
    for number, line in enumerate(lines, 1):
        fault = fault_of(line, previous, number)
        if fault:
            return Verdict(number - 1, previous, fault)
        previous = str(line["hash"])
    if expected_last and previous != expected_last:
        return Verdict(number, previous, f"the trail ends at {previous}, not at {expected_last}")
    return Verdict(number, previous)


def parsed(lines: Iterable[str]) -> Iterable[Mapping[str, object]]:
    """JSON objects of the non-empty lines; what is no object breaks the chain."""
    for text in lines:
        if text.strip():
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                value = {}
            yield value if isinstance(value, dict) else {}


def main(arguments: list[str]) -> int:
    """Exit status 0 when the whole file is intact, 1 otherwise."""
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)  # noqa: T201 -- a script of its own
        return 1
    with Path(arguments[0]).open(encoding="utf-8") as file:
        verdict = check(parsed(file), arguments[1] if len(arguments) > 1 else "")
    print(verdict.fault or f"{verdict.lines} lines intact, last hash {verdict.last_hash}")  # noqa: T201
    return 0 if verdict.valid else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
