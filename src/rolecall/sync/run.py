"""One sync of one portal: read everything resumably, join, prove who is gone, check, seal.

The caller holds the portal's lease. A run that is stopped keeps its pages and is continued.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic

from rolecall.domain.actor import Actor
from rolecall.domain.events import Event
from rolecall.domain.portal import Capabilities, Portal
from rolecall.domain.snapshot import RecordOwner, Snapshot
from rolecall.domain.sync import SyncRun, SyncState
from rolecall.hubspot import Observer, Reader, Sent, Waiting
from rolecall.hubspot.errors import HubSpotError
from rolecall.hubspot.wire import Owner, Property
from rolecall.kit.clock import Clock
from rolecall.kit.errors import RolecallError
from rolecall.kit.ids import uuid7
from rolecall.store import Database, Sealed, SnapshotHead
from rolecall.sync import resources
from rolecall.sync.agenda import Agenda, agenda_of, learned
from rolecall.sync.composing import (
    OWNER_PROPERTIES,
    Composed,
    Composer,
    count_gone,
    known_leftovers,
    mend_tears,
)
from rolecall.sync.gathering import Gathered, Gathering, Meanwhile
from rolecall.sync.leftovers import OBJECTS, Left
from rolecall.sync.ports import Bounds, Progress, Step
from rolecall.sync.probing import token_of
from rolecall.sync.troubles import NOT_HERE

REASON = "sync"
# Key of Capabilities.details: CRM user properties that are read, and can be filtered by.
USER_PROPERTIES = "user properties"


@dataclass(frozen=True, slots=True)
class Options:
    """How this one run differs: read everything anew, or prove a shrunken list beyond the bound."""

    full: bool = False
    accept_shrink: bool = False


@dataclass(frozen=True, slots=True)
class Synced:
    """What a run found; `run` and `head` are as stored."""

    run: SyncRun
    head: SnapshotHead
    capabilities: Capabilities
    resumed: bool = False
    unchanged: bool = False
    notes: tuple[str, ...] = ()
    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Engine:
    """What a run works with; `actor` answers for it."""

    database: Database
    clock: Clock
    bounds: Bounds
    actor: Actor
    progress: Progress


@dataclass(slots=True)
class Run:
    """One run over one open connection."""

    engine: Engine
    portal: Portal
    reader: Reader
    found: Capabilities
    probed_at: datetime
    options: Options
    row: SyncRun
    resumed: bool
    began: float = field(default_factory=monotonic)

    async def carry_out(self) -> Synced:
        """Read, compose and seal; what was read stays kept when HubSpot stops answering."""
        try:
            return await self._synced()
        except RolecallError as error:
            await self._stopped(error)
            raise

    async def _synced(self) -> Synced:
        database, hub_id = self.engine.database, self.portal.hub_id
        async with database.read() as view:
            head = await view.snapshots.head(hub_id)
            owners = await view.snapshots.archived_owners(hub_id)
        if self._looks_anew():
            self.found = await with_scopes(self.reader, self.found)
        agenda = agenda_of(self.found, trust=not self._looks_anew())
        early: dict[str, Left | None] | None = None

        async def count(archived: list[Owner]) -> None:
            nonlocal early
            early = await self._count_gone(archived, owners, again=False)

        # Searches have a limit of their own, so they are made while the long lists wait for
        # theirs; not where the pages may turn out the same and little has to be looked at again.
        differs = head is None or not head.complete or self.options.full
        gathered = await self._gather(agenda, head, count if differs else None)
        try:
            _demand_users(gathered, head)
            self.found = learned(self.found, agenda, gathered.gaps)
            details = {**self.found.details, USER_PROPERTIES: ",".join(sorted(gathered.asked))}
            self.found = replace(self.found, details=details)
            same = self._looks_the_same(head, gathered)
            return await self._ended(gathered, owners, early, same=same)
        except BaseException:
            await gathered.keep()
            raise

    async def _ended(
        self,
        gathered: Gathered,
        owners: Sequence[RecordOwner],
        counted: dict[str, Left | None] | None,
        *,
        same: bool,
    ) -> Synced:
        """Seal what was read; `owners` are the archived ones of before, `counted` what was."""
        left = known_leftovers(owners)
        if counted is not None:
            left = counted
        elif resources.ARCHIVED_OWNERS not in gathered.unread:
            archived = gathered.material.archived_owners
            left = await self._count_gone(archived, owners, again=same)
        digest = gathered.digest
        if same and left == known_leftovers(owners):
            return await self._seal_same(gathered, digest)
        return await self._seal(gathered.decoded(), left, digest)

    async def _count_gone(
        self, archived: list[Owner], owners: Sequence[RecordOwner], *, again: bool
    ) -> dict[str, Left | None]:
        if self._looks_anew() or not _knows_owner_properties(self.found):
            self.found = await with_owner_properties(self.reader, self.found)
        bounds = self.engine.bounds
        return await count_gone(self.reader, archived, owners, self.found, bounds, again=again)

    def _looks_anew(self) -> bool:
        """Whether this run tries again what an earlier one found missing."""
        age = self.engine.clock.now() - self.probed_at
        return self.options.full or age >= timedelta(hours=self.engine.bounds.probe_hours)

    async def _gather(
        self, agenda: Agenda, head: SnapshotHead | None, meanwhile: Meanwhile | None
    ) -> Gathered:
        engine = self.engine
        gathering = Gathering(
            self.reader,
            engine.database,
            self.portal,
            engine.bounds,
            engine.clock.now(),
            engine.progress,
            head.counts.get("users") if head else None,
            meanwhile,
            lazy=meanwhile is None,
        )
        return await gathering.gather(self.row.id, agenda)

    def _looks_the_same(self, head: SnapshotHead | None, gathered: Gathered) -> bool:
        """The same pages as those of the newest snapshot, which was whole.

        New lines of the feeds tell nothing where the CRM tells the last activity.
        """
        if head is None or not head.complete or self.options.full:
            return False
        told = gathered.events == 0 or gathered.display.last_active is not None
        return told and head.input_digest == gathered.digest

    async def _seal_same(self, gathered: Gathered, digest: str) -> Synced:
        now = self.engine.clock.now()
        async with self.engine.database.begin(self.engine.actor, REASON) as work:
            sealed = await work.snapshots.seal_same(
                uuid7(), self.portal.hub_id, self.row.started_at, now, digest
            )
            row = self._done(sealed)
            await work.syncs.finish(row)
        return Synced(
            row, sealed.head, self.found, self.resumed, unchanged=True, notes=gathered.notes
        )

    async def _seal(self, gathered: Gathered, left: dict[str, Left | None], digest: str) -> Synced:
        database, hub_id = self.engine.database, self.portal.hub_id
        async with database.read() as view:
            before = await view.snapshots.load(hub_id)
        await mend_tears(self.reader, gathered)
        composer = Composer(
            self.reader,
            database,
            self.portal,
            self.engine.bounds,
            self.engine.progress,
            before,
            self.row.started_at,
            left,
        )
        now = self.engine.clock.now()
        composed = await composer.compose(
            gathered, self.found, now, accept_shrink=self.options.accept_shrink
        )
        self.engine.progress(Step("sealing the snapshot", 0, note="writing what changed"))
        return await self._write(composed, before, digest)

    async def _write(self, composed: Composed, before: Snapshot | None, digest: str) -> Synced:
        hub_id = self.portal.hub_id
        async with self.engine.database.begin(self.engine.actor, REASON) as work:
            counts = {"seats": len(composed.snapshot.seats)}
            sealed = await work.snapshots.seal(
                composed.snapshot, before=before, input_digest=digest, counts=counts
            )
            row = self._done(sealed)
            await work.syncs.finish(row)
            probed_at = work.now if self._looks_anew() else self.probed_at
            await work.portals.save_capabilities(hub_id, self.found, probed_at)
            details = {"snapshot": sealed.head.id, "complete": str(sealed.head.complete).lower()}
            subject = self.portal.name
            work.record(Event.SYNC_SNAPSHOT_SEALED, subject=subject, hub_id=hub_id, details=details)
            if self.options.accept_shrink:
                shrink = {"proved": str(composed.proved)}
                work.record(
                    Event.SYNC_SHRINK_ACCEPTED, subject=subject, hub_id=hub_id, details=shrink
                )
        users = sealed.tallies["user"]
        return Synced(
            row,
            sealed.head,
            self.found,
            self.resumed,
            notes=composed.notes,
            added=users.added,
            changed=users.changed,
            removed=composed.proved,
        )

    def _done(self, sealed: Sealed) -> SyncRun:
        head = sealed.head
        return replace(
            self._spent(),
            state=SyncState.DONE,
            finished_at=head.sealed_at,
            complete=head.complete,
            gaps=head.gaps,
            snapshot_id=head.id,
            changes=sealed.changes,
            counts=dict(head.counts),
        )

    def _spent(self) -> SyncRun:
        """The row with what this try cost added."""
        return replace(
            self.row,
            requests=self.row.requests + self.reader.connection.counts.requests,
            seconds=round(self.row.seconds + monotonic() - self.began, 3),
        )

    async def _stopped(self, error: RolecallError) -> None:
        """Keep what the run cost and why it stopped; it stays running, to be continued."""
        async with self.engine.database.begin(self.engine.actor, REASON) as work:
            await work.syncs.note(replace(self._spent(), message=error.message))
            work.record(
                Event.SYNC_SNAPSHOT_FAILED,
                subject=self.portal.name,
                hub_id=self.portal.hub_id,
                details={"why": error.message},
            )


async def start(
    engine: Engine,
    portal: Portal,
    found: Capabilities,
    probed_at: datetime,
    reader: Reader,
    options: Options,
) -> Run:
    """A new run, or the one that a crash or a spent quota left behind."""
    now = engine.clock.now()
    async with engine.database.read() as view:
        former = await view.syncs.running(portal.hub_id)
    fresh = timedelta(hours=engine.bounds.resume_hours)
    if former and not options.full and now - former.started_at <= fresh:
        return Run(engine, portal, reader, found, probed_at, options, former, resumed=True)
    row = SyncRun(uuid7(), portal.hub_id, now, engine.actor.id, full=options.full)
    async with engine.database.work() as work:
        await work.syncs.start(row)
    return Run(engine, portal, reader, found, probed_at, options, row, resumed=False)


async def with_scopes(reader: Reader, found: Capabilities) -> Capabilities:
    """The capabilities with the scopes the token has now."""
    token = await token_of(reader)
    if token is None:
        return replace(found, scopes_known=False)
    return replace(found, scopes=token.scopes, scopes_known=True)


async def with_owner_properties(reader: Reader, found: Capabilities) -> Capabilities:
    """The capabilities with the names of further user-type properties of CRM records."""
    details = dict(found.details)
    for name in OBJECTS:
        try:
            defined = await reader.crm_properties(name)
        except HubSpotError as error:
            if not isinstance(error, NOT_HERE):
                raise
            details[OWNER_PROPERTIES + name] = ""
            continue
        details[OWNER_PROPERTIES + name] = ",".join(_owner_properties(defined))
    return replace(found, details=details)


def _knows_owner_properties(found: Capabilities) -> bool:
    return any(key.startswith(OWNER_PROPERTIES) for key in found.details)


def _owner_properties(defined: tuple[Property, ...]) -> list[str]:
    return sorted(
        one.name
        for one in defined
        if one.referenced_object_type == "OWNER" and one.name != "hubspot_owner_id"
    )


def _demand_users(gathered: Gathered, head: SnapshotHead | None) -> None:
    """Raise why the list of users did not come, where no picture can be made without it.

    While HubSpot is in trouble everybody stays as before; what a token may not read is not guessed.
    """
    failure = gathered.failure
    if failure is None:
        return
    if head is None or not gathered.anything or isinstance(failure, NOT_HERE):
        raise failure


def watching(progress: Progress) -> Observer:
    """Tells a person when the client waits for a limit or for HubSpot to come back."""

    def told(event: Sent | Waiting) -> None:
        if isinstance(event, Waiting) and event.seconds >= 1:
            progress(Step("waiting", 0, note=event.why, wait=event.seconds))

    return told
