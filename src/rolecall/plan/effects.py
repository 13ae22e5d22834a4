"""Groups the changes of a plan into effects: one HTTP write each, in the order of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import ceil

from rolecall.domain.plan import Change, Effect, Plan, Route
from rolecall.plan.routes import route_of

REQUESTS_PER_EFFECT = 3  # read, write, read back
# HubSpot's documented maxima: results of a search page, records of a batch.
SEARCH_PAGE, BATCH = 200, 100
RETURNS = "returns"  # detail of a hand-over's way back: the effect whose records go back
_WITHOUT_REQUEST = (Route.MANUAL, Route.NOTHING)
_TOGETHER = (Route.CREATE_USER, Route.PUT_USER, Route.PATCH_PROFILE)


def effects_of(plan: Plan) -> tuple[Effect, ...]:
    """The plan's effects; ids are the plan's id and a number, so making them twice is the same."""
    found: list[Effect] = []
    open_effects: dict[tuple[Route, str, str], int] = {}
    for change in plan.changes:
        route = route_of(change)
        key = (route, change.subject.casefold(), change.phase.value)
        place = open_effects.get(key)
        if place is not None and route in _TOGETHER:
            effect = found[place]
            found[place] = replace(effect, change_ids=(*effect.change_ids, change.id))
            continue
        open_effects[key] = len(found)
        found.append(_effect(plan, change, route, len(found) + 1))
    return tuple(found)


def requests_of(effects: tuple[Effect, ...], changes: Iterable[Change] = ()) -> int:
    """Requests the effects of these changes cost at most, without retries."""
    costs = {change.id: _of_records(change) for change in changes}
    return sum(_requests(effect, costs) for effect in effects)


def _requests(effect: Effect, costs: Mapping[str, int]) -> int:
    if effect.route in _WITHOUT_REQUEST:
        return 0
    if effect.route is Route.HAND_OVER:
        return sum(costs.get(change_id, 1) for change_id in effect.change_ids)
    return REQUESTS_PER_EFFECT


def _of_records(change: Change) -> int:
    """Pages are searched, batches are written, and one more search finds nothing left.

    On the way back each batch is looked at instead, for its records are known.
    """
    records = int(change.details.get("records", "0"))
    batches = ceil(records / BATCH)
    if RETURNS in change.details:
        return 2 * batches
    return batches + ceil(records / SEARCH_PAGE) + 1


def _effect(plan: Plan, change: Change, route: Route, number: int) -> Effect:
    return Effect(
        id=f"{plan.id}:{number}",
        plan_id=plan.id,
        hub_id=plan.hub_id,
        number=number,
        phase=change.phase,
        route=route,
        subject_kind=change.subject_kind,
        subject=change.subject,
        subject_id=change.subject_id,
        change_ids=(change.id,),
    )
