"""Claims in layers by origin, and who wins each slot of one user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rolecall.domain.assignment import Slot
from rolecall.policy.desired import DesiredUser, Source, Wanted
from rolecall.policy.document import Presence


class Claim(NamedTuple):
    """One claim: values of one slot; for extra teams the values add up."""

    slot: Slot
    values: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Layer:
    """What one rank claims: one Wanted per slot, or the claims that contradict each other."""

    single: Mapping[Slot, Wanted] = field(default_factory=dict)
    extra: Mapping[str, Source] | None = None
    fields: Mapping[str, Wanted] = field(default_factory=dict)
    disputes: Mapping[Slot, tuple[Wanted, ...]] = field(default_factory=dict)


class Settled(NamedTuple):
    """The winners of one user, and the disputes that leave slots as they are."""

    single: dict[Slot, Wanted]
    extra: dict[str, Source] | None
    fields: dict[str, Wanted]
    disputes: dict[Slot, tuple[Wanted, ...]]


Veto = Mapping[tuple[Slot, str], Source]
NO_VETO: Veto = {}
PRESENT = (Presence.PRESENT.value,)


def layer_of(claims: Iterable[Claim], fields: Mapping[str, Wanted] | None = None) -> Layer:
    """The claims of one rank together; equal values agree, different values are a dispute."""
    single: dict[Slot, Wanted] = {}
    disputes: dict[Slot, tuple[Wanted, ...]] = {}
    extra: dict[str, Source] | None = None
    for slot, values, source in claims:
        if slot is Slot.EXTRA_TEAM:
            extra = {} if extra is None else extra
            for value in values:
                extra.setdefault(value, source)
            continue
        first = single.get(slot)
        if first is None:
            single[slot] = Wanted(values, source)
        elif set(first.values) != set(values):
            disputes[slot] = (*disputes.get(slot, (first,)), Wanted(values, source))
    return Layer(single, extra, fields or {}, disputes)


def settle(layers: Sequence[Layer], veto: Veto = NO_VETO) -> Settled:
    """Winners over layers given from the highest rank to the lowest.

    A veto (a review took the value away) strikes the value wherever it is claimed; a slot whose
    every claim is struck becomes explicitly nothing, for the reason of the veto.
    """
    settled = Settled({}, None, {}, {})
    struck: dict[Slot, Source] = {}
    for layer in layers:
        _settle_single(layer, settled, veto, struck)
        for name, wanted in layer.fields.items():
            settled.fields.setdefault(name, wanted)
    for slot, source in struck.items():
        if slot not in settled.single and slot not in settled.disputes:
            nothing = (Presence.PARKED.value,) if slot is Slot.USER else ()
            settled.single[slot] = Wanted(nothing, source)
    return settled._replace(extra=_extra_teams(layers, veto))


def _settle_single(layer: Layer, settled: Settled, veto: Veto, struck: dict[Slot, Source]) -> None:
    for slot, wanted in layer.single.items():
        if slot in settled.single or slot in settled.disputes:
            continue
        if slot in layer.disputes:
            settled.disputes[slot] = layer.disputes[slot]
            continue
        refused = [veto[slot, value] for value in wanted.values if (slot, value) in veto]
        if refused:
            struck[slot] = refused[0]
        else:
            settled.single[slot] = wanted


def _extra_teams(layers: Sequence[Layer], veto: Veto) -> dict[str, Source] | None:
    found: dict[str, Source] | None = None
    for layer in layers:
        if layer.extra is None:
            continue
        found = {} if found is None else found
        for team, source in layer.extra.items():
            if (Slot.EXTRA_TEAM, team) not in veto:
                found.setdefault(team, source)
    return found


def as_user(email: str, settled: Settled, first_name: str = "", last_name: str = "") -> DesiredUser:
    """The winners as a DesiredUser; the main team is never an extra team too."""
    extra, main = settled.extra, settled.single.get(Slot.MAIN_TEAM)
    if extra and main and main.values and main.values[0] in extra:
        extra = {team: source for team, source in extra.items() if team != main.values[0]}
    return DesiredUser(
        email=email,
        presence=settled.single.get(Slot.USER),
        permission_sets=settled.single.get(Slot.PERMISSION_SET),
        seats=settled.single.get(Slot.SEAT),
        main_team=main,
        extra_teams=extra,
        fields=settled.fields,
        first_name=first_name,
        last_name=last_name,
        disputed=frozenset(settled.disputes),
    )
