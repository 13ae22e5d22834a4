"""Turns each source of claims (file, rules, people, stored assignments) into layers of claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.person import Person
from rolecall.policy.claims import PRESENT, Claim, Layer, Veto, layer_of
from rolecall.policy.conditions import shown
from rolecall.policy.desired import Source, Wanted
from rolecall.policy.document import NO_GRANTS, Grants, PersonEntry, Policy, Presence, Ref
from rolecall.policy.facts import person_facts
from rolecall.policy.moments import end_of_day, start_of_day
from rolecall.policy.names import Index, Names
from rolecall.policy.rulebook import Rulebook

PARKED = (Presence.PARKED.value,)


@dataclass(slots=True)
class Claims:
    """What every source claims in one portal at one moment; names resolve as they are met."""

    policy: Policy
    names: Names
    rules: Rulebook
    zone: ZoneInfo
    now: datetime
    vanished: list[Assignment] = field(default_factory=list)
    _rule_layers: dict[tuple[int, ...], Layer] = field(default_factory=dict)

    def of_rules(self, places: tuple[int, ...]) -> Layer:
        """The layer of several rules together; people who meet the same rules share it."""
        layer = self._rule_layers.get(places)
        if layer is None:
            layer = self._together([self._of_rule(place) for place in places])
            self._rule_layers[places] = layer
        return layer

    def _of_rule(self, place: int) -> tuple[list[Claim], dict[str, Wanted]]:
        rule = self.policy.rules[place]
        source = Source(Origin.RULE, f"rule {rule.name}: {shown(rule.when)}", rule.name)
        return self.of_grants(self.granted(rule.profile, rule.grants), source)

    def _together(self, parts: Sequence[tuple[list[Claim], dict[str, Wanted]]]) -> Layer:
        """One rank's claims; profile fields disagreeing at equal rank keep the first rule's."""
        claims = [claim for part, _ in parts for claim in part]
        fields: dict[str, Wanted] = {}
        for _, part in parts:
            fields = {**part, **fields}
        return layer_of(claims, fields)

    def of_person(self, person: Person) -> list[Layer]:
        """Leaver, rules and the people list's own profile columns, from high rank to low."""
        if person.left or self._is_over(person):
            said = "has left" if person.left else f"contract ended {person.ends_on}"
            source = Source(Origin.LEAVER, f"{person.name} {said}", person.id)
            return [layer_of([Claim(Slot.USER, PARKED, source)])]
        if person.starts_on and start_of_day(person.starts_on, self.zone) > self.now:
            return []
        places = self.rules.met_by(person)
        layers = [self.of_rules(places)] if places else []
        if self.policy.profile_from:
            layers.append(self._of_columns(person))
        return layers

    def _is_over(self, person: Person) -> bool:
        return person.ends_on is not None and end_of_day(person.ends_on, self.zone) <= self.now

    def _of_columns(self, person: Person) -> Layer:
        facts = person_facts(person)
        fields: dict[str, Wanted] = {}
        for name, column in self.policy.profile_from.items():
            value = facts.get(column, "")
            if isinstance(value, str) and value:
                source = Source(Origin.RULE, f"people list: {column}", person.id)
                fields[name] = Wanted((value,), source)
        return Layer(fields=fields)

    def of_entry(self, entry: PersonEntry) -> Layer:
        """The layer of one people: entry."""
        reason = entry.reason or "people: entry"
        source = Source(Origin.PEOPLE, reason, f"line {entry.line}")
        claims, fields = self.of_grants(self.granted(entry.profile, entry.grants), source)
        claims[0] = Claim(Slot.USER, (entry.presence.value,), source)
        return layer_of(claims, fields)

    def is_over(self, entry: PersonEntry) -> bool:
        """Whether the entry's until day is over in the portal's zone."""
        return entry.until is not None and end_of_day(entry.until, self.zone) <= self.now

    def is_early(self, entry: PersonEntry) -> bool:
        """Whether the entry's from day has not begun."""
        return entry.starts is not None and start_of_day(entry.starts, self.zone) > self.now

    def granted(self, profile: Ref | None, own: Grants) -> Grants:
        """A profile with what is written beside it; the latter stands, extra teams add up."""
        base = self.policy.profiles.get(profile.name, NO_GRANTS) if profile else NO_GRANTS
        if base is NO_GRANTS or own is NO_GRANTS:
            return own if base is NO_GRANTS else base
        extra = own.extra_teams
        if extra is None or base.extra_teams is None:
            extra = base.extra_teams if extra is None else extra
        else:
            extra = (*base.extra_teams, *extra)
        return replace(
            own,
            permission_sets=_first(own.permission_sets, base.permission_sets),
            seats=_first(own.seats, base.seats),
            main_team=_first(own.main_team, base.main_team),
            extra_teams=extra,
            fields={**base.fields, **own.fields},
        )

    def of_grants(self, grants: Grants, source: Source) -> tuple[list[Claim], dict[str, Wanted]]:
        """Claims of one source; the first is always that the user is present."""
        claims = [Claim(Slot.USER, PRESENT, source)]
        resolved = (
            (Slot.PERMISSION_SET, grants.permission_sets, self.names.permission_set),
            (Slot.SEAT, grants.seats, self.names.seat),
            (Slot.MAIN_TEAM, grants.main_team, self.names.team),
            (Slot.EXTRA_TEAM, grants.extra_teams, self.names.team),
        )
        for slot, refs, resolve in resolved:
            if refs is not None:
                values = {value for value in map(resolve, refs) if value is not None}
                claims.append(Claim(slot, tuple(sorted(values)), source))
        return claims, {key: Wanted((value,), source) for key, value in grants.fields.items()}

    def of_stored(self, held: Iterable[Assignment]) -> tuple[list[tuple[Origin, Layer]], Veto]:
        """Layers of stored assignments in force by origin, and what reviews took away."""
        by_origin: dict[Origin, list[Claim]] = defaultdict(list)
        veto: dict[tuple[Slot, str], Source] = {}
        for one in held:
            if not in_force(one, self.now):
                continue
            value = self._value(one)
            if value is None:
                continue
            source = Source(one.origin, one.reason or one.origin.name.lower(), one.reference)
            if one.origin is Origin.REVIEW:
                veto[one.slot, value] = source
            else:
                by_origin[one.origin].append(Claim(one.slot, (value,) if value else (), source))
        return [(origin, layer_of(claims)) for origin, claims in by_origin.items()], veto

    def _value(self, one: Assignment) -> str | None:
        """The stored value as an id; None where the portal no longer has it."""
        if one.slot is Slot.USER or not one.value:
            return one.value
        among = _index_of(self.names, one.slot)
        if one.value in among.ids:
            return one.value
        found = among.find(one.value)
        if len(found) == 1:
            return found[0]
        self.vanished.append(one)
        return None


def in_force(one: Assignment, now: datetime) -> bool:
    """Begun and not ended."""
    return (one.starts_at is None or one.starts_at <= now) and not has_ended(one, now)


def has_ended(one: Assignment, now: datetime) -> bool:
    """Its end lies behind; the end itself is outside."""
    return one.ends_at is not None and one.ends_at <= now


def _index_of(names: Names, slot: Slot) -> Index:
    if slot is Slot.PERMISSION_SET:
        return names.sets
    return names.seats if slot is Slot.SEAT else names.teams


def _first(own: tuple[Ref, ...] | None, base: tuple[Ref, ...] | None) -> tuple[Ref, ...] | None:
    return base if own is None else own
