"""Every misbehaviour of HubSpot around every write: no change is lost, doubled or half done."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubspot_emulator.app import create_world
from hubspot_emulator.clock import EmulatorClock
from rolecall.domain.plan import Outcome, Plan
from rolecall.kit.clock import HandClock
from rolecall.services.plans.applying import Applied
from tests.support.house import House, a_house
from tests.support.hubspot import START

WRITES = ("users.create", "users.update", "users.remove", "teams.create", "crm.users.update")
# kind and phase: what a careful client survives without a person
PASSING = [
    ("answer_lost", "after_commit"),
    ("half_answer", "after_commit"),
    ("empty_body", "after_commit"),
    ("html_200", "after_commit"),
    ("cut", "before"),
    ("500_json", "before"),
    ("500_json", "after_commit"),
    ("502_html", "before"),
    ("502_html", "after_commit"),
    ("503_html", "after_commit"),
    ("504_html", "after_commit"),
    ("521_cloudflare", "before"),
    ("423_locked", "before"),
    ("429_burst", "before"),
    ("429_daily", "before"),
    ("477_migration", "before"),
    ("unknown_fields", "after_commit"),
    ("401_unknown", "before"),
    ("403_missing_scope", "before"),
    ("no_seat", "before"),
]
OMISSIONS = ("preserve", "clear_role", "clear_all")
SEATED = ("users.create", "users.update")  # where HubSpot can say that no seat is free
SAMPLE = 11  # every eleventh case in `make test`; `make soak` runs them all


def cases() -> Iterator[object]:
    """Every fault at every write under every meaning of an omitted field."""
    every = itertools.product(PASSING, WRITES, OMISSIONS)
    possible = [case for case in every if case[0][0] != "no_seat" or case[1] in SEATED]
    for at, ((kind, phase), operation, omission) in enumerate(possible):
        marks = [] if at % SAMPLE == 0 else [pytest.mark.soak]
        name = f"{kind}-{phase}-{operation}-{omission}"
        yield pytest.param(kind, phase, operation, omission, id=name, marks=marks)


@pytest.mark.parametrize(("kind", "phase", "operation", "omission"), list(cases()))
async def test_every_change_is_done_exactly_once(
    tmp_path: Path, kind: str, phase: str, operation: str, omission: str
) -> None:
    """The portal ends as the file says, each person created and removed once, nobody else touched."""
    clock = HandClock(START)
    world = create_world(
        seed="acme",
        limits="off",
        clock=EmulatorClock(source=clock.now),
        switches={"put_omission": omission},
    )
    async with a_house(tmp_path, world=world, clock=clock) as house:
        text, leaver = a_week(await house.file())
        plan = await house.plan(text, parked=(leaver,))
        others = untouched(house, plan)
        fault = house.fault(kind, operation, phase=phase, attempts=(1,))
        applied = await house.finish(plan)

        assert 1 <= fault.struck
        outcomes = {receipt.outcome for receipt in applied.receipts}
        assert outcomes <= {Outcome.DONE, Outcome.ALREADY}, told(plan, applied)
        assert others == untouched(house, plan)
        assert (1, 1) == (events(house, "ADD_USER"), events(house, "REMOVE_USER"))
        await house.sync()
        assert () == (await house.plan(text, store=False, parked=(leaver,))).changes


def a_week(text: str) -> tuple[str, str]:
    """A joiner, two movers and a new team, written into a dumped file, and the leaver's e-mail."""
    lines = text.splitlines()
    plain = [
        at
        for at, line in enumerate(lines)
        if "main_team:" in line and "permission_set:" in line and "seat:" in line
        and "job_title:" in line and "super_admin" not in line and "extra_teams" not in line
        and "{name:" not in line
    ]  # fmt: skip
    leaver, mover, retitled, model = plain[:4]
    other = next(
        a for a in plain[4:] if value(lines[a], "main_team") != value(lines[mover], "main_team")
    )
    joiner = f"  joined@acme.test: {{permission_set: {value(lines[model], 'permission_set')}, main_team: {value(lines[model], 'main_team')}}}"
    lines[mover] = replaced(lines[mover], "main_team", value(lines[other], "main_team"))
    lines[mover] = replaced(lines[mover], "permission_set", value(lines[other], "permission_set"))
    lines[retitled] = replaced(lines[retitled], "job_title", "Head of Everything")
    email = lines[leaver].split(":")[0].strip()
    lines[leaver] = f"  {email}: {{state: absent, reason: left}}"
    lines.append(joiner)
    team = lines.index("teams:")
    lines.insert(team + 1, "  Newcomers: {}")
    return "\n".join(lines) + "\n", email


def value(line: str, key: str) -> str:
    """What a one-line entry says for a key."""
    return line.split(f"{key}: ", 1)[1].split(",")[0].rstrip("}")


def replaced(line: str, key: str, new: str) -> str:
    """The entry with another value for a key."""
    return line.replace(f"{key}: {value(line, key)}", f"{key}: {new}")


def told(plan: Plan, applied: Applied) -> list[str]:
    """What did not go well, for the failure's message."""
    changes = {change.id: change for change in plan.changes}
    return [
        f"{changes[r.change_id].kind} {changes[r.change_id].subject}: {r.outcome} {r.message}"
        for r in applied.receipts
        if r.outcome not in {Outcome.DONE, Outcome.ALREADY}
    ]


def untouched(house: House, plan: Plan) -> dict[int, object]:
    """What everybody the plan does not speak of holds."""
    spoken = {change.subject.casefold() for change in plan.changes}
    identities = house.world.identities
    return {
        key: (m.permission_set_ids, m.main_team_id, sorted(m.extra_team_ids), m.seat_names)
        for key, m in house.portal.members.items()
        if identities[key].email.casefold() not in spoken
    }


def events(house: House, kind: str) -> int:
    """How often something of this kind was done after the seed was planted."""
    rows = house.portal.feeds.security.rows
    return sum(1 for row in rows if row.type == kind and row.at >= START)
