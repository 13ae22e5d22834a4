"""Records of one object type: values, indexes, history. Checks nothing; `model` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hubspot_emulator.crm.definitions import PropertyDef, PropertyGroup
from hubspot_emulator.crm.ids import IdSet, as_id
from hubspot_emulator.crm.kinds import ObjectKind
from hubspot_emulator.crm.shipped import shipped_group, shipped_properties
from hubspot_emulator.wire import timestamp

Values = dict[str, str | None]


@dataclass(slots=True)
class Record:
    """One CRM record; system values (id, dates) are fields, everything else a property."""

    id: int
    properties: Values
    created_at: datetime
    updated_at: datetime
    archived: bool = False
    archived_at: datetime | None = None
    history: dict[str, list[tuple[datetime, str | None]]] | None = None


@dataclass(frozen=True, slots=True)
class OldVersion:
    """What search still believes of a record changed a moment ago; values None: not yet seen."""

    changed_at: datetime
    values: Values | None


Computed = Callable[[Record], str | None]
Finder = Callable[[str], Record | None]


class ObjectStore:
    """All records of one type in one portal, ordered by id, found by owner and unique value."""

    __slots__ = (
        "active",
        "archived",
        "computed",
        "definitions",
        "finders",
        "groups",
        "indexes",
        "kind",
        "next_id",
        "old_versions",
        "records",
        "unique",
    )

    def __init__(self, kind: ObjectKind, first_id: int) -> None:
        self.kind = kind
        self.next_id = first_id
        self.records: dict[int, Record] = {}
        self.active = IdSet()
        self.archived = IdSet()
        group = shipped_group(kind)
        self.groups: dict[str, PropertyGroup] = {group.name: group}
        self.definitions: dict[str, PropertyDef] = {}
        self.indexes: dict[str, dict[str, IdSet]] = {}
        self.unique: dict[str, dict[str, int]] = {}
        self.finders: dict[str, Finder] = {"hs_object_id": self._by_id}
        self.old_versions: dict[int, OldVersion] = {}
        self.computed: dict[str, Computed] = {
            "hs_object_id": lambda record: str(record.id),
            kind.created: lambda record: timestamp(record.created_at),
            kind.modified: lambda record: timestamp(record.updated_at),
            # contacts have this one beside `lastmodifieddate`; nobody else has another
            "hs_lastmodifieddate": lambda record: timestamp(record.updated_at),
        }
        for definition in shipped_properties(kind):
            self.define(definition)

    def define(self, definition: PropertyDef) -> None:
        """Add or replace a property; user-type and unique ones are indexed from here on."""
        self.definitions[definition.name] = definition
        if definition.names_owner and definition.name not in self.indexes:
            self.indexes[definition.name] = {}
            self._fill_index(definition.name)
        if definition.unique and definition.name not in (*self.computed, *self.unique):
            self.unique[definition.name] = {}

    def compute(self, getters: Mapping[str, Computed]) -> None:
        """Read these properties by function from here on; nothing of them is stored or indexed."""
        self.computed.update(getters)
        for name in getters:
            self.indexes.pop(name, None)
            self.unique.pop(name, None)

    def value(self, record: Record, name: str) -> str | None:
        """A property's value as text, system and computed ones included; None when unset."""
        getter = self.computed.get(name)
        return record.properties.get(name) if getter is None else getter(record)

    def add(
        self, properties: Values, now: datetime, *, updated_at: datetime | None = None
    ) -> Record:
        """A new record under the next id."""
        record = Record(self.take_id(), properties, now, updated_at or now)
        self.put(record)
        return record

    def take_id(self) -> int:
        """The next record id."""
        self.next_id += 1
        return self.next_id - 1

    def put(self, record: Record) -> None:
        """Store a record made elsewhere and index it."""
        self.records[record.id] = record
        (self.archived if record.archived else self.active).add(record.id)
        if not record.archived:
            self._index(record)

    def change(self, record: Record, changes: Mapping[str, str | None], now: datetime) -> bool:
        """Set values; False, and nothing moves, when every one is already so."""
        real = {k: v for k, v in changes.items() if record.properties.get(k) != v}
        if not real:
            return False
        for name, value in real.items():
            self._remember(record, name, value, now)
            self._reindex(record, name, value)
            if value is None:
                record.properties.pop(name, None)
            else:
                record.properties[name] = value
        record.updated_at = now
        return True

    def archive(self, record: Record, now: datetime) -> None:
        """Delete as HubSpot does: out of every list and index, kept for ?archived=true."""
        if record.archived:
            return
        self._unindex(record)
        record.archived, record.archived_at = True, now
        self.active.discard(record.id)
        self.archived.add(record.id)

    def find_unique(self, name: str, value: str) -> Record | None:
        """The active record holding a unique value; e-mails and ids compare case-folded."""
        finder = self.finders.get(name)
        if finder is not None:
            record = finder(value)
            return None if record is None or record.archived else record
        found = self.unique.get(name, {}).get(value.casefold())
        return None if found is None else self.records[found]

    def is_unique(self, name: str) -> bool:
        """Whether records can be named by this property."""
        return name in self.finders or name in self.unique

    def owned(self, name: str, value: str) -> IdSet:
        """Ids of active records whose indexed property has this value."""
        return self.indexes[name].get(value) or IdSet()

    def _by_id(self, value: str) -> Record | None:
        return self.records.get(as_id(value) or 0)

    def _remember(self, record: Record, name: str, value: str | None, now: datetime) -> None:
        history = record.history = record.history or {}
        versions = history.get(name)
        if versions is None:
            first = record.properties.get(name)
            versions = history[name] = [] if first is None else [(record.created_at, first)]
        versions.append((now, value))

    def _reindex(self, record: Record, name: str, value: str | None) -> None:
        old = record.properties.get(name)
        index, unique = self.indexes.get(name), self.unique.get(name)
        if index is not None:
            _move(index, record.id, old, value)
        if unique is not None:
            if old is not None:
                unique.pop(old.casefold(), None)
            if value:
                unique[value.casefold()] = record.id

    def _index(self, record: Record) -> None:
        for name, index in self.indexes.items():
            _move(index, record.id, None, record.properties.get(name))
        for name, unique in self.unique.items():
            value = record.properties.get(name)
            if value:
                unique[value.casefold()] = record.id

    def _unindex(self, record: Record) -> None:
        for name, index in self.indexes.items():
            _move(index, record.id, record.properties.get(name), None)
        for name, unique in self.unique.items():
            value = record.properties.get(name)
            if value and unique.get(value.casefold()) == record.id:
                del unique[value.casefold()]

    def _fill_index(self, name: str) -> None:
        for record_id in self.active.in_order():
            _move(self.indexes[name], record_id, None, self.records[record_id].properties.get(name))


def _move(index: dict[str, IdSet], record_id: int, old: str | None, new: str | None) -> None:
    if old and old in index:
        index[old].discard(record_id)
    if new:
        ids = index.get(new)
        if ids is None:
            ids = index[new] = IdSet()
        ids.add(record_id)
