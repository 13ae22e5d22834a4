"""`rolecall user seats|owner`: what seats cost and could come back, and who answers for a user."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.moments import Day
from rolecall.cli.output import json_option, print_json, print_table, say, tell
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.services.findings.seats import SeatReport

DAY = Day()


@click.command(epilog="Example: rolecall user seats acme --renews-on 2027-01-31")
@click.argument("name")
@click.option("--renews-on", type=DAY, metavar="DATE", help="What to drop at this renewal.")
@json_option
def seats(name: str, renews_on: datetime | None, as_json: bool) -> None:
    """Cost of seats, which could come back (with reasons and doubt), which could be smaller.

    Prices are ranges: HubSpot's list, or `prices:` of access.yaml. Nothing is bought or dropped.
    """
    from rolecall.services.findings.seats import seat_report, seat_shape

    day = renews_on.date() if renews_on else None
    report = ask(lambda app, actor: seat_report(app, actor, name, day))
    if as_json:
        print_json(seat_shape(report))
        return
    _show_bill(report)
    _show_queue(report)
    if report.renewal is not None:
        _show_renewal(report)
    say(f"{report.prices}; snapshot of {report.as_of:%Y-%m-%d %H:%M} UTC")


def _show_bill(report: SeatReport) -> None:
    from rolecall.services.findings.seats import price_shown

    bill = report.bill
    rows = [
        (
            one.seat,
            one.held,
            one.deactivated,
            "not told" if one.remaining is None else one.remaining,
            price_shown(one.monthly, bill.currency),
            price_shown(one.yearly, bill.currency),
        )
        for one in bill.lines
    ]
    print_table(("seat", "held", "deactivated", "remaining", "a month", "a year"), rows)
    if bill.monthly is not None:
        month, year = (price_shown(one, bill.currency) for one in (bill.monthly, bill.yearly))
        tell(f"together {month} a month, {year} a year")
    else:
        tell(f"no price known for {', '.join(bill.unpriced)}")


def _show_queue(report: SeatReport) -> None:
    from rolecall.services.findings.seats import price_shown

    currency = report.bill.currency
    if report.queue:
        tell()
        rows = [
            (one.user.email, one.seat, one.reason, one.doubt, price_shown(one.price, currency))
            for one in report.queue
        ]
        print_table(("could come back", "seat", "because", "doubt", "a month"), rows)
    if report.sizes:
        tell()
        sizes = [
            (one.user.email, one.seat, one.to, one.reason, price_shown(one.saves, currency))
            for one in report.sizes
        ]
        print_table(("could be smaller", "seat", "to", "because", "saves"), sizes)


def _show_renewal(report: SeatReport) -> None:
    from rolecall.services.findings.seats import price_shown

    found = report.renewal
    assert found is not None
    tell()
    tell(f"renewal on {found.renews_on}, in {found.days_left} days")
    for seat, count in found.drop.items():
        more = found.doubtful.get(seat, 0)
        tell(f"  {seat}: drop {count}{f', {more} more in doubt' if more else ''}")
    saved = price_shown(found.saves, report.bill.currency)
    tell(f"  saves {saved} a year" if saved else "  what it saves is not known")


@click.command(epilog="Example: rolecall user owner acme dialer-bot@acme.test it@acme.test")
@click.argument("name")
@click.argument("who", metavar="E-MAIL")
@click.argument("person", metavar="OWNER")
@click.option("--pack", "wanted", default="", metavar="PACK", help="What it may hold at most.")
@json_option
def owner(name: str, who: str, person: str, wanted: str, as_json: bool) -> None:
    """Name who answers for an integration's or service user, and the pack that bounds it."""
    from rolecall.services.findings.facts import answerable_shape, name_answerable
    from rolecall.services.permissions.packs import find_pack

    async def use(app: Any, actor: Any) -> str:
        text = find_pack(app, wanted).text if wanted else ""
        return await name_answerable(app, actor, name, who, person, text)

    user = ask(use)
    if as_json:
        print_json(answerable_shape(user, person, wanted))
        return
    tell(f"{person} answers for {user}")
