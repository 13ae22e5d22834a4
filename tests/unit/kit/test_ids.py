"""Identifiers that sort by time."""

from __future__ import annotations

import uuid

from rolecall.kit.ids import uuid7


def test_ids_of_one_process_sort_as_they_were_made() -> None:
    """Even ten thousand in a few milliseconds."""
    made = [uuid7() for _ in range(10_000)]

    assert sorted(made) == made
    assert len(made) == len(set(made))


def test_an_id_is_a_version_7_uuid_of_its_time() -> None:
    """The first 48 bits are the milliseconds."""
    made = uuid.UUID(uuid7(1_700_000_000_000))

    assert (7, 1_700_000_000_000) == (made.version, made.int >> 80)
    assert uuid.RFC_4122 == made.variant
