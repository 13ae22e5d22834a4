"""Values as words: ages, counts, money, and states as a word with a shape. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

from markupsafe import Markup

from rolecall.domain.finding import Severity

MINUTE, HOUR, DAY = 60, 3600, 86_400

# The shape and the tone of a state: good, wait, quiet; bad, which is red, for what takes access away.
STATES = {
    "active": ("●", "good", "active"),
    "invited": ("○", "wait", "invited"),
    "deactivated": ("◐", "quiet", "deactivated"),
    "removed": ("✕", "quiet", "removed"),
    "service": ("◇", "quiet", "service user"),
    "connected": ("✓", "good", "connected"),
    "waiting": ("◔", "wait", "waiting"),
    "needs_person": ("!", "wait", "needs somebody"),
    "disabled": ("✕", "quiet", "disabled"),
    "proposed": ("○", "wait", "waits for approval"),
    "approved": ("✓", "good", "approved"),
    "applying": ("◔", "wait", "running"),
    "paused": ("‖", "wait", "paused"),
    "done": ("✓", "good", "done"),
    "cancelled": ("✕", "quiet", "cancelled"),
    "replaced": ("↻", "quiet", "planned again"),
    "already": ("=", "good", "already so"),
    "refused": ("✕", "wait", "refused"),
    "failed": ("✕", "wait", "failed"),
    "unknown": ("?", "wait", "unknown"),
    "skipped": ("–", "quiet", "skipped"),
    "open": ("○", "wait", "open"),
    "denied": ("✕", "wait", "refused"),
    "expired": ("–", "quiet", "expired"),
    "withdrawn": ("–", "quiet", "withdrawn"),
    "ended": ("–", "quiet", "ended"),
    "created": ("○", "wait", "created"),
    "in_review": ("◔", "wait", "in review"),
    "in_remediation": ("◔", "wait", "being carried out"),
    "closed": ("✓", "good", "closed"),
    "keep": ("✓", "good", "keep"),
    "revoke": ("✕", "bad", "revoke"),
    "reduce": ("↓", "wait", "reduce"),
    "none": ("–", "quiet", "no decision"),
    "running": ("◔", "wait", "running"),
    "ready": ("✓", "good", "ready"),
    "missing": ("✕", "wait", "missing"),
    "over-privileged": ("↑", "wait", "over-privileged"),
    "over_privileged": ("↑", "wait", "over-privileged"),
    "linked": ("✓", "good", "linked"),
    "unlinked": ("○", "wait", "unlinked"),
    "unmatched": ("?", "wait", "unmatched"),
    "disputed": ("!", "wait", "disputed"),
    "deleted": ("✕", "quiet", "deleted"),
    "yes": ("✓", "good", "yes"),
    "no": ("✕", "wait", "no"),
    "dropped": ("–", "quiet", "dropped"),
}
SEVERITIES = {
    Severity.CRITICAL: ("▲", "wait grave", "critical"),
    Severity.HIGH: ("◆", "wait", "high"),
    Severity.MEDIUM: ("■", "quiet", "medium"),
    Severity.LOW: ("●", "quiet", "low"),
}


def mark(shape: str, tone: str, word: str) -> Markup:
    """A word with a shape; colour only repeats it."""
    return Markup('<span class="mark {}"><i aria-hidden="true">{}</i>{}</span>').format(
        tone, shape, word
    )


def icon(shape: str) -> Markup:
    """A shape that says nothing of its own."""
    return Markup('<i aria-hidden="true">{}</i>').format(shape)


def state_mark(state: object) -> Markup:
    """A state as people read it; one nobody knows stands as it is."""
    value = str(state.value if isinstance(state, Enum) else state)
    shape, tone, word = STATES.get(value, ("•", "quiet", value.replace("_", " ")))
    return mark(shape, tone, word)


def severity_mark(severity: Severity) -> Markup:
    """How much a finding matters."""
    return mark(*SEVERITIES[severity])


def age(now: datetime, at: datetime) -> str:
    """`just now`, `5 minutes ago`, `in 3 days`; the date where that says more."""
    seconds = (now - at).total_seconds()
    far = abs(seconds)
    if far < 45:
        return "just now" if seconds >= 0 else "in a moment"
    if far < HOUR:
        told = _some(round(far / MINUTE), "minute")
    elif far < DAY:
        told = _some(round(far / HOUR), "hour")
    elif far < 60 * DAY:
        told = _some(round(far / DAY), "day")
    else:
        return f"{at:%Y-%m-%d}"
    return f"{told} ago" if seconds >= 0 else f"in {told}"


def _some(amount: int, unit: str) -> str:
    amount = max(1, amount)
    return f"{amount} {unit}{'' if amount == 1 else 's'}"


def number(value: float | None, missing: str = "unknown") -> str:
    """A number with its thousands apart; unknown is never zero."""
    return missing if value is None else f"{value:,}"


def count(value: int, noun: str, plural: str = "") -> str:
    """`1 person`, `3 people`."""
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def money(low: float | None, high: float | None = None, currency: str = "USD") -> str:
    """A price or a range of prices; unknown stays unknown."""
    if low is None:
        return "unknown"
    told = f"{low:,.0f}"
    if high is not None and round(high) != round(low):
        told += f" to {high:,.0f}"
    return f"{told} {currency}"


def plain(value: object) -> str:
    """A word of ours as people write it: no underscores."""
    return str(value.value if isinstance(value, Enum) else value).replace("_", " ")


def words(items: Sequence[object], missing: str = "none") -> str:
    """Items with commas."""
    return ", ".join(map(str, items)) or missing


# Fields of a user whose own names say less than ours.
FIELDS = {"seat_names": "seats", "super_admin": "Super Admin", "last_active_at": "last active"}
FIELDS |= {"last_active_source": "last active by", "created_at": "created"}
# Where a plan comes from, in the words of the command that makes it.
SOURCES = {"user change": "a change of users", "user remove": "a removal", "user add": "a new user"}
SOURCES |= {"user import": "a list of users", "team move": "a move of a team", "due": "a date"}


def field_word(name: str) -> str:
    """A field of a user as people write it; HubSpot's own properties lose their prefix."""
    return FIELDS.get(name) or plain(name.removeprefix("hs_").removesuffix("_ids"))


def source_word(source: str) -> str:
    """Where a plan comes from."""
    return SOURCES.get(source, source)


# Errors name commands; here the same is a place to click.
_PLACES = {
    "rolecall sync": "read it from HubSpot on the overview",
    "rolecall access dump": "Structure, access.yaml shows the portal written down, to begin with",
    "rolecall portal add": "Portals shows where to click",
    "rolecall plan apply": "open that plan and carry it out",
}


def hint_here(hint: str) -> str:
    """What to do, in the words of the console; a hint that only names a command says nothing here."""
    if "`rolecall" not in hint and not hint.startswith("rolecall "):
        return hint
    return next((place for command, place in _PLACES.items() if command in hint), "")


def sentence(text: str) -> str:
    """The same with a capital at its beginning; an e-mail stays as it is written."""
    return text if "@" in text.partition(" ")[0] else text[:1].upper() + text[1:]


# The order counts: every browser names Safari, and most name Chrome.
_BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows")),
    *(("Mac OS", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
)


def cell(value: object) -> str:
    """A cell of a report; seconds and the zone of a moment stand in the file, not on the page."""
    text = str(value if value is not None else "")
    if text.endswith(" UTC") and len(text) == len("2026-06-30 12:00:00 UTC"):
        return text[: len("2026-06-30 12:00")]
    return text or "–"


def browser(about: str) -> str:
    """`Firefox on Windows, 10.0.0.7` of what a browser says of itself; its own words otherwise."""
    agent, _, address = about.rpartition(", ")
    name = next((word for token, word in _BROWSERS if token in agent), "")
    system = next((word for token, word in _SYSTEMS if token in agent), "")
    told = " on ".join(part for part in (name, system) if part)
    return f"{told}, {address}" if told and address else about or "unknown browser"


def shown(value: object, missing: str = "–") -> str:
    """Any stored value for reading."""
    if value is None or value in ("", ()):
        return missing
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(str, value)) or missing
    return plain(value) if isinstance(value, Enum) else str(value)
