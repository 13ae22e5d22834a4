"""What belongs to what in one portal: kept from both sides at once. Checks nothing."""

from __future__ import annotations

from hubspot_emulator.crm.associations.types import TYPES, LinkType, default_type
from hubspot_emulator.crm.kinds import ObjectKind

_Side = dict[int, set[int]]  # id of the other record -> ids of link types


class Links:
    """Every link of a portal's records, found from either record."""

    __slots__ = ("_sides",)

    def __init__(self) -> None:
        self._sides: dict[tuple[str, int, str], _Side] = {}

    def add(self, kind: LinkType, source_id: int, target_id: int) -> None:
        """Link two records; a labelled link is a plain one too, and a primary one the only one."""
        if kind.primary:
            self._only_primary(kind, source_id)
        self._put(kind, source_id, target_id)
        plain = default_type(kind.source, kind.target)
        if plain is not None and plain is not kind:
            self._put(plain, source_id, target_id)

    def drop(
        self,
        source: ObjectKind,
        source_id: int,
        target: ObjectKind,
        target_id: int,
        kind: LinkType | None = None,
    ) -> None:
        """Take one link away, or with no kind every one between the two."""
        held = self.of(source, source_id, target).get(target_id, set())
        for type_id in [kind.id] if kind is not None else list(held):
            self._take(TYPES[type_id], source_id, target_id)

    def of(self, source: ObjectKind, source_id: int, target: ObjectKind) -> _Side:
        """Ids of the records of one type that belong to a record, with the link types."""
        return self._sides.get((source.name, source_id, target.name), {})

    def _put(self, kind: LinkType, source_id: int, target_id: int) -> None:
        for one, at, other in ((kind, source_id, target_id), (_back(kind), target_id, source_id)):
            side = self._sides.setdefault((one.source.name, at, one.target.name), {})
            side.setdefault(other, set()).add(one.id)

    def _take(self, kind: LinkType, source_id: int, target_id: int) -> None:
        for one, at, other in ((kind, source_id, target_id), (_back(kind), target_id, source_id)):
            side = self._sides.get((one.source.name, at, one.target.name), {})
            side.get(other, set()).discard(one.id)
            if other in side and not side[other]:
                del side[other]

    def _only_primary(self, kind: LinkType, source_id: int) -> None:
        side = self.of(kind.source, source_id, kind.target)
        for target_id in [other for other, held in side.items() if kind.id in held]:
            self._take(kind, source_id, target_id)


def _back(kind: LinkType) -> LinkType:
    return TYPES[kind.inverse]
