"""What a plan costs in requests."""

from __future__ import annotations

import pytest

from rolecall.domain.plan import Change, ChangeKind, Effect, Phase, Route
from rolecall.plan.effects import requests_of


@pytest.mark.parametrize(("records", "requests"), [(0, 1), (100, 3), (1_000, 16), (100_000, 1_501)])
def test_a_hand_over_counts_its_pages_and_batches(records: int, requests: int) -> None:
    """200 records a search page, 100 a batch, and one search that finds nothing left."""
    change = Change(
        "1",
        ChangeKind.HAND_OVER,
        "user",
        "ben@acme.test",
        "7",
        "70",
        "80",
        "leaves",
        Phase.PREPARE,
        details={"object_type": "deals", "records": str(records)},
    )
    effect = Effect("p:1", "p", 1, 1, Phase.PREPARE, Route.HAND_OVER, "user", "b", "7", ("1",))

    assert requests == requests_of((effect,), (change,))
