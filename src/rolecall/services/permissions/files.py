"""What no API tells comes in as files: users exports, permission histories, attested definitions.

A file is kept with its date and everything that could not be read; nothing is dropped silently,
and nobody's access changes by it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import ManualTask
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import Snapshot, UserState
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.kit.ids import uuid7
from rolecall.permissions.access import STALE_AFTER
from rolecall.permissions.attestation import attestation_text, read_attestation
from rolecall.permissions.compare import RecordDiff, diff_records
from rolecall.permissions.evidence import HistoryLine, SetDefinition
from rolecall.policy.problems import did_you_mean
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named, portal_to_change
from rolecall.services.permissions.book import (
    ATTESTATION,
    HISTORY,
    MAPPING,
    READING,
    ReadingNote,
    catalogue_of,
    kept_records,
    lines_of,
    note_of,
    resolver_of,
    words_of,
)
from rolecall.services.pictures import whole_picture
from rolecall.sources.headers import USERS
from rolecall.sources.permission_history import HistoryReading, read_permission_history
from rolecall.sources.users_export import ExportReading, Problem, matched, read_users_export
from rolecall.store import ExportImport, Statement, UnitOfWork, View
from rolecall.store.encoding import from_json, to_json

OLD_AFTER = timedelta(days=30)  # changes since then are likely, so the import says its age
SILENT = timedelta(days=30)  # nobody signed in for so long before a file's date: doubt the date


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A users export as it arrived; `as_of` is when HubSpot wrote it.

    `dated` tells that somebody said so (or the file's own name did); otherwise the day is a guess,
    which the file's newest log-in may correct. `mapping` is header -> our column name.
    """

    data: bytes
    name: str
    as_of: datetime
    dated: bool = True
    mapping: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ExportImported:
    """An import, what was understood of the file, and what to know about it."""

    portal: Portal
    imported: ExportImport
    reading: ExportReading
    warnings: tuple[str, ...]
    users: int  # active users of the portal
    covered: int  # of them in the file
    known_before: bool = False  # the same file was imported already
    closed: tuple[ManualTask, ...] = ()  # tasks the file proves done


@dataclass(frozen=True, slots=True)
class KeptImport:
    """An import of before, with what it could not read."""

    imported: ExportImport
    note: ReadingNote


@dataclass(frozen=True, slots=True)
class ExportDifference:
    """What two imported exports differ in."""

    before: ExportImport
    after: ExportImport
    users: tuple[RecordDiff, ...]


async def import_export(app: App, actor: Actor, name: str, file: ExportFile) -> ExportImported:
    """Keep a users export as dated evidence; the mapping is remembered for the next file.

    Raises Refused for a file that is no users export or another portal's, NeedsPerson before the
    first sync.
    """
    portal = await _changeable(app, actor, name)
    _refuse_mapping(file.mapping)
    if file.as_of > app.clock.now() + timedelta(days=1):
        raise Refused(f"the export cannot be of {file.as_of:%Y-%m-%d}, which is still to come")
    async with app.database.read() as view:
        snapshot = await newest_snapshot(view, portal)
        mapping = file.mapping if file.mapping is not None else await _remembered(view, portal)
        known = await _read_alike(app, view, portal, file, mapping)
    read = await asyncio.to_thread(_read, app, file, mapping, snapshot)
    reading, doubt = dated(read, file)
    twice = next((one for one in known if one.as_of == reading.as_of), None)
    imported = twice or _import(actor, portal, file, reading, mapping, app.clock.now())
    if twice is None:
        async with app.database.begin(actor, f"users export {file.name}".strip()) as work:
            version = catalogue_of(app).version
            await _keep(work, imported, reading, version, remember=file.mapping is not None)
    active = [one for one in snapshot.users if one.state is UserState.ACTIVE]
    held = {one.user_id for one in reading.records}
    covered = sum(one.id in held for one in active)
    told = (*doubt, *_warnings(reading, app.clock.now(), len(active) - covered))
    return ExportImported(portal, imported, reading, told, len(active), covered, twice is not None)


async def _read_alike(
    app: App, view: View, portal: Portal, file: ExportFile, mapping: Mapping[str, str]
) -> tuple[ExportImport, ...]:
    """Imports of these very bytes, read by the same mapping and catalogue; else they say more now."""
    version, digest = catalogue_of(app).version, _digest(file.data)
    alike = []
    for one in await view.evidence.imports(portal.hub_id):
        same = one.file_digest == digest and dict(one.mapping) == dict(mapping)
        if same and (await note_of(view, one)).catalogue == version:
            alike.append(one)
    return tuple(alike)


async def _changeable(app: App, actor: Actor, name: str) -> Portal:
    what, scope = "import evidence", TokenScope.ACCESS_WRITE
    return await portal_to_change(app, actor, name, Role.ADMIN, what, scope)


async def newest_snapshot(view: View, portal: Portal, at: datetime | None = None) -> Snapshot:
    """The newest snapshot (of a past time); NeedsPerson when there is none."""
    if at is None:
        found = await whole_picture(view, portal.hub_id)
    else:
        found = await view.snapshots.load(portal.hub_id, at)
    if found is None:
        when = f" by {at:%Y-%m-%d}" if at else ""
        hint = f"run `rolecall sync {portal.name}`"
        raise NeedsPerson(f"{portal.name} was never synced{when}", hint=None if at else hint)
    return found


def _refuse_mapping(mapping: Mapping[str, str] | None) -> None:
    for header, ours in (mapping or {}).items():
        if ours and ours not in USERS:
            close = did_you_mean(ours, USERS)
            hint = close or f"columns: {', '.join(USERS)}; empty ignores the column"
            raise Refused(f"the mapping of {header!r} names no column {ours!r}", hint=hint)


def _read(
    app: App, file: ExportFile, mapping: Mapping[str, str], snapshot: Snapshot
) -> ExportReading:
    names = [one.name for one in snapshot.permission_sets]
    words = words_of(app)
    reading = read_users_export(
        file.data, words, as_of=file.as_of, mapping=mapping, known_sets=names
    )
    return matched(reading, snapshot)


def dated(reading: ExportReading, file: ExportFile) -> tuple[ExportReading, tuple[str, ...]]:
    """The reading under the day the file itself speaks of, with what makes that doubtful.

    A day somebody named stays, unless a log-in in the file is younger: then the file is. A day
    nobody named gives way to the newest log-in when that is a month older, since evidence taken
    for younger than it is would answer wrongly.
    """
    newest = max((one.last_login for one in reading.records if one.last_login), default=None)
    if newest is None:
        return reading, ()
    if newest.date() > reading.as_of.date():
        told = f"the file holds a log-in of {newest:%Y-%m-%d}, so it is younger than its date says"
        return reading, (told,)
    if reading.as_of - newest <= SILENT:
        return reading, ()
    told = f"nobody in the file signed in after {newest:%Y-%m-%d}"
    if file.dated:
        return reading, (f"{told}: is it really of {reading.as_of:%Y-%m-%d}?",)
    moved = tuple(replace(one, as_of=newest) for one in reading.records)
    told = f"{told}, so it is taken as of that day; name the day of the file with --as-of"
    return replace(reading, records=moved, as_of=newest), (told,)


def _warnings(reading: ExportReading, now: datetime, missing: int) -> tuple[str, ...]:
    age = now - reading.as_of
    told = []
    if age > STALE_AFTER:
        told.append(
            f"the export is {age.days} days old: too old to say what is held now; "
            "it is kept as history"
        )
    elif age > OLD_AFTER:
        told.append(f"the export is {age.days} days old; what changed since is not in it")
    if reading.cut:
        told.append("the file was cut off: users and permissions behind the cut stay unknown")
    if missing:
        told.append(f"{missing} active users are not in the file; their access stays unknown")
    return tuple(told)


def _import(
    actor: Actor,
    portal: Portal,
    file: ExportFile,
    reading: ExportReading,
    mapping: Mapping[str, str],
    now: datetime,
) -> ExportImport:
    return ExportImport(
        id=uuid7(),
        hub_id=portal.hub_id,
        as_of=reading.as_of,
        imported_at=now,
        imported_by=actor.id,
        file_name=file.name,
        file_digest=_digest(file.data),
        lines=len(reading.records),
        mapping=dict(mapping),
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def _keep(
    work: UnitOfWork,
    imported: ExportImport,
    reading: ExportReading,
    version: str,
    *,
    remember: bool,
) -> None:
    kept, bundles = kept_records(reading.records)
    await work.evidence.add_import(imported, ((one.email, one) for one in kept))
    await _state(work, imported.hub_id, READING, imported.id, _note(reading, bundles, version))
    if remember:
        await _state(work, imported.hub_id, MAPPING, "", imported.mapping)
    work.record(
        Event.EVIDENCE_EXPORT_IMPORTED,
        subject=imported.file_name or imported.id,
        hub_id=imported.hub_id,
        details={
            "as_of": imported.as_of.isoformat(),
            "lines": str(imported.lines),
            "problems": str(len(reading.problems)),
            "digest": imported.file_digest,
        },
    )


async def _state(work: UnitOfWork, hub_id: int, kind: str, key: str, value: object) -> None:
    body = to_json(value)
    await work.evidence.state(Statement(uuid7(), hub_id, kind, key, work.now, work.actor.id, body))


def _note(reading: ExportReading, bundles: tuple[dict[str, str], ...], version: str) -> ReadingNote:
    limited = next((one.speaks_of for one in reading.records if one.speaks_of is not None), None)
    return ReadingNote(
        bundles,
        None if limited is None else tuple(sorted(limited)),
        reading.columns,
        reading.unknown_columns,
        reading.unknown_tokens,
        reading.problems,
        reading.encoding,
        reading.cut,
        version,
    )


async def _remembered(view: View, portal: Portal) -> Mapping[str, str]:
    kept = await view.evidence.statement(portal.hub_id, MAPPING, "")
    return {} if kept is None else from_json(kept.body, dict[str, str])


async def list_imports(app: App, actor: Actor, name: str) -> tuple[KeptImport, ...]:
    """Every users export of a portal, the newest first, with what could not be read of it."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        found = await view.evidence.imports(portal.hub_id)
        return tuple([KeptImport(one, await note_of(view, one)) for one in found])


async def diff_exports(
    app: App, actor: Actor, name: str, earlier: str = "", later: str = ""
) -> ExportDifference:
    """What two imports differ in: the two newest, or those named by id or day (YYYY-MM-DD)."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        found = await view.evidence.imports(portal.hub_id)
        after = _named(found, later) if later else _nth(found, 0, portal)
        older = tuple(one for one in found if one.as_of < after.as_of)
        before = _named(found, earlier) if earlier else _nth(older, 0, portal)
        lines = [await lines_of(view, one, await note_of(view, one)) for one in (before, after)]
    return ExportDifference(before, after, diff_records(catalogue_of(app), *lines))


def _named(found: tuple[ExportImport, ...], wanted: str) -> ExportImport:
    for one in found:
        if one.id == wanted or f"{one.as_of:%Y-%m-%d}" == wanted:
            return one
    days = ", ".join(f"{one.as_of:%Y-%m-%d}" for one in found) or "none"
    raise Refused(f"no users export {wanted} was imported", hint=f"imported: {days}")


def _nth(found: tuple[ExportImport, ...], place: int, portal: Portal) -> ExportImport:
    if len(found) <= place:
        hint = f"import another: rolecall export import {portal.name} users.csv"
        raise NeedsPerson(f"{portal.name} has no two users exports to compare", hint=hint)
    return found[place]


async def import_history(
    app: App, actor: Actor, name: str, data: bytes, file_name: str = ""
) -> HistoryReading:
    """Keep a permission history: single permissions given or taken since the newest export.

    Raises Refused for a file that is none, or of which no line is about a user of this portal.
    """
    portal = await _changeable(app, actor, name)
    async with app.database.read() as view:
        snapshot = await newest_snapshot(view, portal)
    reading = await asyncio.to_thread(read_permission_history, data, words_of(app))
    here = {one.email.casefold() for one in snapshot.users}
    kept = tuple(line for line in reading.lines if line.user_email in here)
    if reading.lines and not kept:
        raise Refused(
            "no line of this history is about a user of the portal", hint="is it another portal's?"
        )
    async with app.database.begin(actor, f"permission history {file_name}".strip()) as work:
        await _state(work, portal.hub_id, HISTORY, _digest(data), kept)
        details = {"lines": str(len(kept)), "kind": HISTORY}
        subject = file_name or HISTORY
        work.record(
            Event.EVIDENCE_EXPORT_IMPORTED, subject=subject, hub_id=portal.hub_id, details=details
        )
    return HistoryReading(kept, (*reading.problems, *_strangers(reading.lines, here)))


def _strangers(lines: tuple[HistoryLine, ...], here: set[str]) -> tuple[Problem, ...]:
    unknown = dict.fromkeys(line.user_email for line in lines if line.user_email not in here)
    return tuple(Problem(0, f"{email} is no user of this portal") for email in unknown)


async def attest_sets(
    app: App, actor: Actor, name: str, text: str, reason: str = ""
) -> tuple[SetDefinition, ...]:
    """Sign off what is in permission sets; the younger of this and what members show counts.

    Raises AttestationProblems with every mistake of the file.
    """
    portal = await _changeable(app, actor, name)
    async with app.database.read() as view:
        snapshot = await newest_snapshot(view, portal)
    by = actor.name or actor.id
    now = app.clock.now()
    found = read_attestation(text, catalogue_of(app), snapshot.permission_sets, by=by, at=now)
    async with app.database.begin(actor, reason or "definitions signed off") as work:
        for one in found:
            await _state(work, portal.hub_id, ATTESTATION, one.set_id, one)
            details = {"permissions": str(len(one.grants))}
            work.record(
                Event.EVIDENCE_ATTESTATION_MADE,
                subject=one.name,
                hub_id=portal.hub_id,
                details=details,
            )
    return found


async def attestation_draft(app: App, actor: Actor, name: str) -> str:
    """What is known of every permission set, as the file somebody corrects and signs off."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        snapshot = await newest_snapshot(view, portal)
        resolver = await resolver_of(app, view, snapshot, app.clock.now())
    return attestation_text(resolver.catalogue, resolver.definitions.values())
