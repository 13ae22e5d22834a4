"""Plans from order to receipts, as a person at the command line would bring them about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hubspot_emulator.acts.table import carry_out
from rolecall.domain.plan import Change, ChangeKind, Outcome
from rolecall.services.drafts.orders import Order
from rolecall.services.plans.applying import Applied, Watching, apply_plan
from rolecall.services.plans.drafting import Drafted, propose
from rolecall.services.plans.plans import approve_plan
from rolecall.services.plans.policies import AccessApplied, apply_access, dump_access
from tests.support.house import QUICK, House
from tests.support.installation import NAME, Installation


async def ordered(one: Installation, order: Order) -> Drafted:
    """The proposal of an order."""
    return await propose(one.app, one.actor, NAME, order)


async def done(one: Installation, order: Order) -> tuple[Drafted, Applied]:
    """An order proposed, approved and carried out."""
    drafted = await ordered(one, order)
    return drafted, await applied(one, drafted)


async def applied(one: Installation, drafted: Drafted) -> Applied:
    """A proposal approved and carried out."""
    plan = drafted.plan
    await approve_plan(one.app, one.actor, plan.id, digest=plan.digest)
    return await carried(one, plan.id)


async def carried(one: Installation, plan_id: str, **options: Any) -> Applied:
    """An approved plan carried out."""
    seen = {name: options.pop(name) for name in ("moment", "put_off") if name in options}
    watching = Watching(patience=QUICK, **seen)
    return await apply_plan(one.app, one.actor, plan_id, watching=watching, **options)


async def put_in_force(one: Installation, text: str) -> AccessApplied:
    """An access.yaml applied."""
    watching = Watching(patience=QUICK)
    return await apply_access(one.app, one.actor, NAME, text, watching=watching)


async def file_of(one: Installation) -> str:
    """The portal as access.yaml."""
    return await dump_access(one.app, one.actor, NAME)


def edited(text: str, email: str, entry: str) -> str:
    """The file with another entry for one person."""
    lines = text.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith(f"  {email}:"))
    return "\n".join([*lines[:at], f"  {email}: {entry}", *lines[at + 1 :]]) + "\n"


def without(text: str, email: str) -> str:
    """The file without one person."""
    return "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith(f"  {email}:")
    )


def outcomes(done: Applied) -> set[Outcome]:
    """Which outcomes a run had."""
    return {one.outcome for one in done.receipts}


def of_kind(drafted: Drafted, kind: ChangeKind) -> list[Change]:
    """The changes of one kind."""
    return [one for one in drafted.plan.changes if one.kind is kind]


def by_hand(one: Installation | House, act: str, user: str, **fields: Any) -> None:
    """What only HubSpot's screens can do, done in them."""
    portal = next(iter(one.world.portals.values()))
    carry_out(one.world, portal, one.app.clock.now(), {"act": act, "user": user, **fields})


def text_file(directory: Path, text: str, name: str = "file.csv") -> Path:
    """A file with this text."""
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path
