"""Writes the generated tables of docs/hubspot-client.md: versions, limits, errors, ports.

Run `python scripts/hubspot_client_page.py`; a house test fails when the page is older than the code.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from rolecall.hubspot import Policy, errors, limits, ports
from rolecall.hubspot.versions import FAMILIES
from rolecall.kit.errors import NeedsPerson, Refused, Retryable

PAGE = Path(__file__).resolve().parents[1] / "docs" / "hubspot-client.md"
WHAT_TO_DO = {
    Retryable: "try again later",
    NeedsPerson: "somebody must act first",
    Refused: "do not repeat it",
}


def page(text: str) -> str:
    """The page with every generated part renewed."""
    for name, build in PARTS.items():
        part = f"<!-- generated: {name} -->\n\n{build()}\n\n<!-- end: {name} -->"
        pattern = rf"<!-- generated: {name} -->.*?<!-- end: {name} -->"
        text, found = re.subn(pattern, lambda _, part=part: part, text, flags=re.DOTALL)
        if not found:
            raise ValueError(f"docs/hubspot-client.md has no part {name!r}")
    return text


def versions() -> str:
    """One row per family and version."""
    rows = [
        (family.name, version.name, f"`{version.prefix}`", str(version.ends or "not announced"))
        for family in FAMILIES
        for version in family.versions
    ]
    return _table(("API", "version", "path", "supported until"), rows)


def error_table() -> str:
    """One row per error, grouped by what to do."""
    found = [
        error
        for name, error in vars(errors).items()
        if inspect.isclass(error)
        and issubclass(error, errors.HubSpotError)
        and error is not errors.HubSpotError
        and not name.startswith("_")
    ]
    rows = [(f"`{e.__name__}`", _what_to_do(e), inspect.getdoc(e) or "") for e in found]
    return _table(("error", "what to do", "when"), sorted(rows, key=lambda row: row[1]))


def numbers() -> str:
    """The numbers the client goes by."""
    policy = Policy()
    rows = [
        ("burst until the first answer tells", f"{limits.FIRST_BURST} per {limits.WINDOW:g} s"),
        ("added to a window while another client takes from it", f"{ports.GUARD:g} s"),
        ("searches", f"{limits.SEARCHES} per {limits.SEARCH_WINDOW:g} s"),
        ("after a burst 429 without Retry-After", f"{limits.BURST_WAIT:g} s"),
        ("after a search 429 without Retry-After", f"{limits.SECONDLY_WAIT:g} s"),
        ("after 423", f"{limits.LOCKED_WAIT:g} s at least"),
        ("tries of one read", str(policy.attempts)),
        (
            "pause between tries",
            f"{policy.first_pause:g} s, doubling to {policy.longest_pause:g} s",
        ),
        ("longest wait before the caller is told", f"{policy.longest_wait:g} s"),
        ("429s in a row before the caller is told", str(policy.rate_attempts)),
        ("requests at the same time", str(policy.in_flight)),
    ]
    return _table(("what", "value"), rows)


def port_table() -> str:
    """One row per Protocol a store satisfies."""
    rows = [
        (f"`{port.__name__}`", inspect.getdoc(port) or "")
        for port in (ports.QuotaLedger, ports.CredentialStore, ports.VersionMemory)
    ]
    return _table(("port", "what it is"), rows)


PARTS = {"versions": versions, "errors": error_table, "numbers": numbers, "ports": port_table}


def _what_to_do(error: type[errors.HubSpotError]) -> str:
    for root, words in WHAT_TO_DO.items():
        if issubclass(error, root):
            return words
    return "read back what is there, then decide"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
