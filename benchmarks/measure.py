"""Runs commands as whole processes and compares them in pairs, so a drifting machine cancels out."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """What one process took: wall and CPU seconds, and its peak memory in MiB."""

    wall: float
    cpu: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result; `limit` None = reported only."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""

    @property
    def within(self) -> bool | None:
        """Whether the figure keeps its limit."""
        return None if self.limit is None else self.value <= self.limit


def run_once(command: Sequence[str], env: Mapping[str, str] | None = None) -> Spent:
    """Run a command to its end; its output is thrown away, a failure is an error."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 2}:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def paired(
    left: Sequence[str],
    right: Sequence[str],
    runs: int = 9,
    env: Mapping[str, str] | None = None,
    of: Callable[[Spent], float] = lambda spent: spent.wall,
) -> float:
    """Median of left/right over runs in turn, after one warm-up of each."""
    run_once(left, env)
    run_once(right, env)
    ratios = [of(run_once(left, env)) / of(run_once(right, env)) for _ in range(runs)]
    return statistics.median(ratios)
