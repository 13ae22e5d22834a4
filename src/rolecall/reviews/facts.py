"""What helps to decide about one grant: last log-in, records, price, peers, findings, employment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from rolecall.domain.assignment import Slot
from rolecall.domain.finding import Finding
from rolecall.domain.person import Person
from rolecall.domain.snapshot import Snapshot, User
from rolecall.reviews.population import Grant, grants_of

UNKNOWN = "unknown"  # never zero: what nobody told is not nothing
Price = Callable[[str], str]  # a seat's price as people read it, "" where nobody knows it


def no_price(_seat: str) -> str:
    """Where there is no price book."""
    return ""


@dataclass(frozen=True, slots=True)
class Library:
    """Everything facts are looked up in, counted once for a whole campaign."""

    people: Mapping[str, Person] = field(default_factory=dict)
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)  # by user id
    records: Mapping[str, int] = field(default_factory=dict)  # owned, by user id, where counted
    held: Mapping[tuple[str, Slot, str], int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)  # people per main team
    price: Price = no_price


def library_of(
    snapshot: Snapshot,
    people: Mapping[str, Person],
    findings: Iterable[Finding],
    price: Price = no_price,
) -> Library:
    """The lookups of one snapshot; peers are people of the same main team."""
    held: Counter[tuple[str, Slot, str]] = Counter()
    seen: set[str] = set()
    sizes: Counter[str] = Counter()
    for grant in grants_of(snapshot):
        team = grant.user.main_team_id or ""
        held[team, grant.slot, grant.value] += 1
        if grant.user.id not in seen:
            seen.add(grant.user.id)
            sizes[team] += 1
    by_user: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.subject_kind == "user":
            by_user[finding.subject_id].append(finding)
    return Library(
        people=people,
        findings={key: tuple(found) for key, found in by_user.items()},
        records=_records(snapshot),
        held=held,
        sizes=sizes,
        price=price,
    )


def facts_of(grant: Grant, library: Library) -> dict[str, str]:
    """The facts of one grant as people read them; what is not known says so."""
    user = grant.user
    facts = {
        "last_login": _last_login(user),
        "records": _counted(library.records.get(user.id)),
        "peers": _peers(grant, library),
        "state": user.state.value,
    }
    if grant.slot is Slot.SEAT:
        facts["price"] = library.price(grant.value) or UNKNOWN
    found = library.findings.get(user.id, ())
    if found:
        facts["finding"] = "; ".join(one.message for one in found[:3])
    person = library.people.get(user.email.casefold())
    facts["employment"] = _employment(person)
    return facts


def _records(snapshot: Snapshot) -> dict[str, int]:
    return {
        owner.user_id: owner.records
        for owner in snapshot.owners
        if owner.user_id is not None and owner.records is not None
    }


def _counted(count: int | None) -> str:
    return UNKNOWN if count is None else str(count)


def _last_login(user: User) -> str:
    if user.last_active_at is None:
        return UNKNOWN
    return f"{user.last_active_at:%Y-%m-%d}"


def _peers(grant: Grant, library: Library) -> str:
    team = grant.user.main_team_id or ""
    others = library.sizes.get(team, 1) - 1
    holders = library.held.get((team, grant.slot, grant.value), 1) - 1
    where = "their main team" if team else "those without a team"
    return f"{holders} of {others} others in {where}" if others else "nobody to compare with"


def _employment(person: Person | None) -> str:
    if person is None:
        return UNKNOWN
    if person.left:
        return "left"
    ends = f" until {person.ends_on:%Y-%m-%d}" if person.ends_on else ""
    place = ", ".join(part for part in (person.job_title, person.department) if part)
    return f"{person.employment}{ends}" + (f" ({place})" if place else "")
