"""Wakes duties through procrastinate: any number of processes on one PostgreSQL share them.

A job holds no truth. What is due stands in the rows of the store, and who may write to a portal
in its lease; a job that gets lost is found due again at the next turn, and one that runs twice
finds nothing left to do.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import DeleteJobCondition, Job, Status
from procrastinate.schema import SchemaManager
from psycopg import sql

from rolecall.kit.errors import NeedsPerson
from rolecall.wakeup.duty import ALL, LOG, Duty, done, due_keys

TURNS, PORTALS = "turns", "portals"
PORTALS_AT_ONCE = 4  # per process: each costs memory for its snapshot
HEARTBEAT = 5.0  # seconds between two signs of life of a process
STALLED = 15.0  # without one for so long its jobs go to somebody else
RESCUE_EVERY = 5.0
GRACE = 3.0  # seconds a job has to end by itself when the process stops
PAUSE = 5.0  # before the queue is taken up again after the database was away
LOCK = 0x726F6C65  # advisory lock while the tables are made


@dataclass(frozen=True, slots=True)
class Queue:
    """Runs the same duties as every other process with a queue on this database."""

    duties: tuple[Duty, ...]
    conninfo: str = field(repr=False)  # holds the password

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; a database that goes away is waited for."""
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # our own duties log
        while not stop.is_set():
            try:
                await self._work(stop)
            except (ConnectorException, psycopg.Error, OSError) as error:
                LOG.warning("the queue is away, tried again in %.0f s: %s", PAUSE, error)
            if not stop.is_set():
                await _slept(stop, PAUSE)

    async def _work(self, stop: asyncio.Event) -> None:
        """Take jobs until `stop` is set or the database goes away."""
        schema = await prepared(self.conninfo)
        async with _opened(self.conninfo, schema) as app:
            for duty in self.duties:
                _add_duty(app, duty)
            _add_rescue(app)
            workers = [
                asyncio.create_task(_worker(app, TURNS, len(self.duties) + 1)),
                asyncio.create_task(_worker(app, PORTALS, PORTALS_AT_ONCE)),
            ]
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({*workers, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in (*workers, stopping):
                task.cancel()
            ended = await asyncio.gather(*workers, stopping, return_exceptions=True)
        for one in ended:
            if isinstance(one, Exception) and not stop.is_set():
                raise one


async def _worker(app: App, queue: str, at_once: int) -> None:
    await app.run_worker_async(
        queues=[queue],
        concurrency=at_once,
        install_signal_handlers=False,
        delete_jobs=DeleteJobCondition.ALWAYS,
        update_heartbeat_interval=HEARTBEAT,
        stalled_worker_timeout=STALLED,
        shutdown_graceful_timeout=GRACE,
    )


def _add_duty(app: App, duty: Duty) -> None:
    """A turn that looks what is due, and a job per portal that is; one of each at a time."""
    name = f"turn:{duty.name}"

    @app.task(name=f"portal:{duty.name}", queue=PORTALS)
    async def portal(key: str) -> None:
        await done(duty, key)

    @app.periodic(cron=cron_of(duty.every), periodic_id="")
    @app.task(name=name, queue=TURNS, lock=name, queueing_lock=name)
    async def turn(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
        for key in await due_keys(duty) or ():
            if key in ALL:
                await done(duty, key)
                continue
            lock = f"{duty.name}:{key}"
            try:
                await portal.configure(lock=lock, queueing_lock=lock).defer_async(key=key)
            except AlreadyEnqueued:
                continue  # it waits behind the one under way


def _add_rescue(app: App) -> None:
    """Frees what killed processes held. It has no lock: nobody could free its own."""

    @app.periodic(cron=cron_of(RESCUE_EVERY), periodic_id="")
    @app.task(name="rescue", queue=TURNS, queueing_lock="rescue")
    async def rescue(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            LOG.info("%s of a process that is gone is taken over", job.lock or job.task_name)
            await _freed(app, job)


async def _freed(app: App, job: Job) -> None:
    """To be taken again; where the same waits in the queue already, this one is dropped."""
    try:
        await app.job_manager.retry_job(job)
    except UniqueViolation:
        await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)


@asynccontextmanager
async def _opened(conninfo: str, schema: str) -> AsyncIterator[App]:
    connector = PsycopgConnector(
        conninfo=conninfo,
        kwargs={"options": f"-c search_path={schema}"},
        min_size=1,
        max_size=4,
    )
    app = App(connector=connector)
    async with app.open_async():
        yield app


def schema_name() -> str:
    """Where the queue's tables lie: another version of them gets another place.

    During an upgrade old and new processes each have their own queue; leases keep them apart.
    """
    version = hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()[:8]
    return f"rolecall_queue_{version}"


async def prepared(conninfo: str) -> str:
    """Make the queue's tables where they are missing; gives the schema they lie in."""
    name = schema_name()
    try:
        async with await psycopg.AsyncConnection.connect(conninfo) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            table = await connection.execute(
                "SELECT to_regclass(%s)", [f"{name}.procrastinate_jobs"]
            )
            if await table.fetchone() == (None,):
                await _make_tables(connection, name)
    except psycopg.errors.InsufficientPrivilege as error:
        raise NeedsPerson(
            f"The database user may not make the schema {name} for the queue",
            hint="GRANT CREATE ON DATABASE rolecall TO that user, or make the schema for it",
        ) from error
    return name


async def _make_tables(connection: psycopg.AsyncConnection, name: str) -> None:
    """In a schema of their own; one that was made for us beforehand is taken."""
    schema = sql.Identifier(name)
    there = await connection.execute("SELECT to_regnamespace(%s)", [name])
    if await there.fetchone() == (None,):
        await connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
    await connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(schema))
    await connection.execute(SchemaManager.get_schema())


def cron_of(seconds: float) -> str:
    """An interval as cron understands it, seconds in the sixth field; it must divide the hour."""
    whole = int(seconds)
    if whole < 60:
        return f"* * * * * */{whole}"
    return f"*/{whole // 60} * * * *" if whole < 3600 else "0 * * * *"


async def _slept(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, but not beyond `stop`."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
