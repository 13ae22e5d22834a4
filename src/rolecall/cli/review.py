"""`rolecall review`: campaigns, decisions, closing, evidence."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.asking import ask_as_operator, ask_in
from rolecall.cli.moments import Day, Moment
from rolecall.cli.numbers import Whole
from rolecall.cli.output import (
    hint,
    json_option,
    print_csv,
    print_json,
    print_table,
    say,
    shown,
    tell,
)
from rolecall.domain.assignment import Slot
from rolecall.domain.review import Cadence, CampaignOrder, ReviewerKind, Scope, Verdict

if TYPE_CHECKING:
    from rolecall.domain.review import Campaign

SLOTS = [slot.value for slot in Slot]
KINDS = [kind.value for kind in ReviewerKind]
CADENCES = [cadence.value for cadence in Cadence]


@click.group(epilog="Example: rolecall review open acme --title 'Q4' --fallback ciso@acme.test")
def review() -> None:
    """Access reviews: who still needs what, decided by those who know, proved by a snapshot."""


def _scope_options(command: Any) -> Any:
    options = (
        click.option("--title", required=True, help="What the review is called."),
        click.option(
            "--slot",
            "slots",
            multiple=True,
            type=click.Choice(SLOTS),
            help="Only grants of this kind; may be repeated.",
        ),
        click.option("--user", "users", multiple=True, help="Only these e-mails."),
        click.option("--super-admins", is_flag=True, help="Only Super Admins."),
        click.option("--only-changed", is_flag=True, help="Only what is new since the last one."),
        click.option(
            "--reviewers",
            type=click.Choice(KINDS),
            default="manager",
            show_default=True,
            help="Who decides.",
        ),
        click.option("--named", multiple=True, help="E-mail of a named reviewer."),
        click.option("--fallback", default="", help="Who reviews where the rule finds nobody."),
        click.option(
            "--silence",
            type=click.Choice(["keep", "revoke"]),
            default="revoke",
            show_default=True,
            help="What no decision means at the end.",
        ),
        click.option(
            "--due-days",
            type=Whole(1, 180),
            default=14,
            show_default=True,
            help="How long there is to decide.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _order(told: dict[str, Any]) -> CampaignOrder:
    scope = Scope(
        slots=tuple(Slot(slot) for slot in told["slots"]),
        users=told["users"],
        super_admins_only=told["super_admins"],
        only_changed=told["only_changed"],
    )
    return CampaignOrder(
        told["title"], scope, ReviewerKind(told["reviewers"]), told["named"], told["fallback"],
        Verdict(told["silence"]), told["due_days"],
    )  # fmt: skip


@review.command("open", epilog="Example: rolecall review open acme --title Q4 --only-changed")
@click.argument("name")
@_scope_options
@json_option
def open_(name: str, as_json: bool, **told: Any) -> None:
    """Freeze a population from the newest complete snapshot and put it before its reviewers."""
    from rolecall.services.reviews.reviews import open_campaign

    order = _order(told)
    _tell(ask_in(name, lambda app, who, hub: open_campaign(app, who, hub, order)), as_json)


@review.command(epilog="Example: rolecall review schedule acme --title Q --every quarterly")
@click.argument("name")
@_scope_options
@click.option("--every", type=click.Choice(CADENCES), required=True, help="How often it opens.")
@click.option("--from", "first", type=Day(), help="First day (UTC).")
@json_option
def schedule(name: str, every: str, first: datetime | None, as_json: bool, **told: Any) -> None:
    """Open such a review by itself, again and again."""
    from rolecall.services.reviews.reviews import save_schedule

    order = _order(told)

    async def use(app: Any, who: Any, hub: int) -> Any:
        begins = datetime.combine(first, time(), UTC) if first else app.clock.now()
        return await save_schedule(app, who, hub, order, Cadence(every), begins)

    made = ask_in(name, use)
    if as_json:
        from rolecall.services.reviews.shapes import schedule_shape

        print_json(schedule_shape(made))
        return
    say(f"{made.order.title} opens {made.cadence.value}, first on {shown(made.next_at)} UTC")
    tell(made.id)


@review.command("list", epilog="Example: rolecall review list acme")
@click.argument("name")
@json_option
def list_(name: str, as_json: bool) -> None:
    """Campaigns of a portal, newest first."""
    from rolecall.services.reviews.views import list_campaigns

    found = ask_in(name, list_campaigns)
    if as_json:
        from rolecall.services.reviews.shapes import campaign_shape

        print_json([campaign_shape(one) for one in found])
        return
    rows = [(one.id, one.title, one.state.value, one.trigger, one.due_at) for one in found]
    print_table(("ID", "TITLE", "STATE", "OPENED BY", "DUE"), rows)


@review.command(epilog="Example: rolecall review show 0198c1d2-...")
@click.argument("campaign_id", metavar="ID")
@json_option
def show(campaign_id: str, as_json: bool) -> None:
    """How far a campaign is, reviewer by reviewer."""
    from rolecall.services.reviews.views import show_campaign

    found = ask_as_operator(lambda app, who: show_campaign(app, who, campaign_id))
    if as_json:
        from rolecall.services.reviews.shapes import campaign_view_shape

        print_json(campaign_view_shape(found))
        return
    _tell(found.campaign, as_json)
    rows = [
        (one.reviewer or "nobody named", one.progress.decided, one.progress.items)
        for one in found.by_reviewer
    ]
    print_table(("REVIEWER", "DECIDED", "OF"), rows)
    for who in found.stamped:
        say(f"{who} kept nearly everything faster than it can be read")


@review.command(epilog="Example: rolecall review items 0198c1d2-... --open --json")
@click.argument("campaign_id", metavar="ID")
@click.option("--open", "undecided", is_flag=True, help="Only what nobody decided.")
@click.option("--reviewer", help="Only what waits for this e-mail.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV instead of text.")
@json_option
def items(
    campaign_id: str, undecided: bool, reviewer: str | None, as_csv: bool, as_json: bool
) -> None:
    """The items with what helps to decide."""
    from rolecall.services.reviews.views import list_items

    found = ask_as_operator(
        lambda app, who: list_items(
            app, who, campaign_id, reviewer=reviewer, decided=False if undecided else None,
            limit=200_000,
        )
    ).items  # fmt: skip
    if as_json:
        from rolecall.services.reviews.shapes import item_shape

        print_json([item_shape(one) for one in found])
        return
    header = ("ID", "USER", "WHAT", "REVIEWER", "DECISION", "LAST LOGIN", "PEERS", "FINDING")
    rows = [
        (one.id, one.user_email, one.label, one.reviewer,
         one.verdict.value if one.verdict else "", one.facts.get("last_login", ""),
         one.facts.get("peers", ""), one.facts.get("finding", ""))
        for one in found
    ]  # fmt: skip
    (print_csv if as_csv else print_table)(header, rows)


@review.command(epilog="Example: rolecall review decide 0198c1d2-... ITEM --revoke --comment left")
@click.argument("campaign_id", metavar="ID")
@click.argument("item_ids", metavar="ITEM...", nargs=-1, required=True)
@click.option("--keep", "verdict", flag_value="keep", help="It is needed.")
@click.option("--revoke", "verdict", flag_value="revoke", help="Take it away.")
@click.option("--reduce-to", default="", help="Give this instead (id or name).")
@click.option("--comment", default="", help="Why; kept in the evidence.")
@click.option("--confirmed", is_flag=True, help="You looked at all of them.")
@json_option
def decide(
    campaign_id: str,
    item_ids: tuple[str, ...],
    verdict: str | None,
    reduce_to: str,
    comment: str,
    confirmed: bool,
    as_json: bool,
) -> None:
    """Decide about one item or many, all or none."""
    from rolecall.services.reviews import reviews

    if verdict is None and not reduce_to:
        raise click.UsageError("say --keep, --revoke or --reduce-to")
    chosen = Verdict.REDUCE if reduce_to else Verdict(verdict or "")
    decisions = [reviews.Decision(one, chosen, comment, reduce_to) for one in item_ids]
    done = ask_as_operator(
        lambda app, who: reviews.decide(app, who, campaign_id, decisions, confirmed=confirmed)
    )
    if not _printed_items(done, as_json):
        say(f"{len(done)} decided: {chosen.value}")


@review.command(epilog="Example: rolecall review delegate 0198c1d2-... ITEM --to kim@acme.test")
@click.argument("campaign_id", metavar="ID")
@click.argument("item_ids", metavar="ITEM...", nargs=-1, required=True)
@click.option("--to", required=True, help="E-mail of who decides instead.")
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@json_option
def delegate(
    campaign_id: str, item_ids: tuple[str, ...], to: str, reason: str, as_json: bool
) -> None:
    """Put items before another reviewer."""
    from rolecall.services.reviews import reviews

    done = ask_as_operator(
        lambda app, who: reviews.delegate(app, who, campaign_id, item_ids, to, reason=reason)
    )
    if not _printed_items(done, as_json):
        say(f"{len(done)} items wait for {to}")


def _printed_items(done: Any, as_json: bool) -> bool:
    """Whether JSON was asked for; then it is out."""
    from rolecall.services.reviews.shapes import items_shape

    if as_json:
        print_json(items_shape(done))
    return as_json


@review.command(epilog="Example: rolecall review remind 0198c1d2-...")
@click.argument("campaign_id", metavar="ID")
@json_option
def remind(campaign_id: str, as_json: bool) -> None:
    """Remind everybody with undecided items now."""
    from rolecall.services.reviews import reviews

    count = ask_as_operator(lambda app, who: reviews.remind(app, who, campaign_id))
    if as_json:
        from rolecall.services.reviews.shapes import reminded_shape

        print_json(reminded_shape(count))
        return
    say(f"{count} reviewers are reminded")


@review.command(epilog="Example: rolecall review escalate 0198c1d2-...")
@click.argument("campaign_id", metavar="ID")
@json_option
def escalate(campaign_id: str, as_json: bool) -> None:
    """Put what is undecided before the reviewers' managers, else the fallback."""
    from rolecall.services.reviews import reviews

    count = ask_as_operator(lambda app, who: reviews.escalate(app, who, campaign_id))
    if as_json:
        from rolecall.services.reviews.shapes import escalated_shape

        print_json(escalated_shape(count))
        return
    say(f"{count} items moved up")


@review.command(epilog="Example: rolecall review close 0198c1d2-...")
@click.argument("campaign_id", metavar="ID")
@click.option("--reason", default="", help="Why now; kept in the audit trail.")
@json_option
def close(campaign_id: str, reason: str, as_json: bool) -> None:
    """End the decisions; what is taken away becomes a plan, and a snapshot proves it."""
    from rolecall.services.reviews import reviews

    closed = ask_as_operator(
        lambda app, who: reviews.close_campaign(app, who, campaign_id, reason=reason)
    )
    _tell(closed, as_json)
    if closed.state.value == "in_remediation":
        hint("the server or `rolecall worker` makes the plan; see `rolecall plan list`")


@review.command(epilog="Example: rolecall review evidence 0198c1d2-... --out q4.zip")
@click.argument("campaign_id", metavar="ID")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write.")
@json_option
def evidence(campaign_id: str, out: Path | None, as_json: bool) -> None:
    """Write the sealed pack of a review; stdout gets its path."""
    from rolecall.services.evidence.evidence import campaign_pack

    _write(ask_as_operator(lambda app, who: campaign_pack(app, who, campaign_id)), out, as_json)


@review.command("who-had", epilog="Example: rolecall review who-had acme 2026-06-30 --out june.zip")
@click.argument("name")
@click.argument("at", type=Moment())
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A sealed pack.")
@json_option
def who_had(name: str, at: date | datetime, out: Path | None, as_json: bool) -> None:
    """Who had what at a time: the end of that day (UTC), or the moment given."""
    from rolecall.services.evidence.evidence import holdings_pack, who_had_what

    moment = at if isinstance(at, datetime) else _end_of(at)
    if out is not None:
        pack = ask_in(name, lambda app, who, hub: holdings_pack(app, who, hub, moment))
        _write(pack, out, as_json)
        return
    found = ask_in(name, lambda app, who, hub: who_had_what(app, who, hub, moment))
    say(f"read from HubSpot on {shown(found.sealed_at)} UTC")
    if as_json:
        header = [name.casefold().replace(" ", "_") for name in found.table.header]
        print_json([dict(zip(header, row, strict=True)) for row in found.table.rows])
        return
    print_table(found.table.header, found.table.rows)


@review.command("key", epilog="Example: rolecall review key > rolecall.pem")
@json_option
def key(as_json: bool) -> None:
    """The public key packs are signed with; give it to your auditor apart from the packs."""
    from rolecall.services.evidence.evidence import public_key

    text = ask_as_operator(lambda app, _who: public_key(app))
    if as_json:
        from rolecall.services.shapes import text_shape

        print_json(text_shape(text))
        return
    tell(text.rstrip())


@review.command("verify", epilog="Example: rolecall review verify q4.zip --key rolecall.pem")
@click.argument("pack", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The public key it must be signed with (PEM).",
)
@json_option
def verify(pack: Path, key_file: Path | None, as_json: bool) -> None:
    """Check a pack as an auditor would: `python verify_pack.py` does the same without Rolecall."""
    tell_pack(pack, key_file, as_json)


def tell_pack(pack: Path, key_file: Path | None, as_json: bool) -> None:
    """What a pack was checked for and what is wrong with it; exits with 1 at any fault."""
    from rolecall.evidence.verify_pack import check_pack

    report = check_pack(pack, key_file.read_bytes() if key_file else None)
    if as_json:
        print_json({"holds": report.holds, **asdict(report)})
    else:
        for line in report.checked:
            tell(f"checked: {line}")
        for line in report.faults:
            tell(f"FAULT: {line}")
    if not report.holds:
        raise click.exceptions.Exit(1)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(days=1, microseconds=-1)


def _write(pack: Any, out: Path | None, as_json: bool) -> None:
    path = out or Path(pack.name)
    path.write_bytes(pack.body)
    if as_json:
        print_json({"path": str(path), "bytes": len(pack.body)})
    else:
        tell(str(path))
    hint(f"check it: rolecall review verify {path}, or the script inside with nothing of ours")


def _tell(one: Campaign, as_json: bool) -> None:
    if as_json:
        from rolecall.services.reviews.shapes import campaign_shape

        print_json(campaign_shape(one))
        return
    tell(f"{one.id}  {one.title}: {one.state.value}, due {shown(one.due_at)} UTC")
    tell(f"  read from HubSpot on {shown(one.snapshot_at)} UTC")
    if one.note:
        tell(f"  {one.note}")
