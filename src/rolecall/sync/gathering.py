"""Reads everything on the agenda at the same time, under the client's one limiter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from rolecall.domain.portal import Portal
from rolecall.hubspot import Reader
from rolecall.hubspot.errors import HubSpotError
from rolecall.hubspot.wire import Owner
from rolecall.kit.errors import RolecallError
from rolecall.reading import (
    DisplayProperties,
    discover,
    profile_names,
    record_reader,
    wanted_properties,
)
from rolecall.store import Database
from rolecall.sync import resources
from rolecall.sync.agenda import Agenda, unread_names
from rolecall.sync.capturing import Capture
from rolecall.sync.feeding import FeedReader, ReadFeeds
from rolecall.sync.ports import Bounds, Progress
from rolecall.sync.resources import Material, Resource
from rolecall.sync.troubles import Gap


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything one run read, and what it did not."""

    material: Material
    display: DisplayProperties
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...]
    digest: str
    events: int = 0  # new lines of the feeds
    asked: tuple[str, ...] = ()  # CRM user properties
    failure: HubSpotError | None = None  # why the list of users did not come
    anything: bool = True  # some list came
    capture: Capture | None = field(default=None, repr=False)  # what is still to be decoded

    def decoded(self) -> Gathered:
        """The same with every row in the material; until then long lists may be missing there."""
        if self.capture is None:
            return self
        return replace(self, gaps=(*self.gaps, *self.capture.decode()))

    async def keep(self) -> None:
        """Write the pages of the last seconds too; for a run that ends before its snapshot."""
        if self.capture is not None:
            await self.capture.flush()

    def let_go(self) -> None:
        """Free the pages that wait to be kept, once HubSpot has nothing left to answer."""
        if self.capture is not None:
            self.capture.let_go()

    @property
    def unread(self) -> frozenset[str]:
        """Names of what was not read."""
        return unread_names(self.gaps)


# What can be asked once the archived owners are known, while the long lists wait for the limit.
Meanwhile = Callable[[list[Owner]], Awaitable[None]]


@dataclass(slots=True)
class Gathering:
    """One run's reading of one portal."""

    reader: Reader
    database: Database
    portal: Portal
    bounds: Bounds
    now: datetime
    progress: Progress
    expected: int | None = None  # users there were before
    meanwhile: Meanwhile | None = None
    lazy: bool = False  # the pages may well be the same as those before
    display: DisplayProperties = field(default_factory=DisplayProperties)
    asked: tuple[str, ...] = resources.USUAL_PROPERTIES

    async def gather(self, run_id: str, agenda: Agenda) -> Gathered:
        """Read the whole agenda; what came before an error that ends the run is kept.

        Raises the first such error.
        """
        async with self.database.read() as view:
            begun = frozenset(await view.syncs.reached(run_id))
        capture = Capture(
            self.database, run_id, self.reader, self.progress, begun=begun, lazy=self.lazy
        )
        capture.gaps.extend(agenda.gaps)
        feeds = ReadFeeds()
        try:
            await self._all(capture, agenda, feeds)
        except BaseException:
            await capture.flush()
            raise
        gaps = (*capture.gaps, *feeds.gaps)
        return Gathered(
            capture.material,
            self.display,
            gaps,
            tuple(feeds.notes),
            capture.digest(gaps),
            feeds.events,
            self.asked,
            capture.failures.get(resources.USERS),
            capture.anything(),
            capture,
        )

    async def _all(self, capture: Capture, agenda: Agenda, feeds: ReadFeeds) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                keeping = group.create_task(capture.keep())
                await self._read(capture, agenda, feeds)
                keeping.cancel()
        except BaseExceptionGroup as errors:
            raise first_of(errors) from None

    async def _read(self, capture: Capture, agenda: Agenda, feeds: ReadFeeds) -> None:
        reader = FeedReader(
            self.reader, self.database, self.portal.hub_id, self.bounds, self.now, self.progress
        )
        async with asyncio.TaskGroup() as group:
            for resource in agenda.resources:
                group.create_task(self._list(capture, resource))
            if agenda.crm_users:
                group.create_task(self._crm_users(capture))
            for feed in agenda.feeds:
                group.create_task(reader.read(feed, feeds))

    async def _list(self, capture: Capture, resource: Resource[Any]) -> None:
        expected = self.expected if resource.name == resources.USERS else None
        read = await capture.read(resource, expected)
        if read and resource.name == resources.ARCHIVED_OWNERS and self.meanwhile is not None:
            await self.meanwhile(capture.material.archived_owners)

    async def _crm_users(self, capture: Capture) -> None:
        """CRM users, with the properties the definitions of this portal offer."""
        if await capture.read(resources.properties()):
            defined = capture.material.properties
            more = self.bounds.user_properties
            own = sorted(
                one.name for one in defined if not one.name.startswith("hs_") or one.name in more
            )
            self.display = discover(defined)
            self.asked = resources.fitting(wanted_properties(defined, self.display, own))
        profile = profile_names(self.asked, self.display, self.bounds.user_properties)
        reader = record_reader(self.display, profile)
        await capture.read(resources.crm_users(self.asked, reader), self.expected)


def first_of(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that ended a group of tasks; our own kinds before bugs."""
    flat = [
        first_of(error) if isinstance(error, BaseExceptionGroup) else error
        for error in errors.exceptions
    ]
    return next((error for error in flat if isinstance(error, RolecallError)), flat[0])
