"""Progress on a terminal: one bar per part of the portal, on stderr; plain lines without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rolecall.cli.output import progress_wanted, say

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from rolecall.sync.ports import Progress, Step


@contextmanager
def shown_progress(*, quiet: bool = False) -> Iterator[Progress]:
    """What a use case calls with each step; a person at a terminal sees it move.

    `quiet`: nothing where nobody watches, for answers that programs read.
    """
    if not progress_wanted():
        yield nothing if quiet else _Lines().step
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[count]}"),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _Bars(bars).step


class _Bars:
    """A bar per part; one for waiting goes away when something moves again."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._waiting: TaskID | None = None

    def step(self, step: Step) -> None:
        """Move the bar of one part."""
        total = step.done if step.finished else step.total
        self._bars.update(
            self._task_of(step),
            completed=step.done,
            total=total,
            count=_count(step),
            note=_note(step),
        )

    def _task_of(self, step: Step) -> TaskID:
        if self._waiting is not None:
            self._bars.remove_task(self._waiting)
            self._waiting = None
        if step.wait:
            self._waiting = self._bars.add_task(step.part, total=None, count="", note="")
            return self._waiting
        if step.part not in self._tasks:
            self._tasks[step.part] = self._bars.add_task(step.part, total=None, count="", note="")
        return self._tasks[step.part]


def _count(step: Step) -> str:
    if step.total and not step.finished:
        return f"{step.done:,}/{step.total:,}"
    return f"{step.done:,}" if step.done or step.finished else ""


def _note(step: Step) -> str:
    return f"{step.note}, {step.wait:.0f} s" if step.wait else step.note


class _Lines:
    """Without a terminal: a line per part that is done, and what a person must know meanwhile."""

    def __init__(self) -> None:
        self._waits: set[str] = set()

    def step(self, step: Step) -> None:
        """Tell a part that is done, and each reason to wait once until something is done."""
        if step.wait:
            if step.note not in self._waits:
                say(f"  {step.part}: {_note(step)}")
            self._waits.add(step.note)
        elif step.note and not step.done:
            say(f"  {step.part}: {step.note}")
        elif step.finished:
            say(f"  {step.part}: {step.done:,}")
            self._waits.clear()


def nothing(_: Step) -> None:
    """Nobody watches."""
