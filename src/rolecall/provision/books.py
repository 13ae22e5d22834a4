"""The journal of one run, as a Protocol: what is written down, and when, around every write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from rolecall.domain.plan import Effect, ManualTask, PlanState, Receipt
from rolecall.provision.settle import Judged


class Books(Protocol):
    """Durable when each call returns; every act writes its audit line in the same transaction."""

    async def state(self) -> PlanState:
        """Where the plan stands now: a person may have paused or cancelled it."""
        ...

    async def effects(self) -> tuple[Effect, ...]:
        """All effects of the plan, in order, as journaled."""
        ...

    async def receipts(self) -> tuple[Receipt, ...]:
        """What became of the changes so far, attempt by attempt."""
        ...

    async def sending(
        self, effect: Effect, fingerprint: str, observed: Mapping[str, str]
    ) -> Effect:
        """Write down that the effect is about to be sent; the attempt counts from here.

        `observed` is kept from the first attempt only: it is what undo and recovery go by.
        """
        ...

    async def settled(
        self,
        effect: Effect,
        judged: Sequence[Judged],
        *,
        correlation_id: str = "",
        effective_at: datetime | None = None,
        tasks: Sequence[ManualTask] = (),
        subject_id: str | None = None,
    ) -> None:
        """Write a receipt per change and settle the effect, in one transaction.

        `subject_id` is the id of what was created; later effects of the subject get it.
        """
        ...

    async def waiting(
        self, effect: Effect, until: datetime | None, why: str, *, unsent: bool = False
    ) -> None:
        """Put the effect off: until a time, or until a person has acted (None).

        `unsent`: take back the attempt written down last, it was refused at the door.
        """
        ...
