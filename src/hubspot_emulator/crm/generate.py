"""Fills a portal with plausible CRM records that have owners: 100,000 of them in about a second.

Deterministic: the same arguments give the same records. Checks nothing and makes no users.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from hubspot_emulator.crm.definitions import PropertyDef, user_property
from hubspot_emulator.crm.kinds import kind_named
from hubspot_emulator.crm.records import ObjectStore, Record, Values
from hubspot_emulator.world import Portal

SECOND_OWNER = "second_owner"  # the usual name of a custom user-type property

_STAGES = ("appointmentscheduled", "qualifiedtobuy", "contractsent", "closedwon", "closedlost")
_PRIORITIES = ("LOW", "MEDIUM", "HIGH")
_NOUNS = ("Harbour", "Maple", "Atlas", "Nordic", "Copper", "Delta", "Juniper", "Signal")
_TRADES = ("Foods", "Logistics", "Labs", "Retail", "Energy", "Media", "Health", "Works")


def define_user_property(
    portal: Portal, object_type: str, name: str = SECOND_OWNER, label: str = "Second owner"
) -> PropertyDef:
    """Give an object type a custom property whose values are owner ids."""
    definition = user_property(name, label)
    store = _store(portal, object_type)
    store.define(definition)
    return definition


def generate_records(
    portal: Portal,
    object_type: str,
    count: int,
    *,
    owner_ids: Sequence[int] = (),
    unowned_share: float = 0.1,
    second_owner: str | None = None,
    until: datetime,
    seed: int = 7,
) -> list[int]:
    """Add `count` records made in the two years before `until`; returns their ids, ascending.

    Owners are dealt out unevenly, as in life: the first of `owner_ids` owns most. `unowned_share`
    of the records have none. `second_owner` names a user-type property to fill for one in four.
    """
    store = _store(portal, object_type)
    # A generator for test data, not for secrets.
    dice = random.Random(f"{portal.id}:{object_type}:{seed}")  # noqa: S311
    owners = _dealt(dice, owner_ids, count, unowned_share)
    seconds = _dealt(dice, owner_ids if second_owner else (), count, 0.75)
    make = _MAKERS[store.kind.name]
    span = timedelta(days=730) / max(count, 1)
    first_at = until - timedelta(days=730)
    made: list[int] = []
    for at, (owner, second) in enumerate(zip(owners, seconds, strict=True)):
        values = make(dice, store.next_id)
        if owner is not None:
            values["hubspot_owner_id"] = owner
        if second is not None and second_owner is not None:
            values[second_owner] = second
        moment = first_at + span * at
        record = Record(store.take_id(), values, moment, moment)
        store.put(record)
        made.append(record.id)
    return made


def give_records(
    portal: Portal, object_type: str, owner_id: int, count: int, *, until: datetime, seed: int = 7
) -> list[int]:
    """Add `count` records that all belong to one owner."""
    return generate_records(
        portal,
        object_type,
        count,
        owner_ids=(owner_id,),
        unowned_share=0.0,
        until=until,
        seed=seed,
    )


def add_records(
    portal: Portal, object_type: str, count: int, at: datetime, **properties: str
) -> list[int]:
    """Add `count` records made at one moment, every one with these properties."""
    store = _store(portal, object_type)
    make = _MAKERS[store.kind.name]
    dice = random.Random(f"{portal.id}:{object_type}:{store.next_id}")  # noqa: S311
    return [store.add({**make(dice, store.next_id), **properties}, at).id for _ in range(count)]


def _store(portal: Portal, object_type: str) -> ObjectStore:
    kind = kind_named(object_type)
    if kind is None or kind.name not in _MAKERS:
        raise ValueError(f"no records of {object_type!r}; there are: {', '.join(_MAKERS)}")
    return portal.crm.objects[kind.name]


def _dealt(
    dice: random.Random, owner_ids: Sequence[int], count: int, without: float
) -> Iterator[str | None]:
    if not owner_ids:
        return iter([None] * count)
    weights = list(accumulate(1 / (place + 1) for place in range(len(owner_ids))))
    texts = [str(owner_id) for owner_id in owner_ids]
    chosen = dice.choices(texts, cum_weights=weights, k=count)
    return (None if without and dice.random() < without else owner for owner in chosen)


def _company_name(dice: random.Random) -> str:
    return f"{dice.choice(_NOUNS)} {dice.choice(_TRADES)}"


def _contact(dice: random.Random, number: int) -> Values:
    first = dice.choice(("Ada", "Ben", "Chiara", "Dmitri", "Ewa", "Farah"))
    last = dice.choice(_NOUNS)
    email = f"{first}.{last}.{number}@customer.test".casefold()
    return {"email": email, "firstname": first, "lastname": last}


def _company(dice: random.Random, number: int) -> Values:
    name = _company_name(dice)
    return {"name": name, "domain": f"{name.replace(' ', '-').casefold()}-{number}.test"}


def _deal(dice: random.Random, number: int) -> Values:
    return {
        "dealname": f"{_company_name(dice)} #{number % 100_000}",
        "amount": str(dice.randrange(1, 500) * 100),
        "dealstage": dice.choice(_STAGES),
        "pipeline": "default",
    }


def _ticket(dice: random.Random, number: int) -> Values:
    return {
        "subject": f"{dice.choice(_NOUNS)} question #{number % 100_000}",
        "hs_pipeline": "0",
        "hs_pipeline_stage": str(dice.randrange(1, 5)),
        "hs_ticket_priority": dice.choice(_PRIORITIES),
    }


_MAKERS: dict[str, Callable[[random.Random, int], Values]] = {
    "contacts": _contact,
    "companies": _company,
    "deals": _deal,
    "tickets": _ticket,
}
