"""Handing 100,000 records of a leaver to a successor, under real limits."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from math import ceil

from benchmarks.emulated import PORTAL, WINDOW, emulator, forced, installation
from benchmarks.measure import ROLECALL, Figure, run_for_json, run_once
from benchmarks.portal_with_records import HEIR, KIND, LEAVER

RECORDS = 100_000
SEARCH_PAGE, BATCH = 200, 100  # HubSpot's maxima
SEARCHES_PER_SECOND = 5
OPERATIONS = (f"crm.{KIND}.search", f"crm.{KIND}.batch_update")


def figures() -> Iterator[Figure]:
    """Requests over what pages and batches allow, and time over what the limits force."""
    command = [sys.executable, "-m", "benchmarks.portal_with_records", str(RECORDS)]
    with emulator(command=command) as emulated, installation(emulated) as env:
        run_once([ROLECALL, "sync", PORTAL], env)
        offboard = [ROLECALL, "user", "offboard", PORTAL, LEAVER, "--successor", HEIR, "--json"]
        _, told = run_for_json(offboard, env)
        run_once([ROLECALL, "plan", "approve", told["id"]], env)
        time.sleep(WINDOW + 1)
        emulated.forget()
        spent, applied = run_for_json([ROLECALL, "plan", "apply", told["id"], "--json"], env)
        totals = emulated.totals()
    check(applied["receipts"])
    by_operation = totals["by_operation"]
    requests = sum(by_operation.get(name, 0) for name in OPERATIONS)
    searches, batches = ceil(RECORDS / SEARCH_PAGE), ceil(RECORDS / BATCH)
    note = f"({requests} over {searches + batches}; {totals['requests']} with the parking of the"
    yield Figure(f"requests of handing over {RECORDS} records / minimum",
                 requests / (searches + batches), "x", 1.15, f"{note} leaver)")  # fmt: skip
    floor = max(forced(searches, SEARCHES_PER_SECOND, 1.0), forced(batches))
    note = f"({spent.wall:.1f} s over {floor:.0f} s, process start and parking included)"
    yield Figure("wall time / what the search limit forces", spent.wall / floor, "x wall", 1.15,
                 note)  # fmt: skip
    refused = totals["by_status"].get("429", 0)
    yield Figure("refused by HubSpot's limits (429)", refused, "requests", 0)


def check(receipts: list[dict[str, str]]) -> None:
    """Every record is with the successor, or this measured nothing."""
    said = [one["message"] for one in receipts if one["outcome"] == "done"]
    if not any(message.startswith(f"{RECORDS} {KIND} handed over") for message in said):
        raise RuntimeError(f"the records were not handed over: {said}")
