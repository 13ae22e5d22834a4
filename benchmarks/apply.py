"""Applying 1,000 changes of as many users: time and requests under real limits, cost without."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.emulated import PORTAL, WINDOW, Emulator, emulator, forced, installation
from benchmarks.measure import ROLECALL, Figure, Spent, run_for_json, run_once

USERS = 3_000
EFFECTS = 1_000
READS = 3  # requests of one effect: look, write, look again


def figures() -> Iterator[Figure]:
    """Once under real limits for the time, once without for what durability costs."""
    with emulator("--users", str(USERS)) as emulated, installation(emulated) as env:
        plan_id, _ = approved(env)
        time.sleep(WINDOW + 1)
        emulated.forget()
        spent, applied = run_for_json([ROLECALL, "plan", "apply", plan_id, "--json"], env)
        requests, refused = emulated.requests(), emulated.refused()
    count = done(applied)
    floor = forced(requests)
    note = f"({spent.wall:.1f} s over {floor:.0f} s, process start included)"
    yield Figure(f"apply of {count} effects / what the burst limit forces", spent.wall / floor,
                 "x wall", 1.15, note)  # fmt: skip
    yield Figure("requests per effect", requests / count, "", 3.0, f"({requests} requests)")
    yield Figure("refused by HubSpot's limits (429)", refused, "requests", 0)
    yield from overhead()


def overhead() -> Iterator[Figure]:
    """What an effect costs beyond its three requests: journal, audit trail, receipts, thinking."""
    options = ("--users", str(USERS), "--limits", "off")
    with emulator(*options) as emulated, installation(emulated) as env:
        plan_id, ids = approved(env)
        bare = bare_reads(emulated, ids)
        spent, applied = run_for_json([ROLECALL, "plan", "apply", plan_id, "--json"], env)
    count = done(applied)
    for unit, more in (("CPU", spent.cpu - bare.cpu), ("wall", spent.wall - bare.wall)):
        note = "beyond its requests: four durable steps, process start shared by all"
        yield Figure("durable overhead per change", more / count * 1000, f"ms {unit}", note=note)


def bare_reads(emulated: Emulator, ids: list[str]) -> Spent:
    """As many bare requests of the same client."""
    command = [sys.executable, "-m", "benchmarks.reading_users", emulated.url, emulated.token]
    return run_once([*command, str(READS), *ids])


def approved(env: Mapping[str, str]) -> tuple[str, list[str]]:
    """A synced portal and an approved plan of EFFECTS changes; its id, and the users' ids."""
    run_once([ROLECALL, "sync", PORTAL], env)
    columns = "id,email,permission_sets,super_admin,state"
    _, users = run_for_json([ROLECALL, "user", "list", PORTAL, "--columns", columns, "--json"], env)
    chosen = [one for one in users if plain(one)][:EFFECTS]
    names = sorted({one["permission_sets"][0] for one in chosen})
    file = Path(env["ROLECALL_HOME"]) / "changes.csv"
    with file.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["email", "permission set"])
        rows.writerows([one["email"], other(one["permission_sets"][0], names)] for one in chosen)
    _, told = run_for_json([ROLECALL, "user", "import", PORTAL, str(file), "--json"], env)
    run_once([ROLECALL, "plan", "approve", told["id"]], env)
    return told["id"], [one["id"] for one in chosen]


def plain(user: Mapping[str, Any]) -> bool:
    """Somebody whose one permission set the API may change."""
    one_set = len(user["permission_sets"]) == 1
    return one_set and not user["super_admin"] and user["state"] == "active"


def other(name: str, names: list[str]) -> str:
    """The next permission set."""
    return names[(names.index(name) + 1) % len(names)]


def done(applied: Mapping[str, Any]) -> int:
    """How many changes were carried out; fewer than planned is an error."""
    outcomes = [receipt["outcome"] for receipt in applied["receipts"]]
    if outcomes.count("done") != EFFECTS:
        raise RuntimeError(f"{outcomes.count('done')} of {EFFECTS} changes were carried out")
    return len(outcomes)
