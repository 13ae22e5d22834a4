"""What can be wrong with the store, sorted by what the caller must do.

Retryable    StoreBusy, StoreUnreachable
NeedsPerson  DiskFull, HomeUnwritable, SchemaTooNew, KeyFileUnsafe, KeyMissing
Refused      AlreadyThere, NotThere, OutOfDate
Broken       StoreDamaged, StoreFault
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from rolecall.kit.errors import (
    AlreadyThere,
    Broken,
    NeedsPerson,
    NotThere,
    OutOfDate,
    Retryable,
    RolecallError,
)

__all__ = [
    "AlreadyThere",
    "DiskFull",
    "HomeUnwritable",
    "KeyFileUnsafe",
    "KeyMissing",
    "NotThere",
    "OutOfDate",
    "SchemaTooNew",
    "StoreBusy",
    "StoreDamaged",
    "StoreFault",
    "StoreUnreachable",
    "explained",
    "explaining",
]


class StoreBusy(Retryable):
    """Somebody else is writing to the database for too long."""


class StoreUnreachable(Retryable):
    """The database server does not answer."""


class DiskFull(NeedsPerson):
    """The disk under the database is full; nothing was half written."""


class HomeUnwritable(NeedsPerson):
    """The database cannot be opened or written where it lies."""


class SchemaTooNew(NeedsPerson):
    """The database was written by a newer Rolecall."""


class KeyFileUnsafe(NeedsPerson):
    """The key file is missing, damaged, or readable by others."""


class KeyMissing(NeedsPerson):
    """A value is encrypted with a key this key file does not hold."""


class StoreDamaged(Broken):
    """The database file is damaged, or not a database."""


class StoreFault(Broken):
    """The database refused a statement; a bug of ours."""


# First match wins; texts are SQLite's own (sqlite3.h) and PostgreSQL's error names.
_SIGNS: tuple[tuple[str, type[RolecallError], str, str], ...] = (
    (
        "locked",
        StoreBusy,
        "The database {place} is busy",
        "another process is writing to it; nothing is lost, try again in a moment",
    ),
    ("locknotavailable", StoreBusy, "The database {place} is busy", "try again"),
    (
        "disk is full",
        DiskFull,
        "The disk under {place} is full",
        "free some space and try again; nothing was half written",
    ),
    ("diskfull", DiskFull, "The disk under {place} is full", "free some space and try again"),
    (
        "disk i/o error",
        DiskFull,
        "The disk under {place} cannot be read or written",
        "check the disk and its free space, then try again",
    ),
    (
        "unable to open",
        HomeUnwritable,
        "The database {place} cannot be opened",
        "check that the directory exists and is yours, or set ROLECALL_HOME",
    ),
    (
        "readonly",
        HomeUnwritable,
        "The database {place} cannot be written",
        "check the owner and mode of the file and its directory, or set ROLECALL_HOME",
    ),
    (
        "not a database",
        StoreDamaged,
        "{place} is not a Rolecall database",
        "restore it from a backup, or move it away to start anew",
    ),
    (
        "malformed",
        StoreDamaged,
        "The database {place} is damaged",
        "restore it from a backup; `sqlite3 FILE .recover` may save the rest",
    ),
)
_AWAY = ("connection", "adminshutdown", "cannotconnect", "server closed", "could not translate")


def explained(error: Exception, place: str) -> RolecallError:
    """The clear error for a driver's error; `place` names the database without its password."""
    if isinstance(error, PoolTimeout):
        return StoreBusy(f"The database {place} is busy", hint="try again in a moment")
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    told = f"{type(cause).__name__} {cause}".lower()
    for sign, kind, message, hint in _SIGNS:
        if sign in told:
            return kind(message.format(place=place), hint=hint)
    if any(sign in told for sign in _AWAY):
        hint = "check ROLECALL_DATABASE_URL and that the server runs"
        return StoreUnreachable(f"The database {place} does not answer: {cause}", hint=hint)
    return StoreFault(f"The database {place} refused a statement: {cause}")


@contextmanager
def explaining(place: str) -> Iterator[None]:
    """Driver errors leave this block as errors of this module."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        raise explained(error, place) from error
