"""All evidence about one portal as the permission room takes it: files, attestations, history.

Reads the store and the catalogue; imports nothing and sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rolecall.domain.actor import SYSTEM
from rolecall.domain.snapshot import FeedEvent, Snapshot
from rolecall.permissions.access import Resolver
from rolecall.permissions.book import evidence_book
from rolecall.permissions.catalogue import Catalogue
from rolecall.permissions.evidence import HistoryLine, PermissionRecord, SetDefinition
from rolecall.permissions.tokens import Vocabulary
from rolecall.services.app import App
from rolecall.sources import shipped
from rolecall.sources.users_export import Problem
from rolecall.store import ExportImport, FeedQuery, View
from rolecall.store.encoding import from_json

READING = "export reading"  # kinds of statements: what a file said beside its rows, by import id
MAPPING = "export mapping"
ATTESTATION = "attestation"  # by set id
HISTORY = "permission history"  # by the file's digest
MOST_FILES = 5  # a cut export is filled up with older ones, so many files at most
MOST_EVENTS = 20_000
_PERMISSION_EVENTS = frozenset({"ADD_ADMIN_PERMISSIONS", "REMOVE_ADMIN_PERMISSIONS"})
_PERMISSION_WORDS = frozenset({"PERMISSION", "PERMISSIONS", "ROLE", "ROLES"})
_CATALOGUE = "catalogue"  # the operator's overlay files, below the installation's directory


@dataclass(frozen=True, slots=True)
class ReadingNote:
    """What an import found beside its rows.

    `bundles` are the different contents of its rows, which equal access shares; `speaks_of` are
    the permissions the file can show, None = every one.
    """

    bundles: tuple[dict[str, str], ...]
    speaks_of: tuple[str, ...] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    unknown_columns: tuple[str, ...] = ()
    unknown_tokens: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    encoding: str = ""
    cut: bool = False
    catalogue: str = ""  # the version it was read by


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A line of an export as it is stored; `bundle` numbers its permissions in the note."""

    user_id: str
    email: str
    bundle: int
    complete: bool = True
    sets: tuple[str, ...] | None = None
    teams: tuple[str, ...] | None = None
    seats: tuple[str, ...] | None = None
    super_admin: bool | None = None
    deactivated: bool | None = None
    last_login: datetime | None = None
    two_factor: bool | None = None
    unknown: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)


def catalogue_of(app: App) -> Catalogue:
    """The shipped catalogue under the overlays in the installation's `catalogue` folder."""
    return shipped.catalogue(overlays_of(app))


def words_of(app: App) -> Vocabulary:
    """All ways the permissions of that catalogue may be written."""
    return shipped.words(overlays_of(app))


def overlays_of(app: App) -> tuple[Path, ...]:
    """The operator's own catalogue files, by name."""
    folder = app.home / _CATALOGUE
    return tuple(sorted(folder.glob("*.yaml"))) if folder.is_dir() else ()


async def resolver_of(
    app: App, view: View, snapshot: Snapshot, now: datetime, at: datetime | None = None
) -> Resolver:
    """Who can do what in this snapshot, by the evidence known at a time (default: all)."""
    catalogue, hub_id = catalogue_of(app), snapshot.hub_id
    records, attested = await records_of(view, hub_id, at), await attested_of(view, hub_id, at)
    dates = [*(one.as_of for one in records), *(one.as_of for one in attested)]
    told = await touched_since(view, snapshot, min(dates), at) if dates else Touched()
    history = await history_of(view, hub_id, at)
    book = evidence_book(catalogue, snapshot, records, attested, history, told.users, told.sets)
    return Resolver(catalogue, snapshot, at or now, book)


@dataclass(slots=True)
class Touched:
    """When permissions of users and contents of sets were last changed by somebody, by id."""

    users: dict[str, datetime] = field(default_factory=dict)
    sets: dict[str, datetime] = field(default_factory=dict)


async def touched_since(
    view: View, snapshot: Snapshot, since: datetime, until: datetime | None = None
) -> Touched:
    """What changed in a time, as far as anything tells: evidence from before speaks of it no more.

    The audit log and the security feed tell of users; tasks of ours that a person called done
    tell of users and sets. Writes of ours show in the snapshot itself.
    """
    found = Touched()
    for feed in ("audit", "security"):
        query = FeedQuery(feed, since=since, until=until, limit=MOST_EVENTS)
        for event in await view.feeds.events(snapshot.hub_id, query):
            if event.object_id and _of_permissions(event):
                _later(found.users, event.object_id, event.at)
    ids = {one.email.casefold(): one.id for one in snapshot.users}
    names = {one.name: one.id for one in snapshot.permission_sets}
    for task in await view.tasks.find(snapshot.hub_id, state="done"):
        at = task.closed_at
        # What evidence closed by itself is told by that evidence.
        by_word = task.proof == "evidence" and task.closed_by != SYSTEM.id
        if by_word and at is not None and at >= since and (until is None or at <= until):
            _later(found.users, ids.get(task.subject.casefold()), at)
            _later(found.sets, names.get(task.subject), at)
    return found


def _later(known: dict[str, datetime], key: str | None, at: datetime) -> None:
    if key is not None:
        known[key] = max(at, known.get(key, at))


def _of_permissions(event: FeedEvent) -> bool:
    if event.feed == "security":
        return event.type in _PERMISSION_EVENTS
    return not _PERMISSION_WORDS.isdisjoint(re.findall(r"[A-Z]+", event.type.upper()))


async def records_of(
    view: View, hub_id: int, at: datetime | None = None
) -> tuple[PermissionRecord, ...]:
    """Lines of the newest export; where that was cut, of older ones too until one is whole."""
    found: list[PermissionRecord] = []
    imports = [one for one in await view.evidence.imports(hub_id) if at is None or one.as_of <= at]
    for one in imports[:MOST_FILES]:
        note = await note_of(view, one)
        found.extend(await lines_of(view, one, note))
        if not note.cut:
            break
    return tuple(found)


async def note_of(view: View, one: ExportImport) -> ReadingNote:
    """What an import found beside its rows."""
    kept = await view.evidence.statement(one.hub_id, READING, one.id)
    return ReadingNote(()) if kept is None else from_json(kept.body, ReadingNote)


async def lines_of(
    view: View, one: ExportImport, note: ReadingNote
) -> tuple[PermissionRecord, ...]:
    """The lines of one import, equal permissions shared between them."""
    speaks = None if note.speaks_of is None else frozenset(note.speaks_of)
    kept = await view.evidence.records(one.id, KeptRecord)
    return tuple(_record(line, note.bundles[line.bundle], one.as_of, speaks) for line in kept)


def _record(
    line: KeptRecord, grants: Mapping[str, str], as_of: datetime, speaks: frozenset[str] | None
) -> PermissionRecord:
    return PermissionRecord(
        user_id=line.user_id,
        email=line.email,
        grants=grants,
        as_of=as_of,
        complete=line.complete,
        speaks_of=speaks,
        sets=line.sets,
        teams=line.teams,
        seats=line.seats,
        super_admin=line.super_admin,
        deactivated=line.deactivated,
        last_login=line.last_login,
        two_factor=line.two_factor,
        unknown=line.unknown,
        extra=line.extra,
    )


def kept_records(
    records: Iterable[PermissionRecord],
) -> tuple[list[KeptRecord], tuple[dict[str, str], ...]]:
    """Lines as they are stored, and the bundles they point at."""
    places: dict[int, int] = {}
    bundles: list[dict[str, str]] = []
    kept = []
    for one in records:
        place = places.get(id(one.grants))
        if place is None:
            place = places[id(one.grants)] = len(bundles)
            bundles.append(dict(one.grants))
        kept.append(_kept(one, place))
    return kept, tuple(bundles)


def _kept(one: PermissionRecord, bundle: int) -> KeptRecord:
    return KeptRecord(
        user_id=one.user_id,
        email=one.email,
        bundle=bundle,
        complete=one.complete,
        sets=one.sets,
        teams=one.teams,
        seats=one.seats,
        super_admin=one.super_admin,
        deactivated=one.deactivated,
        last_login=one.last_login,
        two_factor=one.two_factor,
        unknown=one.unknown,
        extra=one.extra,
    )


async def attested_of(
    view: View, hub_id: int, at: datetime | None = None
) -> tuple[SetDefinition, ...]:
    """The newest attested definition of each set."""
    stated = await view.evidence.stated(hub_id, ATTESTATION, at)
    return tuple(from_json(one.body, SetDefinition) for one in stated.values())


async def history_of(
    view: View, hub_id: int, at: datetime | None = None
) -> tuple[HistoryLine, ...]:
    """Lines of every imported permission history, each once, oldest first."""
    stated = await view.evidence.stated(hub_id, HISTORY, at)
    found = {
        line for one in stated.values() for line in from_json(one.body, tuple[HistoryLine, ...])
    }
    kept = (line for line in found if at is None or line.at <= at)
    return tuple(sorted(kept, key=lambda line: (line.at, line.user_email, line.permission_id)))
