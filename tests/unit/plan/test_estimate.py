"""What a plan costs in requests."""

from __future__ import annotations

import pytest

from rolecall.domain.plan import Change, ChangeKind, Effect, Phase, Route
from rolecall.plan.effects import requests_of


@pytest.mark.parametrize(("records", "requests"), [(0, 1), (100, 3), (1_000, 16), (100_000, 1_501)])
def test_a_hand_over_counts_its_pages_and_batches(records: int, requests: int) -> None:
    """200 records a search page, 100 a batch, and one search that finds nothing left."""
    assert requests == _requests(records)


@pytest.mark.parametrize(("records", "requests"), [(100, 2), (1_000, 20), (20_000, 400)])
def test_its_way_back_looks_at_every_batch(records: int, requests: int) -> None:
    """The records are known, and each hundred is read before it is given back."""
    assert requests == _requests(records, returns="p:1")


def _requests(records: int, **details: str) -> int:
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
        details={"object_type": "deals", "records": str(records), **details},
    )
    effect = Effect("p:1", "p", 1, 1, Phase.PREPARE, Route.HAND_OVER, "user", "b", "7", ("1",))

    return requests_of((effect,), (change,))
