"""Cursor paging: pages one after the other, fetched ahead while the caller works on the last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol, TypeVar

from rolecall.hubspot.connection import Connection
from rolecall.hubspot.operation import Operation
from rolecall.hubspot.wire import Paging
from rolecall.kit.paging import Page

Row = TypeVar("Row")
Item = TypeVar("Item", covariant=True)


class Envelope(Protocol[Item]):
    """What every page comes in."""

    @property
    def items(self) -> tuple[Item, ...]:
        """What the page holds."""
        ...

    @property
    def paging(self) -> Paging | None:
        """Where the next one starts."""
        ...

    @property
    def total(self) -> int | None:
        """How many there are on all pages, where told."""
        ...


async def pages(
    connection: Connection,
    operation: Operation[Envelope[Row]],
    *ids: str,
    query: Mapping[str, str] | None = None,
    limit: int,
    after: str | None = None,
    prefetch: int = 2,
    max_pages: int | None = None,
) -> AsyncIterator[Page[Row]]:
    """All pages from `after` on; never asks for more than `max_pages`.

    Up to `prefetch` pages wait ready while one more is fetched. A cursor that repeats ends in
    Unreadable instead of an endless loop.
    """
    asked = dict(query or {}, limit=str(limit))
    ready: asyncio.Queue[Page[Row] | BaseException | None] = asyncio.Queue(max(prefetch, 1))
    producer = asyncio.create_task(
        _produce(connection, operation, ids, asked, after, max_pages, ready)
    )
    try:
        while (page := await ready.get()) is not None:
            if isinstance(page, BaseException):
                raise page
            yield page
    finally:
        producer.cancel()
        # Not `await producer`: that would swallow a cancellation meant for us.
        await asyncio.wait([producer])


async def _produce(
    connection: Connection,
    operation: Operation[Envelope[Row]],
    ids: tuple[str, ...],
    query: dict[str, str],
    after: str | None,
    max_pages: int | None,
    ready: asyncio.Queue[Page[Row] | BaseException | None],
) -> None:
    fetched = 0
    asked: set[str | None] = {after}
    try:
        while True:
            if after is not None:
                query["after"] = after
            listed = await connection.call(operation, *ids, query=query)
            following = cursor(listed)
            if following is not None and following in asked:
                raise connection.unreadable(operation, f"the cursor {following!r} repeats")
            asked.add(following)
            await ready.put(Page(listed.items, following, listed.total))
            fetched += 1
            after = following
            if after is None or fetched == max_pages:
                break
    except Exception as error:  # noqa: BLE001  (raised again where the pages are read)
        await ready.put(error)
    else:
        await ready.put(None)


def cursor(listed: Envelope[Any]) -> str | None:
    """Where the next page starts; None on the last, whether `paging` is absent or empty."""
    if listed.paging is None or listed.paging.next is None:
        return None
    after = listed.paging.next.after
    return None if after in (None, "") else str(after)
