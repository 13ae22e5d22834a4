"""`rolecall user list|show|history`: answers from the newest snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.moments import Moment
from rolecall.cli.numbers import DAYS_AGO, Whole
from rolecall.cli.output import (
    ago,
    hint,
    json_option,
    print_csv,
    print_json,
    print_table,
    say,
    shown,
    tell,
)
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.services.inventory.cards import UserCard
    from rolecall.services.inventory.users import UserPage, Wanted

STATES = ("active", "invited", "deactivated", "removed", "service")
SORTS = ("name", "email", "id", "state", "last_active", "created")


@click.command(
    "list", epilog="Example: rolecall user list acme --team Sales --inactive-days 60 --csv"
)
@click.argument("name")
@click.option("--search", default="", help="Part of a name or e-mail.")
@click.option("--state", type=click.Choice(STATES), multiple=True, help="Default: all but removed.")
@click.option("--team", help="Main or extra team, by name or id.")
@click.option("--no-team", is_flag=True, help="In no team at all.")
@click.option("--set", "permission_set", help="Permission set, by name or id.")
@click.option("--no-set", is_flag=True, help="Without any permission set.")
@click.option("--several-sets", is_flag=True, help="With more than one permission set.")
@click.option("--seat", help="Seat, by name.")
@click.option("--super-admin", is_flag=True, help="Super Admins only.")
@click.option("--domain", help="E-mail domain.")
@click.option("--inactive-days", type=DAYS_AGO, help="Not active for so many days.")
@click.option("--where", multiple=True, metavar="NAME=VALUE", help="Any field or CRM property.")
@click.option("--at", type=Moment(), help="As it was then: a day (its end) or a time in UTC.")
@click.option("--columns", help="Comma-separated fields and CRM properties.")
@click.option(
    "--sort",
    type=click.Choice(SORTS),
    default="email",
    show_default=True,
    help="The order of the lines.",
)
@click.option("--descending", is_flag=True, help="Largest first.")
@click.option("--limit", type=Whole(1), help="At most so many.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV; no cell is ever a formula.")
@json_option
def list_(name: str, columns: str | None, as_csv: bool, as_json: bool, **limits: Any) -> None:
    """Users of a portal as of its newest snapshot, or as of an earlier one."""
    from rolecall.services.inventory.users import COLUMNS, checked_columns, list_users

    wanted = _wanted(**limits)
    page = ask(lambda app, actor: list_users(app, actor, name, wanted))
    asked = [one.strip() for one in columns.split(",")] if columns else COLUMNS
    chosen = checked_columns(asked, page.properties)
    if as_json and columns:
        print_json([{one: row.value(one) for one in chosen} for row in page.rows])
    elif as_json:
        from rolecall.services.shapes import user_shape

        print_json([user_shape(row) for row in page.rows])
    elif as_csv:
        print_csv(chosen, ([row.value(one) for one in chosen] for row in page.rows))
    else:
        print_table(
            [one.replace("_", " ") for one in chosen],
            [[row.value(one) for one in chosen] for row in page.rows],
        )
    _tell_age(page, len(page.rows))


def _wanted(
    *,
    where: tuple[str, ...],
    state: tuple[str, ...],
    no_team: bool,
    no_set: bool,
    team: str | None,
    permission_set: str | None,
    several_sets: bool,
    super_admin: bool,
    domain: str | None,
    **others: Any,
) -> Wanted:
    """The options as the use case takes them."""
    from rolecall.domain.snapshot import UserState
    from rolecall.services.inventory.users import Wanted

    pairs = [one.partition("=") for one in where]
    for text, mark, _ in pairs:
        if not mark:
            raise click.UsageError(f"--where takes NAME=VALUE, not {text!r}")
    return Wanted(
        states=frozenset(UserState(one) for one in state) or None,
        team="" if no_team else team,
        permission_set="" if no_set else permission_set,
        several_sets=True if several_sets else None,
        super_admin=True if super_admin else None,
        email_domain=domain,
        where={name: value for name, _, value in pairs},
        **others,
    )


def _tell_age(page: UserPage, count: int) -> None:
    from rolecall.kit.clock import SystemClock

    more = f" of {page.total}" if page.total > count else ""
    whole = "" if page.complete else ", incomplete"
    age = ago(page.as_of, SystemClock().now())
    say(f"{count}{more} users; snapshot of {shown(page.as_of)} UTC ({age}{whole})")


@click.command(epilog="Example: rolecall user show acme anna@acme.test")
@click.argument("name")
@click.argument("who")
@json_option
def show(name: str, who: str, as_json: bool) -> None:
    """Everything known of one user (e-mail or id), with source and age of every fact."""
    from rolecall.services.inventory.cards import show_user
    from rolecall.services.shapes import card_shape

    card = ask(lambda app, actor: show_user(app, actor, name, who))
    if as_json:
        print_json(card_shape(card))
        return
    _show_card(card)


def _show_card(card: UserCard) -> None:
    from rolecall.kit.clock import SystemClock

    user = card.row.user
    tell(f"{user.name} <{user.email}>")
    now = SystemClock().now()
    rows = [
        (one.name, one.value, one.source, ago(one.observed_at, now) if one.observed_at else "never")
        for one in card.facts
    ]
    print_table(("fact", "value", "source", "read"), rows)
    if card.findings:
        tell()
        tell("Findings")
        for one in card.findings:
            tell(f"  {one.severity.name.lower():<8} {one.message} ({one.rule})")
            if one.mend:
                tell(f"           mend: {one.mend.summary}")
    if card.events:
        tell()
        tell("Latest events")
        for event in card.events:
            by = event.actor_email or event.actor_id or "HubSpot"
            tell(f"  {shown(event.at)}  {event.type} by {by}")
    if card.first_seen:
        say(f"known since {shown(card.first_seen)} UTC; `rolecall user history` tells more")


@click.command(epilog="Example: rolecall user history acme anna@acme.test")
@click.argument("name")
@click.argument("who")
@json_option
def history(name: str, who: str, as_json: bool) -> None:
    """What changed about a user from snapshot to snapshot, oldest first."""
    from rolecall.services.inventory.cards import user_history
    from rolecall.services.shapes import history_shape

    lines = ask(lambda app, actor: user_history(app, actor, name, who))
    if as_json:
        print_json([history_shape(line) for line in lines])
        return
    for line in lines:
        tell(f"{shown(line.since)}  {line.note}".rstrip())
        for one in line.differences:
            before, after = shown(one.before) or "nothing", shown(one.after) or "nothing"
            tell(f"    {one.field}: {before} -> {after}")
    if len(lines) == 1:
        hint("every sync adds what changed; nothing did so far")
