"""People and users as flat facts that conditions read; no fact is ever guessed."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.domain.person import Person
from rolecall.domain.snapshot import User
from rolecall.policy.conditions import Fact

PERSON_FIELDS = (
    "email", "email_domain", "first_name", "last_name", "source", "department", "company",
    "country", "location", "job_title", "manager", "employment",
)  # fmt: skip
USER_FIELDS = (
    "permission_sets", "main_team", "extra_teams", "teams", "seats", "super_admin", "state",
)  # fmt: skip
# Effective permissions, surely held: ids, and `id=level`. Nobody is found while nothing is known.
EVIDENCE_FIELDS = ("permissions",)


def email_domain(email: str) -> str:
    """The part after the last @, case-folded."""
    return email.rpartition("@")[2].casefold()


def person_facts(person: Person) -> dict[str, Fact]:
    """One person's facts by field; further columns as attributes.HEADER."""
    facts: dict[str, Fact] = {
        "email": person.emails,
        "email_domain": tuple(email_domain(email) for email in person.emails),
        "first_name": person.first_name,
        "last_name": person.last_name,
        "source": person.source,
        "department": person.department,
        "company": person.company,
        "country": person.country,
        "location": person.location,
        "job_title": person.job_title,
        "manager": person.manager_email,
        "employment": person.employment,
    }
    for header, value in person.attributes.items():
        facts[f"attributes.{header}"] = value
    return facts


def user_facts(user: User, names: Mapping[str, Mapping[str, str]]) -> dict[str, Fact]:
    """One user's facts; `names` has `sets` and `teams`, each id to name."""
    sets, teams = names["sets"], names["teams"]
    main = (teams.get(user.main_team_id, user.main_team_id),) if user.main_team_id else ()
    extra = tuple(teams.get(team, team) for team in user.extra_team_ids)
    return {
        "email": user.email,
        "email_domain": email_domain(user.email),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "permission_sets": tuple(sets.get(one, one) for one in user.permission_set_ids),
        "main_team": main,
        "extra_teams": extra,
        "teams": (*main, *extra),
        "seats": user.seat_names or (),
        "super_admin": "true" if user.super_admin else "false",
        "state": user.state.value,
    }
