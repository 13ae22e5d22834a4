"""Effects that send nothing: explicit no-ops, and what is handed to a person as a manual task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rolecall.domain.plan import Change, ChangeKind, Effect, ManualTask, Outcome
from rolecall.provision.effect import Carried
from rolecall.provision.ports import Desk
from rolecall.provision.settle import Judged

TaskMaker = Callable[[Change], ManualTask]


async def leave_as_is(desk: Desk, effect: Effect, changes: tuple[Change, ...]) -> Carried:
    """A line that changes nothing at HubSpot: an explicit no-op, or parking, a state of our own."""
    judged = tuple(Judged(change, _outcome(change)) for change in changes)
    await desk.books.settled(effect, judged)
    return Carried(judged, effect.subject_id)


def _outcome(change: Change) -> Outcome:
    return Outcome.DONE if change.kind is ChangeKind.PARK else Outcome.ALREADY


@dataclass(frozen=True, slots=True)
class HandOut:
    """Gives each manual change to a person as a task; its proof closes it later."""

    task_of: TaskMaker

    async def __call__(self, desk: Desk, effect: Effect, changes: tuple[Change, ...]) -> Carried:
        """One task per change; the receipt says that a person is waited for."""
        tasks = [self.task_of(change) for change in changes]
        judged = tuple(
            Judged(change, Outcome.WAITING, f"task {task.id}: {task.title}")
            for change, task in zip(changes, tasks, strict=True)
        )
        await desk.books.settled(effect, judged, tasks=tasks)
        return Carried(judged, effect.subject_id)
