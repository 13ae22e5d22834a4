"""Requests sent again: what was answered under a key, so that a repeat is not a second act.

Who asks is named by a hash of their credential: the key is looked up before anybody is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rolecall.services.app import App

KEPT = timedelta(hours=24)
Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """What a key was answered before; status 0 = it is being answered right now."""

    fingerprint: str
    status: int
    headers: tuple[Header, ...]
    body: str


async def claim_key(app: App, owner: str, key: str, fingerprint: str) -> EarlierAnswer | None:
    """Take a key for a request; the earlier answer when it is taken already."""
    now = app.clock.now()
    async with app.database.work() as work:
        await work.answers.forget(now - KEPT)
        before = await work.answers.claim(owner, key, fingerprint, now)
    if before is None:
        return None
    return EarlierAnswer(before.fingerprint, before.status, before.headers, before.body)


async def keep_answer(
    app: App, owner: str, key: str, status: int, headers: Sequence[Header], body: str
) -> None:
    """Remember what was answered under a key."""
    async with app.database.work() as work:
        await work.answers.keep(owner, key, status, list(headers), body)


async def release_key(app: App, owner: str, key: str) -> None:
    """Give a key free: nothing was done under it, so the request may be mended and sent again."""
    async with app.database.work() as work:
        await work.answers.release(owner, key)
