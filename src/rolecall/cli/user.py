"""`rolecall user`: who is in a portal, what they hold, and (by plans) what becomes of them."""

from __future__ import annotations

import click

from rolecall.cli.lazy import Entry, LazyGroup

VERBS: dict[str, Entry] = {
    "list": Entry("rolecall.cli.user_reading:list_", "Users, filtered and sorted; CSV and JSON"),
    "show": Entry("rolecall.cli.user_reading:show", "Everything known of one user"),
    "history": Entry("rolecall.cli.user_reading:history", "What changed about a user, and when"),
    "compare": Entry(
        "rolecall.cli.user_access:compare", "Access of users, sets and dates side by side"
    ),
    "why": Entry("rolecall.cli.user_access:why", "Why a user can or cannot do something"),
    "who-can": Entry("rolecall.cli.user_access:who_can", "Everybody who can do something"),
    "matrix": Entry("rolecall.cli.user_access:matrix", "Users x permissions: CSV, XLSX, HTML"),
    "add": Entry("rolecall.cli.user_changes:add", "Add a user (prints a plan)"),
    "change": Entry("rolecall.cli.user_changes:change", "Change access (prints a plan)"),
    "offboard": Entry("rolecall.cli.user_changes:offboard", "Hand over, park (prints a plan)"),
    "remove": Entry("rolecall.cli.user_changes:remove", "Remove a user (prints a plan)"),
    "import": Entry("rolecall.cli.user_import:import_", "Add users from a CSV (prints a plan)"),
    "elevate": Entry("rolecall.cli.user_elevate:elevate", "Time-boxed extra access"),
    "seats": Entry("rolecall.cli.user_seats:seats", "Seats: cost, and which could come back"),
    "owner": Entry("rolecall.cli.user_seats:owner", "Who answers for an integration's user"),
    "elevations": Entry("rolecall.cli.user_elevate:elevations", "Elevations, and their proof"),
}


@click.group(cls=LazyGroup, table=VERBS, epilog="Example: rolecall user list acme --no-team")
def user() -> None:
    """Who is in a portal and what they hold; changes print a plan first."""
