"""Applies a plan as a process of its own, and kills itself at the moment it was told to.

python -m tests.support.apply_worker HOME DATABASE_URL PLAN_ID [KILL_AT]
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from rolecall.bootstrap import open_app
from rolecall.domain.actor import local_actor
from rolecall.provision.ports import Moment
from rolecall.services.plans.applying import Watching, apply_plan
from rolecall.settings import Settings
from tests.support.house import QUICK


class Killer:
    """Counts moments; at the wanted one the process is gone without a word."""

    def __init__(self, kill_at: int) -> None:
        self.kill_at = kill_at
        self.seen = 0

    def __call__(self, moment: Moment) -> None:
        """SIGKILL cannot be caught: nothing is cleaned up."""
        self.seen += 1
        if self.seen == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(home: str, database_url: str, plan_id: str, kill_at: str = "0") -> None:
    """Apply to the end, or to the killing."""
    killer = Killer(int(kill_at))
    settings = Settings(home=Path(home), database_url=database_url)
    async with open_app(settings) as app:
        watching = Watching(moment=killer, patience=QUICK)
        applied = await apply_plan(app, local_actor("ada"), plan_id, watching=watching)
    print(applied.state.value, killer.seen, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
