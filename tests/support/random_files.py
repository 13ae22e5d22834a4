"""Random edits of a portal's access.yaml: a week of joiners, movers, leavers and new structure."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from random import Random
from typing import Any

import yaml

from rolecall.domain.snapshot import Snapshot, User, UserState

MODES = ("users", "permission_sets", "teams", "team_structure", "seats")
Node = dict[str, Any]


@dataclass
class Week:
    """A file as data, and the dice. Teams are named by id, so any of them may be renamed."""

    random: Random
    snapshot: Snapshot
    file: Node

    @property
    def people(self) -> dict[str, Node]:
        """The entries, by e-mail."""
        found: dict[str, Node] = self.file["people"]
        return found

    def text(self) -> str:
        """As YAML."""
        return yaml.safe_dump(self.file, sort_keys=False, allow_unicode=True)

    def a_team(self) -> Node:
        """Any team that is there."""
        return {"id": self.random.choice(self.snapshot.teams).id}

    def a_set(self) -> Node:
        """Any permission set without a paid seat in it."""
        free = [one for one in self.snapshot.permission_sets if not one.requires_billing_write]
        return {"id": self.random.choice(free).id}

    def somebody(self) -> User | None:
        """An ordinary user the file still has an entry for."""
        ordinary = [
            user
            for user in self.snapshot.users
            if user.present
            and user.email in self.people
            and not user.super_admin
            and user.state is UserState.ACTIVE
            and len(user.permission_set_ids) == 1
        ]
        return self.random.choice(ordinary) if ordinary else None


def a_week(snapshot: Snapshot, seed: int) -> str:
    """The portal as a file, edited at random; the same for the same seed."""
    week = Week(Random(seed), snapshot, _as_it_is(snapshot))
    for _ in range(week.random.randint(3, 8)):
        week.random.choice(EDITS)(week)
    return week.text()


COLUMNS = ("email", "action", "permission set", "seat", "main team", "extra teams", "reason")


def a_bulk_file(snapshot: Snapshot, seed: int) -> bytes:
    """A CSV of joiners, changes and leavers with different access per row; same seed, same file."""
    week = Week(Random(seed), snapshot, _as_it_is(snapshot))
    names = [team.name for team in snapshot.teams]
    teams = [name for name in names if names.count(name) == 1 and ";" not in name]
    sets = [one.name for one in snapshot.permission_sets if not one.requires_billing_write]
    rows = [_bulk_row(week, teams, sets) for _ in range(week.random.randint(3, 8))]
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows({row[0]: row for row in rows if row}.values())
    return text.getvalue().encode()


def _bulk_row(week: Week, teams: list[str], sets: list[str]) -> tuple[str, ...]:
    dice, user = week.random, week.somebody()
    seat, team = dice.choice(["View-Only", "Core"]), dice.choice(teams)
    if dice.random() < 0.3 or user is None:
        domain = next(user.email for user in week.snapshot.users).partition("@")[2]
        email = f"joiner{dice.randrange(10**6)}@{domain}"
        return (email, "add", dice.choice(sets), "View-Only", team, "", "joins")
    if dice.random() < 0.2:
        return (user.email, "offboard", "", "", "", "", "leaves")
    extra = ";".join(sorted({dice.choice(teams) for _ in range(2)} - {team}))
    cells = (dice.choice(sets), seat, team, extra)
    kept = (cell if dice.random() < 0.6 else "" for cell in cells)
    return (user.email, "change", *kept, "moves")


def _as_it_is(snapshot: Snapshot) -> Node:
    return {
        "version": 1,
        "manage": dict.fromkeys(MODES, "exact"),
        "teams": _level(snapshot, None),
        "people": {
            user.email: _entry(user)
            for user in snapshot.users
            if user.present and user.state is not UserState.SERVICE
        },
    }


def _level(snapshot: Snapshot, parent: str | None) -> list[Node]:
    return [
        {"name": team.name, "id": team.id, "teams": _level(snapshot, team.id)}
        for team in snapshot.teams
        if team.parent_id == parent
    ]


def _entry(user: User) -> Node:
    entry: Node = {}
    if user.super_admin:
        entry["super_admin"] = True
    if user.state is UserState.DEACTIVATED:
        entry["deactivated"] = True
    if user.permission_set_ids:
        entry["permission_sets"] = [{"id": one} for one in user.permission_set_ids]
    if user.seat_names:
        entry["seats"] = list(user.seat_names)
    if user.main_team_id:
        entry["main_team"] = {"id": user.main_team_id}
    if user.extra_team_ids:
        entry["extra_teams"] = [{"id": one} for one in user.extra_team_ids]
    return entry


def _joins(week: Week) -> None:
    domain = next(user.email for user in week.snapshot.users).partition("@")[2]
    email = f"joiner{week.random.randrange(10**6)}@{domain}"
    week.people[email] = {"permission_set": week.a_set(), "seat": "View-Only"}
    week.people[email] |= {"main_team": week.a_team(), "reason": "joins"}


def _leaves(week: Week) -> None:
    if user := week.somebody():
        del week.people[user.email]


def _moves(week: Week) -> None:
    if user := week.somebody():
        week.people[user.email]["main_team"] = week.a_team()


def _changes_set(week: Week) -> None:
    if user := week.somebody():
        week.people[user.email]["permission_sets"] = [week.a_set()]


def _changes_seat(week: Week) -> None:
    if user := week.somebody():
        week.people[user.email]["seats"] = [week.random.choice(["View-Only", "Core"])]


def _changes_extra_teams(week: Week) -> None:
    if user := week.somebody():
        chosen = {week.a_team()["id"] for _ in range(week.random.randint(0, 3))}
        chosen -= {week.people[user.email].get("main_team", {}).get("id")}
        week.people[user.email]["extra_teams"] = [{"id": one} for one in sorted(chosen)]


def _renames_team(week: Week) -> None:
    node, _ = _any_node(week)
    node["name"] = f"Renamed {week.random.randrange(10**6)}"


def _makes_team(week: Week) -> None:
    node, _ = _any_node(week)
    node["teams"].append({"name": f"New {week.random.randrange(10**6)}", "teams": []})


def _moves_team(week: Week) -> None:
    node, siblings = _any_node(week)
    siblings.remove(node)
    week.file["teams"].append(node)


def _any_node(week: Week) -> tuple[Node, list[Node]]:
    found: list[tuple[Node, list[Node]]] = []

    def walk(level: list[Node]) -> None:
        for node in level:
            found.append((node, level))
            walk(node["teams"])

    walk(week.file["teams"])
    return week.random.choice([pair for pair in found if "id" in pair[0]])


EDITS: tuple[Callable[[Week], None], ...] = (
    _joins, _leaves, _moves, _moves, _changes_set, _changes_seat, _changes_extra_teams,
    _renames_team, _makes_team, _moves_team,
)  # fmt: skip
