"""Runs commands as whole processes and compares them in pairs, so a drifting machine cancels out."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Python keeps what it compiled, unless a machine is set not to; then every start of a command would
# compile all of Rolecall again, which is no part of what it does.
KEPT_OFF = "PYTHONDONTWRITEBYTECODE"
ROLECALL = str(Path(sys.executable).with_name("rolecall"))


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
    return run_for_output(command, env)[0]


def run_for_json(command: Sequence[str], env: Mapping[str, str] | None = None) -> tuple[Spent, Any]:
    """Run a command that prints one JSON value; what it took, and the value."""
    spent, told = run_for_output(command, env)
    return spent, json.loads(told)


def run_for_output(
    command: Sequence[str], env: Mapping[str, str] | None = None
) -> tuple[Spent, bytes]:
    """Run a command to its end; what it took, and what it printed. A failure is an error."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=as_people_run_it(env),
    )
    assert process.stdout is not None
    with process.stdout as stdout:
        told = stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 2}:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), told


def as_people_run_it(env: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of a measured process."""
    whole = {**os.environ, **(env or {})}
    whole.pop(KEPT_OFF, None)
    return whole


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


def cpu_of(pid: int) -> float:
    """CPU seconds a running process has used; 0.0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
