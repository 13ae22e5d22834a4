"""`rolecall user add|change|offboard|remove`: each prints a plan, and --apply carries it out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rolecall.cli.moments import Day
from rolecall.cli.output import json_option, print_table, say
from rolecall.cli.plan_output import apply_options, plan_and_apply
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.plan.wishes import Ask
    from rolecall.services.drafts.offboarding import Impact
    from rolecall.services.drafts.orders import Order

Command = TypeVar("Command", bound=Callable[..., Any])
DAY = Day()
OBJECTS = ("contacts", "companies", "deals", "tickets")
VERBS = """\b
What the words mean:
  deactivate  HubSpot's screens only; a manual task, closed when a sync sees it
  park        teams off, seat to View-Only, the no-access set: reversible, by API
  remove      the user leaves the portal; the API cannot undo it
  delete      what HubSpot calls remove; Rolecall says remove
"""


def access_options(command: Command) -> Command:
    """What add and change can give."""
    options = (
        click.option("--like", default="", metavar="E-MAIL", help="Copy this user's access."),
        click.option("--profile", default="", help="An access profile of the policy in force."),
        click.option("--set", "permission_set", help="Permission set; empty takes it away."),
        click.option("--seat", help="Seat, by name; empty takes it away."),
        click.option("--team", help="Main team; empty takes it away."),
        click.option("--extra-team", multiple=True, help="Extra team; may be repeated."),
        click.option("--job-title", help="Job title."),
        click.option("--phone", help="Phone number."),
        click.option("--time-zone", help="Time zone, like Europe/Berlin."),
        click.option("--until", type=DAY, help="Last day; afterwards a plan takes it back."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(epilog="Example: rolecall user add acme eva@acme.test --like anna@acme.test --apply")
@click.argument("name")
@click.argument("email")
@access_options
@click.option("--first-name", default="", help="Given name.")
@click.option("--last-name", default="", help="Family name.")
@click.option("--contractor", is_flag=True, help="Cheapest seat, least access, a fixed end.")
@click.option("--sponsor", default="", metavar="E-MAIL", help="Who answers for a contractor.")
@click.option(
    "--send-welcome-email", is_flag=True, help="Invite by e-mail; otherwise nobody is told."
)
@apply_options
@json_option
def add(
    name: str,
    email: str,
    like: str,
    profile: str,
    until: datetime | None,
    contractor: bool,
    sponsor: str,
    apply_now: bool,
    yes: bool,
    reason: str,
    as_json: bool,
    **given: Any,
) -> None:
    """Add a user with access, as a plan."""
    from rolecall.services.drafts.orders import AddUser

    order = AddUser(email, _asked(**given), like, profile, _day(until), contractor, sponsor, reason)
    _plan(name, order, apply_now=apply_now, yes=yes, as_json=as_json)


@click.command(epilog="Example: rolecall user change acme ben@acme.test --team EMEA --apply")
@click.argument("name")
@click.argument("emails", nargs=-1, metavar="[E-MAIL]...")
@click.option("--where", multiple=True, metavar="NAME=VALUE", help="Everybody with this value.")
@click.option("--in-team", help="Everybody in this team.")
@click.option("--with-set", help="Everybody with this permission set.")
@click.option("--with-seat", help="Everybody with this seat.")
@click.option("--drop-team", multiple=True, help="Extra team to leave; may be repeated.")
@click.option(
    "--overwrite-sets",
    multiple=True,
    metavar="E-MAIL",
    help="Whose several permission sets may be replaced by one.",
)
@access_options
@apply_options
@json_option
def change(
    name: str,
    emails: tuple[str, ...],
    where: tuple[str, ...],
    in_team: str | None,
    with_set: str | None,
    with_seat: str | None,
    overwrite_sets: tuple[str, ...],
    like: str,
    profile: str,
    until: datetime | None,
    apply_now: bool,
    yes: bool,
    reason: str,
    as_json: bool,
    **given: Any,
) -> None:
    """Change the access of one user, or of a whole selection in one plan."""
    from rolecall.services.drafts.orders import ChangeUsers

    chosen = emails
    if where or in_team or with_set or with_seat:
        chosen = (*emails, *_selected(name, where, in_team, with_set, with_seat))
    asked = _asked(**given, adds=True)
    order = ChangeUsers(chosen, asked, like, profile, _day(until), reason, overwrite_sets)
    _plan(name, order, apply_now=apply_now, yes=yes, as_json=as_json)


@click.command(
    epilog="Example: rolecall user offboard acme ben@acme.test --successor anna@acme.test",
    help=f"Hand records over, then park, as a plan; removed after the grace days.\n\n{VERBS}",
)
@click.argument("name")
@click.argument("email")
@click.option(
    "--successor",
    multiple=True,
    metavar="[TYPE=]E-MAIL",
    help="Who takes the records; deals=E-MAIL for one type.",
)
@click.option(
    "--rule",
    type=click.Choice(("manager", "team-lead", "round-robin")),
    help="Who takes the records, where nobody is named.",
)
@click.option("--keep-records", is_flag=True, help="Leave the records where they are.")
@click.option("--preview", is_flag=True, help="Only count what would be left behind.")
@apply_options
@json_option
def offboard(
    name: str,
    email: str,
    successor: tuple[str, ...],
    rule: str | None,
    keep_records: bool,
    preview: bool,
    apply_now: bool,
    yes: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Hand records over, then park."""
    from rolecall.services.drafts.orders import OffboardUser

    if preview:
        _show_impact(name, email, as_json=as_json)
        return
    order = OffboardUser(email, _successors(successor), rule or "", keep_records, reason)
    _plan(name, order, apply_now=apply_now, yes=yes, as_json=as_json)


@click.command(
    epilog="Example: rolecall user remove acme ghost@acme.test --apply",
    help=f"Remove users at once, as a plan; it cannot be undone.\n\n{VERBS}",
)
@click.argument("name")
@click.argument("emails", nargs=-1, required=True, metavar="E-MAIL...")
@apply_options
@json_option
def remove(
    name: str, emails: tuple[str, ...], apply_now: bool, yes: bool, reason: str, as_json: bool
) -> None:
    """Remove users at once."""
    from rolecall.services.drafts.orders import RemoveUsers

    order = RemoveUsers(emails, reason)
    _plan(name, order, apply_now=apply_now, yes=yes, as_json=as_json)


def _plan(name: str, order: Order, *, apply_now: bool, yes: bool, as_json: bool) -> None:
    from rolecall.services.plans.drafting import propose

    drafted = ask(lambda app, actor: propose(app, actor, name, order))
    plan_and_apply(drafted, apply_now=apply_now, yes=yes, as_json=as_json, reason=order.reason)


def _asked(
    *,
    permission_set: str | None,
    seat: str | None,
    team: str | None,
    extra_team: tuple[str, ...],
    adds: bool = False,
    drop_team: tuple[str, ...] = (),
    first_name: str = "",
    last_name: str = "",
    send_welcome_email: bool = False,
    **fields: str | None,
) -> Ask:
    """What the options ask for; for a change extra teams add up, for a new user they are all."""
    from rolecall.plan.wishes import Ask

    return Ask(
        permission_set=permission_set,
        seat=seat,
        main_team=team,
        extra_teams=None if adds or not extra_team else extra_team,
        add_teams=extra_team if adds else (),
        drop_teams=drop_team,
        fields={key: value for key, value in fields.items() if value is not None},
        first_name=first_name,
        last_name=last_name,
        send_welcome_email=send_welcome_email,
    )


def _day(until: datetime | None) -> date | None:
    return until.date() if until is not None else None


def _selected(
    name: str,
    where: tuple[str, ...],
    team: str | None,
    permission_set: str | None,
    seat: str | None,
) -> tuple[str, ...]:
    """The e-mails of a selection, as the newest snapshot has them."""
    from rolecall.services.inventory.users import Wanted, list_users

    pairs = dict(one.partition("=")[::2] for one in where)
    wanted = Wanted(team=team, permission_set=permission_set, seat=seat, where=pairs)
    page = ask(lambda app, actor: list_users(app, actor, name, wanted))
    say(f"{len(page.rows)} users selected")
    return tuple(row.user.email for row in page.rows)


def _successors(given: tuple[str, ...]) -> dict[str, str]:
    """E-mails by object type; one without a type takes everything else."""
    found: dict[str, str] = {}
    for one in given:
        kind, separator, email = one.partition("=")
        if separator and kind not in OBJECTS:
            raise click.BadParameter(f"{kind!r} is none of {', '.join(OBJECTS)}")
        found[kind if separator else ""] = email if separator else one
    return found


def _show_impact(name: str, email: str, *, as_json: bool) -> None:
    from rolecall.services.drafts.offboarding import preview_offboarding

    impact = ask(lambda app, actor: preview_offboarding(app, actor, name, email))
    if as_json:
        from rolecall.cli.output import print_json
        from rolecall.services.plans.shapes import impact_shape

        print_json(impact_shape(impact))
        return
    _print_impact(impact)


def _print_impact(impact: Impact) -> None:
    held = impact.holdings
    if held.held:
        rows = [(one.object_type, one.label, one.records, one.open) for one in held.held]
        print_table(("records", "named as", "count", "open"), rows)
    else:
        say(f"{impact.user.email} holds no records")
    if impact.unread:
        say(f"not looked at, the connection may not: {', '.join(impact.unread)}")
    if impact.parked:
        say(f"{impact.user.email} is parked already")
