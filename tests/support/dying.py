"""Runs of a plan that end in the middle, and are taken up until the plan is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rolecall.domain.actor import Actor
from rolecall.domain.plan import PlanState
from rolecall.provision.ports import Moment
from rolecall.services.app import App
from rolecall.services.plans.applying import Applied, Watching, apply_plan
from tests.support.house import QUICK

ENDS = (PlanState.DONE, PlanState.CANCELLED)


class Gone(Exception):
    """Stands for the end of the process."""


@dataclass
class Dying:
    """Dies at one moment of a run, counted from 1; 0 = never."""

    at: int
    seen: int = 0

    def __call__(self, _moment: Moment) -> None:
        """Nothing after this is done by this process."""
        self.seen += 1
        if self.seen == self.at:
            raise Gone


async def carried_through(
    app: App, actor: Actor, plan_id: str, deaths: Iterable[int] = (), tries: int = 20
) -> Applied:
    """Carried out by some who die on the way, then by others, as the wake-up would, until done."""
    ends = [*deaths, *[0] * tries][:tries]
    for die_at in ends:
        watching = Watching(moment=Dying(die_at), patience=QUICK)
        try:
            applied = await apply_plan(app, actor, plan_id, watching=watching)
        except Gone:
            continue
        if applied.state in ENDS and applied.until is None:
            return applied
        if applied.until is not None:
            await app.clock.sleep((applied.until - app.clock.now()).total_seconds())
    raise AssertionError(f"still {applied.state.value}: {applied.message}")
