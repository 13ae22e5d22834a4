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
    """What a use case calls with each step; a person at a terminal sees it move."""
    if quiet or not progress_wanted():
        yield _plain if not quiet else _nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _Bars(bars).step


class _Bars:
    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def step(self, step: Step) -> None:
        """Move the bar of one part."""
        task = self._tasks.get(step.part)
        if task is None:
            task = self._tasks[step.part] = self._bars.add_task(step.part, total=None, note="")
        total = step.done if step.finished else step.total
        self._bars.update(task, completed=step.done, total=total, note=step.note)


def _plain(step: Step) -> None:
    """Without a terminal: a line per part that is done, and what a person must know meanwhile."""
    if step.note and not step.done:
        say(f"  {step.part}: {step.note}")
    elif step.finished:
        say(f"  {step.part}: {step.done}")


def _nothing(_: Step) -> None:
    """`--quiet`."""
