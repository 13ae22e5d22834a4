"""A plan over 50,000 users and 200 rules, against loading their snapshot from the database."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator

from benchmarks.emulated import PORTAL, emulator, installation
from benchmarks.measure import ROLECALL, Figure, run_for_json, run_once

USERS = 50_000


def figures() -> Iterator[Figure]:
    """CPU and wall of planning (text of the file to sealed plan) over those of loading."""
    options = ("--users", str(USERS), "--limits", "off")
    with emulator(*options) as emulated, installation(emulated) as env:
        run_once([ROLECALL, "sync", PORTAL], env)
        _, told = run_for_json([sys.executable, "-m", "benchmarks.planning"], env)
    scene = f"{told['rules']} rules, {told['people']} people, {told['changes']} changes"
    for unit in ("cpu", "wall"):
        pairs = [(one[f"plan_{unit}"], one[f"load_{unit}"]) for one in told["rounds"]]
        ratio = statistics.median(plan / load for plan, load in pairs)
        note = f"({pairs[-1][0]:.2f} s over {pairs[-1][1]:.2f} s; {scene})"
        name = f"planning {USERS} users / loading their snapshot"
        yield Figure(name, ratio, f"x {'CPU' if unit == 'cpu' else unit}", 3.0, note)
