"""Which logins belong to a function and not to a human? Looks at addresses and log-in places."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.domain.snapshot import User
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "login.shared",
    Severity.MEDIUM,
    title="Shared login",
    why="What several people do under one name can be laid at nobody's door, and the password "
    "outlives every leaver who knew it.",
    docs="Fires for an active user whose address starts with the name of a function (info, sales, "
    "support ...), alone or with a place or number, unless a human's name stands in the address; or who "
    "signs in from several countries on one day.",
    thresholds=("shared_logins", "shared_login_countries"),
)
def shared_login(view: View) -> Iterator[Observation]:
    """Active users whose address names a function, or who sign in from everywhere at once."""
    words = frozenset(view.thresholds.shared_logins)
    places = _busiest_days(view)
    for user in view.active:
        word = _function(user, words)
        day = places.get(user.id, ())
        spread = len(day) >= view.thresholds.shared_login_countries
        if word or spread:
            yield _shared(view, user, word, day if len(day) > 1 else ())


def _busiest_days(view: View) -> dict[str, tuple[str, ...]]:
    """The countries of the day with the most countries, by user id."""
    days: defaultdict[tuple[str, date], set[str]] = defaultdict(set)
    for event in view.facts.events:
        country = event.details.get("country") or event.details.get("country", "")
        if event.feed == "login" and event.actor_id and country:
            days[event.actor_id, event.at.date()].add(country.upper())
    busiest: dict[str, tuple[str, ...]] = {}
    for (user_id, _), countries in days.items():
        if len(countries) > len(busiest.get(user_id, ())):
            busiest[user_id] = tuple(sorted(countries))
    return busiest


def _shared(view: View, user: User, word: str, countries: tuple[str, ...]) -> Observation:
    facts: list[Evidence] = []
    if word:
        facts.append(view.seen(f"{user.email} names a function ({word})"))
    if countries:
        shown = ", ".join(countries)
        facts.append(Evidence(f"log-ins from {shown} on one day", "login feed"))
    mend = Mend("manual", f"Give everybody behind {user.email} a user of their own")
    return of_user(user, "shared by several people", evidence=tuple(facts), mend=mend)


def _function(user: User, words: frozenset[str]) -> str:
    local = user.email.partition("@")[0].partition("+")[0].casefold()
    first, *rest = [part for part in re.split(r"[._-]|\d+", local) if part] or [""]
    if local in words:
        return local
    names = {user.first_name.casefold(), user.last_name.casefold()} - {""}
    if first not in words or any(part in names for part in (first, *rest)):
        return ""
    return first
