"""Loads a snapshot and plans 200 rules over it, timed apart. A child process of `plan`.

`python -m benchmarks.planning`: works on the installation of the environment.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import yaml

from benchmarks.emulated import PORTAL
from rolecall.bootstrap import open_app
from rolecall.domain.person import Person
from rolecall.domain.snapshot import Snapshot, User
from rolecall.kit.ids import uuid7
from rolecall.plan.context import DiffOptions
from rolecall.plan.propose import Circumstances, Occasion, propose
from rolecall.policy.assign import assign
from rolecall.policy.parse import parse_policy

RULES = 200
ROUNDS = 5
MOVED = 100  # every so many-th person is on the list of another department
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Took:
    """CPU and wall seconds."""

    cpu: float
    wall: float


def timed(act: Callable[[], Value]) -> tuple[Took, Value]:
    """What an act took, and its value."""
    cpu, wall = time.process_time(), time.perf_counter()
    value = act()
    return Took(time.process_time() - cpu, time.perf_counter() - wall), value


Key = tuple[str, str, str]  # permission set, seat, main team, as the file names them


def held(user: User, names: dict[str, str]) -> Key | None:
    """What a plain user holds; None for whoever holds none or several of something."""
    sets, seats, team = user.permission_set_ids, user.seat_names or (), user.main_team_id
    if user.super_admin or len(sets) != 1 or len(seats) != 1 or team is None:
        return None
    return names[sets[0]], seats[0], names[team]


def policy_text(keys: list[Key]) -> str:
    """An access.yaml with one rule per combination of what people hold."""
    rules = [
        {
            "name": f"rule {number}",
            "when": {"department": f"department {number}", "not": {"employment": "service"}},
            "permission_set": one[0],
            "seat": one[1],
            "main_team": one[2],
        }
        for number, one in enumerate(keys)
    ]
    manage = {"users": "add-only", "permission_sets": "exact", "teams": "exact", "seats": "exact"}
    return yaml.safe_dump({"version": 1, "manage": manage, "rules": rules}, sort_keys=False)


def people_of(snapshot: Snapshot, keys: list[Key], names: dict[str, str]) -> list[Person]:
    """A person per user whom a rule describes; one in MOVED is in another department by now."""
    places = {key: number for number, key in enumerate(keys)}
    people = []
    for at, user in enumerate(snapshot.users):
        key = held(user, names)
        if key is None or key not in places:
            continue
        place = (places[key] + (at % MOVED == 0)) % len(keys)
        people.append(
            Person(uuid7(), (user.email,), department=f"department {place}", country="DE")
        )
    return people


def plan(text: str, snapshot: Snapshot, people: list[Person], now: datetime) -> tuple[int, int]:
    """From the text of the file to the sealed plan; how many changes and rules it has."""
    policy = parse_policy(text)
    desired = assign(policy, snapshot, people, (), now)
    occasion = Occasion(uuid7(), PORTAL, now, "local:bench", "Benchmark", "benchmark")
    made, _ = propose(desired, snapshot, DiffOptions(now), occasion, Circumstances())
    return len(made.changes), len(policy.rules)


async def load() -> tuple[Took, Snapshot]:
    """The newest snapshot from an open database."""
    async with open_app() as app, app.database.read() as view:
        hub_id = (await view.portals.named(PORTAL)).hub_id
        cpu, wall = time.process_time(), time.perf_counter()
        snapshot = await view.snapshots.load(hub_id)
        took = Took(time.process_time() - cpu, time.perf_counter() - wall)
    assert snapshot is not None
    return took, snapshot


def main() -> None:
    """Both, ROUNDS times in turn; one JSON object."""
    rounds, told = [], (0, 0)
    for _ in range(ROUNDS):
        loading, snapshot = asyncio.run(load())
        names = {one.id: one.name for one in (*snapshot.permission_sets, *snapshot.teams)}
        found = Counter(filter(None, (held(user, names) for user in snapshot.users)))
        keys = [key for key, _ in found.most_common(RULES)]
        people, text = people_of(snapshot, keys, names), policy_text(keys)
        planning, told = timed(lambda: plan(text, snapshot, people, snapshot.sealed_at))  # noqa: B023
        rounds.append(
            {"load_cpu": loading.cpu, "load_wall": loading.wall,
             "plan_cpu": planning.cpu, "plan_wall": planning.wall}
        )  # fmt: skip
    print(json.dumps({"rounds": rounds, "changes": told[0], "rules": told[1],
                      "people": len(people)}))  # fmt: skip


if __name__ == "__main__":
    main()
