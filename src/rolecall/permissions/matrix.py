"""Users x permissions as rows and as CSV, streamed; equal access is written once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from rolecall.domain.snapshot import User
from rolecall.kit.cells import unformulated
from rolecall.permissions.access import Access, Resolver
from rolecall.permissions.levels import NONE, Range

UNKNOWN = "?"
_LEAD = ("user id", "email", "first name", "last name", "state", "permission sets", "seats")
LEAD = len(_LEAD)  # columns before the first permission


def header(resolver: Resolver, permissions: Sequence[str] | None = None) -> tuple[str, ...]:
    """Column names: who it is, then one column per permission id, then the evidence."""
    ids = permissions or tuple(resolver.catalogue.permissions)
    return (*_LEAD, *ids, "evidence", "as of")


def rows(
    resolver: Resolver, users: Iterable[User], permissions: Sequence[str] | None = None
) -> Iterator[tuple[str, ...]]:
    """One row per user in the order of `header`; a half-known level is written `own?`."""
    ids = permissions or tuple(resolver.catalogue.permissions)
    written: dict[int, tuple[str, ...]] = {}
    for user in users:
        access = resolver.access_of(user)
        cells = written.get(id(access))
        if cells is None:
            cells = written[id(access)] = _cells(access, ids)
        yield (*_who(resolver, user), *cells)


def csv_lines(
    resolver: Resolver, users: Iterable[User], permissions: Sequence[str] | None = None
) -> Iterator[str]:
    """The matrix as CSV text, one line at a time; no cell is ever a formula."""
    ids = permissions or tuple(resolver.catalogue.permissions)
    yield _line(header(resolver, permissions))
    written: dict[int, str] = {}
    for user in users:
        access = resolver.access_of(user)
        tail = written.get(id(access))
        if tail is None:
            tail = written[id(access)] = _line(_cells(access, ids))
        yield f"{_line(_who(resolver, user))[:-2]},{tail}"


def shown(held: Range) -> str:
    """A range as one cell: the level, empty for none, `?` for unknown, `own?` for at least."""
    if held.known:
        return held.low
    return f"{held.low}{UNKNOWN}" if held.low != NONE else UNKNOWN


def _who(resolver: Resolver, user: User) -> tuple[str, ...]:
    sets = "; ".join(resolver.names.get(one, one) for one in user.permission_set_ids)
    seats = UNKNOWN if user.seat_names is None else "; ".join(user.seat_names)
    names = (user.first_name, user.last_name)
    return (
        user.id,
        *map(unformulated, (user.email, *names)),
        user.state,
        unformulated(sets),
        seats,
    )


def _cells(access: Access, ids: Sequence[str]) -> tuple[str, ...]:
    given = access.given
    evidence = "; ".join(given.sources) or str(given.ground)
    as_of = "" if given.as_of is None else f"{given.as_of:%Y-%m-%d}"
    return (*(shown(access.of(one)) for one in ids), unformulated(evidence), as_of)


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
