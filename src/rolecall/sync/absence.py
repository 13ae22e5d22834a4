"""Proves who is gone: a list never does, only HubSpot's 404 by id and by e-mail does.

Whoever the list left out and who is there after all shows that the list was cut short.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rolecall.domain.snapshot import RecordOwner, Snapshot, User
from rolecall.hubspot import Reader
from rolecall.hubspot.wire import User as Listed

# Proofs asked for at the same time; the client's limiter paces them beyond that.
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Suspect:
    """Somebody who should be in the list and is not."""

    user_id: str
    email: str


@dataclass(frozen=True, slots=True)
class Proofs:
    """`gone` by 404, `present` although not listed, `open` beyond the bound."""

    gone: frozenset[str] = frozenset()
    present: tuple[Listed, ...] = ()
    open: tuple[Suspect, ...] = ()


def suspects(
    before: Snapshot | None, listed: Iterable[str], owners: Sequence[RecordOwner]
) -> tuple[Suspect, ...]:
    """Who was there before, or owns records as an active user, and is not listed now.

    A first sync has no picture before; active owners take its place.
    """
    there = set(listed)
    found: dict[str, Suspect] = {}
    for user in before.users if before else ():
        if user.present and user.id not in there:
            found[user.id] = Suspect(user.id, user.email)
    known_gone = {user.id for user in before.users if not user.present} if before else set()
    for owner in owners:
        wanted = not owner.archived and not owner.queue and owner.user_id is not None
        if wanted and owner.user_id not in there and owner.user_id not in known_gone:
            assert owner.user_id is not None
            found.setdefault(owner.user_id, Suspect(owner.user_id, owner.email))
    return tuple(found.values())


async def prove(reader: Reader, found: Sequence[Suspect], bound: int | None) -> Proofs:
    """Ask for each suspect; none of them when there are more than `bound` (None = no bound)."""
    if bound is not None and len(found) > bound:
        return Proofs(open=tuple(found))
    gone: set[str] = set()
    present: list[Listed] = []
    for start in range(0, len(found), AT_ONCE):
        batch = found[start : start + AT_ONCE]
        answers = await asyncio.gather(*(_ask(reader, one) for one in batch))
        for suspect, answer in zip(batch, answers, strict=True):
            if answer is None or answer.id != suspect.user_id:
                gone.add(suspect.user_id)
            if answer is not None:
                present.append(answer)
    return Proofs(frozenset(gone), tuple(present))


async def _ask(reader: Reader, suspect: Suspect) -> Listed | None:
    """The user by id, else by e-mail; None only when HubSpot says 404 to both."""
    found = await reader.user(suspect.user_id)
    if found is None and suspect.email:
        found = await reader.user_by_email(suspect.email)
    return found


def gone_users(before: Snapshot | None, proofs: Proofs) -> tuple[User, ...]:
    """Those proved gone, as they were before."""
    return tuple(user for user in before.users if user.id in proofs.gone) if before else ()


def left_open(before: Snapshot | None, proofs: Proofs) -> tuple[User, ...]:
    """Those nobody proved anything about, as they were before."""
    ids = {one.user_id for one in proofs.open}
    return tuple(user for user in before.users if user.id in ids) if before else ()
