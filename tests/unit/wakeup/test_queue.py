"""What the queue makes of a duty's interval."""

from __future__ import annotations

import pytest

from rolecall.wakeup.queue import cron_of


@pytest.mark.parametrize(
    ("seconds", "cron"),
    [(5, "* * * * * */5"), (60, "*/1 * * * *"), (900, "*/15 * * * *"), (3600, "0 * * * *")],
)
def test_intervals_as_cron(seconds: float, cron: str) -> None:
    """Seconds stand in the sixth field."""
    assert cron == cron_of(seconds)
