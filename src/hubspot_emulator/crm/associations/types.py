"""The ways HubSpot itself lets two types of records belong together, as data.

Ids and names: HubSpot's table of association type definitions, read in 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

from hubspot_emulator.crm.kinds import COMPANIES, CONTACTS, DEALS, TICKETS, ObjectKind


@dataclass(frozen=True, slots=True)
class LinkType:
    """One way records of `source` belong to records of `target`; `inverse` is the way back."""

    id: int
    source: ObjectKind
    target: ObjectKind
    name: str  # as older APIs write it: contact_to_company
    inverse: int
    label: str | None = None
    primary: bool = False  # at most one of a record's links is


# source, target, id there and back, and the same of the primary link where there is one
_PAIRS: tuple[tuple[ObjectKind, ObjectKind, int, int, int, int], ...] = (
    (CONTACTS, CONTACTS, 449, 449, 0, 0),
    (CONTACTS, COMPANIES, 279, 280, 1, 2),
    (CONTACTS, DEALS, 4, 3, 0, 0),
    (CONTACTS, TICKETS, 15, 16, 0, 0),
    (COMPANIES, COMPANIES, 450, 450, 0, 0),
    (COMPANIES, DEALS, 342, 341, 6, 5),
    (COMPANIES, TICKETS, 340, 339, 25, 26),
    (DEALS, DEALS, 451, 451, 0, 0),
    (DEALS, TICKETS, 27, 28, 0, 0),
    (TICKETS, TICKETS, 452, 452, 0, 0),
)


def _both_ways(
    source: ObjectKind, target: ObjectKind, there: int, back: int, first: int, first_back: int
) -> tuple[LinkType, ...]:
    if source is target:
        return (LinkType(there, source, target, _name(source, target), back),)
    plain = "_unlabeled" if first else ""
    found = (
        LinkType(there, source, target, _name(source, target) + plain, back),
        LinkType(back, target, source, _name(target, source) + plain, there),
    )
    if not first:
        return found
    return (
        *found,
        LinkType(first, source, target, _name(source, target), first_back, "Primary", primary=True),
        LinkType(first_back, target, source, _name(target, source), first, "Primary", primary=True),
    )


def _name(source: ObjectKind, target: ObjectKind) -> str:
    return f"{source.singular}_to_{target.singular}"


TYPES: dict[int, LinkType] = {
    one.id: one
    for one in (
        *(link for pair in _PAIRS for link in _both_ways(*pair)),
        LinkType(13, COMPANIES, COMPANIES, "parent_to_child_company", 14, "Child Company"),
        LinkType(14, COMPANIES, COMPANIES, "child_to_parent_company", 13, "Parent Company"),
    )
}


def types_between(source: ObjectKind, target: ObjectKind) -> list[LinkType]:
    """Every way from one type to another, by id; none for users."""
    found = [one for one in TYPES.values() if one.source is source and one.target is target]
    return sorted(found, key=lambda one: one.id)


def default_type(source: ObjectKind, target: ObjectKind) -> LinkType | None:
    """The way without a label; None where records cannot belong together."""
    return next((one for one in types_between(source, target) if one.label is None), None)


def type_named(source: ObjectKind, target: ObjectKind, name: str) -> LinkType | None:
    """The way an older API names by a word or by its id."""
    named = (one for one in types_between(source, target) if name in (one.name, str(one.id)))
    return next(named, None)
