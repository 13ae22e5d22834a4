"""Access requests by portal; a change of one that changed meanwhile is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    RowMapping,
    Select,
    Table,
    insert,
    or_,
    select,
    update,
)

from rolecall.domain.request import AccessRequest, RequestState
from rolecall.kit.paging import Page
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import NotThere, OutOfDate
from rolecall.store.rows import Repository
from rolecall.store.schema import Key, metadata, moment, text

REQUESTS = Table(
    "access_requests",
    metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    text("state"),
    text("requester_key"),
    text("subject_key"),
    text("profile"),
    moment("created_at"),
    moment("ends_at", nullable=True),
    Column("version", Integer, nullable=False),
    text("body"),
    Index("ix_access_requests_hub_id_state", "hub_id", "state"),
    Index("ix_access_requests_state", "state"),
)
UNFINISHED = frozenset({RequestState.OPEN, RequestState.APPROVED, RequestState.ACTIVE})


@dataclass(frozen=True, slots=True)
class RequestQuery:
    """Which requests, newest first; None = not limited."""

    hub_ids: frozenset[int] | None = None
    states: frozenset[RequestState] | None = None
    about: str | None = None  # requester or subject, by e-mail
    after: str | None = None
    limit: int = 100


class Requests(Repository):
    """Access requests; ids sort by time."""

    async def add(self, request: AccessRequest) -> None:
        """Keep a new request."""
        await self.connection.execute(insert(REQUESTS).values(**_row(request, 0)))

    async def get(self, request_id: str) -> AccessRequest:
        """One request; NotThere for an unknown id."""
        row = await self.one(select(REQUESTS).where(REQUESTS.c.id == request_id))
        if row is None:
            raise NotThere(f"There is no request {request_id}", hint="see `rolecall request list`")
        return _request(row)

    async def change(self, request: AccessRequest) -> AccessRequest:
        """Replace a request; OutOfDate when somebody changed it since it was read."""
        following = request.version + 1
        mine = (REQUESTS.c.id == request.id, REQUESTS.c.version == request.version)
        statement = update(REQUESTS).where(*mine).values(**_row(request, following))
        if await self.touched(statement) != 1:
            raise OutOfDate(
                f"Request {request.id} was answered or changed by somebody else meanwhile",
                hint="look at it again",
            )
        return replace(request, version=following)

    async def find(self, query: RequestQuery) -> Page[AccessRequest]:
        """One page of matching requests, newest first."""
        rows = await self.rows(_selected(query).limit(query.limit + 1))
        found = tuple(_request(row) for row in rows[: query.limit])
        return Page(found, found[-1].id if len(rows) > query.limit else None)

    async def unfinished(self) -> tuple[AccessRequest, ...]:
        """Every request time can still change, in every portal."""
        states = [state.value for state in UNFINISHED]
        found = select(REQUESTS).where(REQUESTS.c.state.in_(states)).order_by(REQUESTS.c.id)
        return tuple(_request(row) for row in await self.rows(found))


def _selected(query: RequestQuery) -> Select[tuple[object, ...]]:
    found: Select[tuple[object, ...]] = select(REQUESTS).order_by(REQUESTS.c.id.desc())
    if query.hub_ids is not None:
        found = found.where(REQUESTS.c.hub_id.in_(sorted(query.hub_ids)))
    if query.states is not None:
        found = found.where(REQUESTS.c.state.in_([state.value for state in query.states]))
    if query.about is not None:
        key = query.about.casefold()
        found = found.where(or_(REQUESTS.c.requester_key == key, REQUESTS.c.subject_key == key))
    if query.after is not None:
        found = found.where(REQUESTS.c.id < query.after)
    return found


def _row(request: AccessRequest, version: int) -> dict[str, object]:
    return {
        "id": request.id,
        "hub_id": request.hub_id,
        "state": request.state.value,
        "requester_key": request.requester.casefold(),
        "subject_key": request.subject.casefold(),
        "profile": request.profile,
        "created_at": request.created_at,
        "ends_at": request.ends_at,
        "version": version,
        "body": to_json(request),
    }


def _request(row: RowMapping) -> AccessRequest:
    return replace(from_json(row["body"], AccessRequest), version=row["version"])
