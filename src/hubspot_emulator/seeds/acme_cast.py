"""The people of `acme` that acme.yaml names, as frozen values with what they are cases of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hubspot_emulator.seeds.bundles import read_yaml, ticked
from hubspot_emulator.seeds.planting import Plan

HOME = "acme.test"
_KEPT = ("title", "phone", "team", "seat", "service", "made", "login", "invited", "silent")
_ENDS = ("mobile", "deactivated", "auto", "removed")


@dataclass(frozen=True, slots=True)
class CastMember:
    """One person of acme.yaml: whom to plant, and which findings he is and only looks like."""

    plan: Plan
    cases: tuple[str, ...]
    look_alikes: tuple[str, ...]
    why: str
    owns: Mapping[str, int]  # kind of record -> how many have this owner
    named_in: Mapping[str, int]  # kind of record -> how many name him in the custom property
    places: tuple[str, ...]  # where his log-ins of one day come from
    back_after: float | None  # days away before he came back

    @property
    def email(self) -> str:
        """The address as the portal has it."""
        return self.plan.email


@cache
def cast_of_acme() -> tuple[CastMember, ...]:
    """Everybody acme.yaml names, in its order."""
    return tuple(_member(entry) for entry in read_yaml("acme.yaml")["people"])


def emails_of(kind: str) -> frozenset[str]:
    """The e-mails of all cases of one finding, as the portal has them."""
    return frozenset(one.email for one in cast_of_acme() if kind in one.cases)


def look_alikes_of(kind: str) -> frozenset[str]:
    """The e-mails of those who only look like a case of one finding."""
    return frozenset(one.email for one in cast_of_acme() if kind in one.look_alikes)


def _member(entry: Mapping[str, Any]) -> CastMember:
    return CastMember(
        plan=_plan(entry),
        cases=tuple(entry.get("is", ())),
        look_alikes=tuple(entry.get("not", ())),
        why=entry.get("why", ""),
        owns=entry.get("owns", {}),
        named_in=entry.get("names_in", {}),
        places=tuple(entry.get("places", ())),
        back_after=entry.get("back_after"),
    )


def _plan(entry: Mapping[str, Any]) -> Plan:
    first, last = entry["name"].split("|")
    by_hand = entry.get("ticked")
    return Plan(
        email=f"{entry['email']}@{entry.get('domain', HOME)}",
        name=(first, last),
        extra=tuple(entry.get("extra", ())),
        sets=tuple(entry.get("sets", ())),
        ticked=None if by_hand is None else ticked(by_hand).permissions,
        super_admin=entry.get("super", False),
        **{key: entry[key] for key in (*_KEPT, *_ENDS) if key in entry},
    )
