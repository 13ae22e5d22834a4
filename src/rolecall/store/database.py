"""The one door to the store: opens it, brings its schema up to date, hands out transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from rolecall.domain.actor import SYSTEM, Actor
from rolecall.kit.clock import Clock, SystemClock
from rolecall.store.engines import Engines, engines_for
from rolecall.store.errors import explaining
from rolecall.store.keys import KeyRing
from rolecall.store.leases import Leases
from rolecall.store.migrating import make_current
from rolecall.store.unit_of_work import UnitOfWork, View


@dataclass(frozen=True, slots=True)
class Database:
    """An open store; share one per process and close it at the end."""

    engines: Engines
    clock: Clock = field(default_factory=SystemClock)
    keys: KeyRing | None = field(default=None, repr=False)

    @classmethod
    async def open(
        cls, url: str, *, keys: KeyRing | None = None, clock: Clock | None = None
    ) -> Database:
        """Open a store (`sqlite:///PATH` or `postgresql://...`) and make its schema current.

        Raises an error of `store.errors` that says what is wrong and what to do.
        """
        engines = engines_for(url)
        try:
            with explaining(engines.place):
                await make_current(engines)
        except BaseException:
            await engines.dispose()
            raise
        return cls(engines, clock or SystemClock(), keys)

    async def close(self) -> None:
        """Close every connection."""
        await self.engines.dispose()

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        return self.engines.place

    @property
    def dialect(self) -> str:
        """sqlite or postgresql."""
        return self.engines.dialect

    @property
    def conninfo(self) -> str:
        """The address a driver of its own opens it by, with the password: never to be shown."""
        return self.engines.writer.url.set(drivername=self.dialect).render_as_string(
            hide_password=False
        )

    @property
    def leases(self) -> Leases:
        """Who alone may work on something now."""
        return Leases(self.engines)

    @asynccontextmanager
    async def begin(self, actor: Actor, reason: str = "") -> AsyncIterator[UnitOfWork]:
        """One writing transaction: commits on leaving, or leaves nothing behind on an error.

        Not to be nested in one task: SQLite has a single writer, and the inner one would wait.
        """
        with explaining(self.place):
            async with self.engines.writer.begin() as connection:
                now = self.clock.now()
                work = UnitOfWork(connection, now, self.keys, actor=actor, reason=reason)
                yield work
                await work.flush()

    def work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A writing transaction of Rolecall itself, for bookkeeping that nobody audits."""
        return self.begin(SYSTEM)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[View]:
        """One reading transaction: a single consistent picture, however long it is looked at."""
        with explaining(self.place):
            async with self.engines.reader.begin() as connection:
                yield View(connection, self.clock.now(), self.keys)
