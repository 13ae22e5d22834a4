"""Which version of each API family to call in this portal: newest first, remembered, looked at
again after a day. Decides only; the connection does the calling.
"""

from __future__ import annotations

from datetime import timedelta

from rolecall.hubspot.ports import VersionFact, VersionMemory
from rolecall.hubspot.versions import FAMILIES, Family, Version
from rolecall.kit.clock import Clock

# An older version is used for a day before the newer ones are tried again: one wasted request
# per family and day, and a new release is found the next morning.
LOOK_AGAIN = timedelta(days=1)

ANY: frozenset[str] = frozenset()

_KNOWN = {(family.name, v.name): v for family in FAMILIES for v in family.versions}
_NEWEST = frozenset(family.versions[0] for family in FAMILIES)


class Negotiation:
    """The versions of one portal."""

    def __init__(self, memory: VersionMemory, hub_id: int, clock: Clock) -> None:
        self._memory = memory
        self._hub_id = hub_id
        self._clock = clock
        self._chosen: dict[str, Version] = {}
        self._orders: dict[tuple[str, frozenset[str]], tuple[Version, ...]] = {}
        self._recalled = False

    def chosen(self, family: Family) -> Version | None:
        """The version that answers in this portal, once known."""
        return self._chosen.get(family.name)

    def in_use(self) -> dict[str, Version]:
        """Every known version, by family."""
        return dict(self._chosen)

    async def order(self, family: Family, needs: frozenset[str] = ANY) -> tuple[Version, ...]:
        """Versions to try, best first; only those that have the needed fields."""
        if not self._recalled:
            await self._recall()
        known = self._orders.get((family.name, needs))
        if known is None:
            fitting = family.offering(needs)
            chosen = self._chosen.get(family.name)
            known = tuple(sorted(fitting, key=lambda version: version is not chosen))
            self._orders[family.name, needs] = known
        return known

    async def remember(self, family: Family, version: Version) -> None:
        """This version answers here."""
        self._chosen[family.name] = version
        self._orders.clear()
        if self._hub_id:
            fact = VersionFact(family.name, version.name, self._clock.now())
            await self._memory.remember(self._hub_id, fact)

    async def _recall(self) -> None:
        self._recalled = True
        if not self._hub_id:
            return
        oldest = self._clock.now() - LOOK_AGAIN
        for fact in await self._memory.recall(self._hub_id):
            version = _KNOWN.get((fact.family, fact.version))
            if version is None:
                continue  # written by another release of ours
            if fact.seen_at > oldest or version in _NEWEST:
                self._chosen[fact.family] = version
