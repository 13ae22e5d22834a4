"""The one screen about a connection, and the clicks to a token; renders, decides nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from rolecall.cli.output import say

if TYPE_CHECKING:
    from rolecall.domain.portal import Capabilities, Feature
    from rolecall.services.connections.portals import ConnectionReport, VersionLine

WIDTH = 100
MODE_WORDS = {"read": "to look", "write": "to change", "offboard": "to off-board"}


def connection_lines(report: ConnectionReport) -> list[str]:
    """One screen: what works, what is missing and what that costs, what is too much."""
    one, found = report.portal, report.capabilities
    tick = "✓ everything works" if report.works and not report.scopes.missing else "works in part"
    lines = [
        f"{one.name}: {tick}",
        f"  portal      {one.hub_id} ({one.account_type.lower()}, {one.hosting}, {one.time_zone})",
        *_wrapped(f"edition     {_edition_words(found)}", "  ", 14),
        f"  credential  {_credential_words(report)}",
    ]
    if found.daily_limit is not None:
        lines.append(f"  calls       {found.daily_used or 0:,} of {found.daily_limit:,} used today")
    lines += _works(report)
    lines += _missing(report)
    if report.scopes.surplus:
        lines.append("granted, but used by nothing here (least privilege: take them away)")
        lines += _wrapped(", ".join(report.scopes.surplus), "  ! ", 4)
    lines.append("fewest scopes")
    lines += _fewest_scopes()
    lines.append("API versions")
    lines += _versions(report.versions)
    lines += [line for text in report.warnings for line in _wrapped(f"warning: {text}", "", 2)]
    return lines


def _works(report: ConnectionReport) -> Iterator[str]:
    yield "works"
    for feature in report.scopes.available:
        held = _held(feature, report.scopes.granted)
        yield from _wrapped(f"{feature.label}: {held}" if held else feature.label, "  + ", 6)
    if not report.capabilities.scopes_known:
        yield "  HubSpot does not tell this token's scopes; the list is what answered"


def _held(feature: Feature, granted: Iterable[str]) -> str:
    """The scopes a feature stands on, as far as they are known."""
    there = set(granted)
    return ", ".join(scope for group in feature.scopes for scope in group if scope in there)


def _missing(report: ConnectionReport) -> Iterator[str]:
    if report.scopes.missing:
        yield "missing"
    for feature, groups in report.scopes.missing:
        wanted = ", ".join(" or ".join(group) for group in groups)
        yield from _wrapped(f"{feature.label}: add {wanted}", "  - ", 6)
        yield f"      without it {feature.without}"


def _edition_words(found: Capabilities) -> str:
    """The edition, and what it was seen to allow."""
    parts = {
        "permission sets": found.permission_sets,
        "nested teams": found.nested_teams,
        "how many seats are left": found.seats,
        "audit log": found.audit_logs,
    }
    words = {True: "with", False: "without", None: "not seen with this token:"}
    told = [
        f"{word} {', '.join(names)}"
        for answer, word in words.items()
        if (names := [name for name, allowed in parts.items() if allowed is answer])
    ]
    return f"{found.tier.value}, {'; '.join(told)}"


def _fewest_scopes() -> Iterator[str]:
    """What each mode needs beyond the one before."""
    from rolecall.domain.features import MODES, minimal_scopes

    before: set[str] = set()
    for mode in MODES:
        wanted = minimal_scopes(mode)
        further = ", ".join(scope for scope in wanted if scope not in before)
        also = "also " if before else ""
        yield from _wrapped(f"{MODE_WORDS[mode]:<13} {also}{further}", "  ", 16)
        before |= set(wanted)


def _versions(versions: Iterable[VersionLine]) -> Iterator[str]:
    """Versions with the APIs that are called in them, the first to end first, untried ones last."""

    def age(one: VersionLine) -> tuple[bool, bool, str, str]:
        return (not one.version, one.ends is None, str(one.ends), one.version or "not tried yet")

    for (*_, version), group in groupby(sorted(versions, key=age), age):
        lines = list(group)
        until = f" until {lines[0].ends}" if lines[0].ends else ""
        apis = ", ".join(sorted(one.api.replace("_", " ") for one in lines))
        yield from _wrapped(f"{version}{until}: {apis}", "  ", 4)


def _credential_words(report: ConnectionReport) -> str:
    """What kind of credential it is, of which app, and whose."""
    kind, app_id = report.portal.credential_kind.value, report.portal.app_id
    words = "service key or private app" if kind == "token" else kind.replace("_", " ")
    numbered = f"{words} {app_id}" if app_id else words
    return f"{numbered} of {report.owner}" if report.owner else numbered


def _wrapped(text: str, first: str, indent: int) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def explain_tokens(name: str) -> None:
    """Where to click today, service keys first."""
    from rolecall.services.connections.credentials import (
        PRIVATE_APP_CLICKS,
        SERVICE_KEY_CLICKS,
        WHO_MAY,
    )

    parts = (
        ("A service key (new)", SERVICE_KEY_CLICKS),
        ("A private app that exists already", PRIVATE_APP_CLICKS),
    )
    for title, clicks in parts:
        say(f"{title}:")
        for number, click_ in enumerate(clicks, 1):
            say(f"  {number}. {click_.replace('NAME', name)}")
    say(f"Who may: {WHO_MAY}")
    say("Scopes (docs/connect.md says what each is for):")
    for line in _fewest_scopes():
        say(line)
