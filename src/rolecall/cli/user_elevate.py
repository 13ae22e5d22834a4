"""`rolecall user elevate|elevations`: time-boxed access from a pack, and the exact way back."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.output import hint, json_option, print_json, print_table, say, shown, tell
from rolecall.cli.pack import from_option
from rolecall.cli.plan_output import apply_options, plan_and_apply
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.services.plans.drafting import Drafted
    from rolecall.services.plans.elevating import Elevating

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LENGTH = re.compile(r"(\d+)\s*([mhd])")


class Length(click.ParamType):  # type: ignore[type-arg]
    """A length of time: 90m, 2h, 1d."""

    name = "length"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """The length as a timedelta."""
        if isinstance(value, timedelta):
            return value
        found = _LENGTH.fullmatch(str(value).strip().casefold())
        if found is None:
            self.fail(f"{value!r} is no length; write 90m, 2h or 1d", param, ctx)
        return timedelta(**{_UNITS[found.group(2)]: int(found.group(1))})


@click.command(epilog="Example: rolecall user elevate acme anna@acme.test 8x8 --for 2h --apply")
@click.argument("name")
@click.argument("email", metavar="E-MAIL")
@click.argument("wanted", metavar="PACK", required=False)
@click.option("--for", "lasting", type=Length(), default="2h", show_default=True, help="How long.")
@click.option("--return", "back", is_flag=True, help="Take it back now: exactly the former access.")
@from_option
@apply_options
@json_option
def elevate(
    name: str,
    email: str,
    wanted: str | None,
    lasting: timedelta,
    back: bool,
    extra: tuple[Path, ...],
    apply_now: bool,
    yes: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Raise a user to what a pack needs, for a while, as a plan with an end.

    The former permission set, teams and seat come back exactly, and a snapshot proves it. Access
    granted individually becomes a task with each toggle, since no API could restore it.
    """
    options: Any = {"apply_now": apply_now, "yes": yes, "as_json": as_json, "reason": reason}
    if back:
        _return(name, email, **options)
        return
    if wanted is None:
        raise click.UsageError("name a pack, or --return")
    told = _elevating(name, email, wanted, lasting, extra, reason)
    if told.drafted is None:
        _say_nothing_to_raise(told, email, as_json=as_json)
        return
    applied = plan_and_apply(told.drafted, **options)
    if applied is not None and not as_json:
        hint(f"take it back before its end: `rolecall user elevate {name} {email} --return`")


def _elevating(
    name: str, email: str, wanted: str, lasting: timedelta, extra: tuple[Path, ...], reason: str
) -> Elevating:
    from rolecall.services.permissions.packs import find_pack
    from rolecall.services.plans.elevating import elevate as propose_elevation

    async def use(app: Any, actor: Any) -> Elevating:
        text = find_pack(app, wanted, extra).text
        return await propose_elevation(app, actor, name, email, text, lasting, reason)

    return ask(use)


def _say_nothing_to_raise(told: Elevating, email: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"email": email, "way": told.found.way.value, "reason": told.found.reason})
        return
    tell(f"nothing to raise: {email} {told.found.reason}")
    if told.found.way.value == "ready":
        for step in told.pack.steps:
            tell(f"  {step.who}: {step.text}")


def _return(
    name: str, email: str, *, apply_now: bool, yes: bool, as_json: bool, reason: str
) -> None:
    from rolecall.services.drafts.elevations import Elevated
    from rolecall.services.plans.elevating import return_now

    async def use(app: Any, actor: Any) -> tuple[Elevated, Drafted | None]:
        return await return_now(app, actor, name, email, reason)

    _, drafted = ask(use)
    if drafted is None:
        say("nothing is left to take back")
        return
    applied = plan_and_apply(drafted, apply_now=apply_now, yes=yes, as_json=as_json, reason=reason)
    if applied is not None:
        _prove(name, email, as_json=as_json)


def _prove(name: str, email: str, *, as_json: bool) -> None:
    """Read the portal again and tell whether the former access is back."""
    from rolecall.services.drafts.elevation_proofs import Standing
    from rolecall.services.plans.elevating import list_elevations
    from rolecall.services.syncs.syncing import sync_portal

    async def use(app: Any, actor: Any) -> tuple[Standing, ...]:
        await sync_portal(app, actor, name)
        return await list_elevations(app, actor, name)

    mine = [one for one in ask(use) if one.one.email.casefold() == email.casefold()]
    if mine and not as_json:
        one = mine[0].one
        proved = f"proved by snapshots {one.before_snapshot} and {one.after_snapshot}"
        say(
            f"{mine[0].state}: {one.note}; {proved}" if one.over else f"{mine[0].state}: not proved"
        )


@click.command(epilog="Example: rolecall user elevations acme")
@click.argument("name")
@json_option
def elevations(name: str, as_json: bool) -> None:
    """Elevations and where they stand: running, overdue, returned, with the evidence."""
    from rolecall.services.drafts.elevation_proofs import elevation_shape
    from rolecall.services.plans.elevating import list_elevations

    found = ask(lambda app, actor: list_elevations(app, actor, name))
    if as_json:
        print_json([elevation_shape(one) for one in found])
        return
    rows = [
        (s.one.email, s.one.pack_id, s.state, s.one.ends_at, s.one.installed_at, s.one.returned_at,
         s.one.note, s.one.plan_id)
        for s in found
    ]  # fmt: skip
    head = ("user", "pack", "state", "ends", "connected", "returned", "note", "plan")
    print_table(head, [[shown(cell) for cell in row] for row in rows])
