"""`rolecall request`: ask for access, answer who asks, give it back."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.asking import ask_as_operator, ask_in
from rolecall.cli.moments import Day
from rolecall.cli.numbers import DAYS
from rolecall.cli.output import hint, json_option, print_json, print_table, say, shown, tell

if TYPE_CHECKING:
    from rolecall.domain.request import AccessRequest

REASON = click.option("--reason", default="", help="Why; kept in the audit trail.")


@click.group(epilog="Example: rolecall request ask acme sales-rep --for ben@acme.test --days 30")
def request() -> None:
    """Access on demand: asked for, approved, given for a while, taken back by itself."""


@request.command(epilog="Example: rolecall request catalogue acme")
@click.argument("name")
@json_option
def catalogue(name: str, as_json: bool) -> None:
    """What you may ask for in a portal, on what terms, at what price."""
    from rolecall.services.requests.views import catalogue as offered

    found = ask_in(name, offered)
    if as_json:
        from rolecall.services.requests.shapes import offer_shape

        print_json([offer_shape(one) for one in found])
        return
    rows = [
        (one.entry.profile, one.entry.title, tuple(label for _, label in one.gives),
         one.entry.max_days or "unlimited", _money(one), "; ".join(one.problems))
        for one in found
    ]  # fmt: skip
    print_table(("PROFILE", "TITLE", "GIVES", "DAYS", "A MONTH", "PROBLEMS"), rows)


@request.command("ask", epilog="Example: rolecall request ask acme sales-rep --reason 'joins us'")
@click.argument("name")
@click.argument("profile")
@click.option("--for", "subject", default="", help="E-mail of whom it is for; default yourself.")
@click.option("--days", type=DAYS, help="For how long; default as long as allowed.")
@click.option("--from", "starts", type=Day(), help="First day (UTC).")
@click.option("--reason", required=True, help="What it is needed for.")
@click.option("--first-name", default="", help="Of a new colleague.")
@click.option("--last-name", default="", help="Of a new colleague.")
@click.option("--break-glass", is_flag=True, help="At once, shortly, and everybody is told.")
@click.option("--requester", default="", help="Who asks, where this UNIX user is no operator.")
@json_option
def ask_(
    name: str,
    profile: str,
    subject: str,
    days: int | None,
    starts: datetime | None,
    reason: str,
    first_name: str,
    last_name: str,
    break_glass: bool,
    requester: str,
    as_json: bool,
) -> None:
    """Ask for a profile of the catalogue."""
    from datetime import UTC

    from rolecall.services.requests.requests import RequestForm, file_request

    begins = datetime.combine(starts, time(), UTC) if starts else None
    form = RequestForm(
        profile, reason, subject, days, begins, first_name, last_name, break_glass, requester
    )
    _tell(ask_in(name, lambda app, actor, hub: file_request(app, actor, hub, form)), as_json)


@request.command("list", epilog="Example: rolecall request list acme --state open")
@click.argument("name")
@click.option("--state", "states", multiple=True, help="open, approved, active, ended, ...")
@json_option
def list_(name: str, states: tuple[str, ...], as_json: bool) -> None:
    """Requests of a portal, newest first."""
    from rolecall.domain.request import RequestState
    from rolecall.kit.errors import Refused
    from rolecall.services.requests.views import list_requests

    known = [state.value for state in RequestState]
    unknown = [state for state in states if state not in known]
    if unknown:
        raise Refused(f"there is no state {unknown[0]!r}", hint=f"states: {', '.join(known)}")
    chosen = frozenset(RequestState(state) for state in states) or None
    found = ask_in(
        name, lambda app, actor, hub: list_requests(app, actor, hub, states=chosen, limit=500)
    )
    _list(found.items, as_json)


@request.command(epilog="Example: rolecall request waiting")
@json_option
def waiting(as_json: bool) -> None:
    """Requests you can answer now, in every portal, oldest first."""
    from rolecall.services.requests.views import waiting_for

    _list(ask_as_operator(waiting_for), as_json)


@request.command(epilog="Example: rolecall request show 0198c1d2-...")
@click.argument("request_id", metavar="ID")
@json_option
def show(request_id: str, as_json: bool) -> None:
    """One request: what it gives, who answered, when it ends."""
    from rolecall.services.requests.views import show_request

    found = ask_as_operator(lambda app, actor: show_request(app, actor, request_id))
    _tell(found.request, as_json)
    if not as_json and found.why_not:
        say(f"you cannot answer it: {found.why_not}")


@request.command(epilog="Example: rolecall request approve 0198c1d2-...")
@click.argument("request_id", metavar="ID")
@REASON
@json_option
def approve(request_id: str, reason: str, as_json: bool) -> None:
    """Say yes to the step that waits; with the last yes the clock starts."""
    _answer(request_id, True, reason, as_json)


@request.command(epilog="Example: rolecall request refuse 0198c1d2-... --reason 'use the report'")
@click.argument("request_id", metavar="ID")
@click.option("--reason", required=True, help="Why; the requester is told.")
@json_option
def refuse(request_id: str, reason: str, as_json: bool) -> None:
    """Say no, with a reason."""
    _answer(request_id, False, reason, as_json)


@request.command(epilog="Example: rolecall request withdraw 0198c1d2-...")
@click.argument("request_id", metavar="ID")
@json_option
def withdraw(request_id: str, as_json: bool) -> None:
    """Take back a request nobody has answered."""
    from rolecall.services.requests import requests

    _tell(ask_as_operator(lambda app, who: requests.withdraw(app, who, request_id)), as_json)


@request.command(epilog="Example: rolecall request extend 0198c1d2-... --days 10 --reason 'late'")
@click.argument("request_id", metavar="ID")
@click.option("--days", type=DAYS, required=True, help="How many days more.")
@click.option("--reason", required=True, help="Why.")
@json_option
def extend(request_id: str, days: int, reason: str, as_json: bool) -> None:
    """Ask for more time; the access runs on meanwhile."""
    from rolecall.services.requests import requests

    more = ask_as_operator(
        lambda app, who: requests.extend(app, who, request_id, days=days, reason=reason)
    )
    _tell(more, as_json)


@request.command("return", epilog="Example: rolecall request return 0198c1d2-...")
@click.argument("request_id", metavar="ID")
@REASON
@json_option
def return_(request_id: str, reason: str, as_json: bool) -> None:
    """Give access back before its end; the former access returns."""
    from rolecall.services.requests import requests

    _tell(
        ask_as_operator(lambda app, who: requests.give_back(app, who, request_id, reason)), as_json
    )


def _answer(request_id: str, yes: bool, reason: str, as_json: bool) -> None:
    from rolecall.services.requests import requests

    after = ask_as_operator(
        lambda app, who: requests.answer(app, who, request_id, yes=yes, reason=reason)
    )
    _tell(after, as_json)


def _tell(one: AccessRequest, as_json: bool) -> None:
    if as_json:
        from rolecall.services.requests.shapes import request_shape

        print_json(request_shape(one))
        return
    tell(f"{one.id}  {one.profile} for {one.subject}: {one.state.value}")
    for step in one.steps:
        who = step.decided_by or ", ".join(step.approvers) or "any approver of the portal"
        tell(f"  {step.kind.value}: {step.decision or 'waits'} ({who}) {step.reason}".rstrip())
    if one.ends_at:
        tell(f"  ends {shown(one.ends_at)} UTC")
    if one.note:
        tell(f"  {one.note}")
    if one.state.value == "approved":
        hint("the server or `rolecall worker` carries it out")


def _list(found: tuple[AccessRequest, ...], as_json: bool) -> None:
    if as_json:
        from rolecall.services.requests.shapes import request_shape

        print_json([request_shape(one) for one in found])
        return
    rows = [
        (one.id, one.state.value, one.profile, one.subject, one.requester, one.created_at,
         one.ends_at)
        for one in found
    ]  # fmt: skip
    print_table(("ID", "STATE", "PROFILE", "FOR", "ASKED BY", "ASKED", "ENDS"), rows)
    if not found:
        say("no requests")


def _money(item: Any) -> str:
    if item.monthly is None:
        return "unknown"
    low, high = item.monthly
    span = f"{low:g}" if low == high else f"{low:g}-{high:g}"
    return f"{span} {item.currency}"
