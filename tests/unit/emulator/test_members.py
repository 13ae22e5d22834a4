"""Members of a portal in order, and paging over them."""

from __future__ import annotations

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from hubspot_emulator.members import Members

IDS = st.integers(1, 500)


@given(steps=st.lists(st.tuples(st.sampled_from(["put", "drop", "pop", "update"]), IDS)), after=IDS)
def test_order_holds_whatever_happens(steps: list[tuple[str, int]], after: int) -> None:
    """After any changes the ids beyond a cursor come ascending, each once."""
    members: Members[str] = Members()
    for verb, key in steps:
        if verb == "put":
            members[key] = "x"
        elif verb == "update":
            members.update({key: "x"})
        elif key in members:
            members.take_out(key) if verb == "drop" else members.pop(key)
        list(members.following(0))

    assert list(members.following(after)) == sorted(key for key in members if key > after)


@given(ids=st.sets(IDS), size=st.integers(1, 50), gone=st.sets(IDS))
def test_paging_survives_removals(ids: set[int], size: int, gone: set[int]) -> None:
    """Whoever stays is seen exactly once, however many leave between two pages."""
    members: Members[str] = Members()
    for one in ids:
        members[one] = "x"
    seen: list[int] = []
    while page := list(islice(members.following(seen[-1] if seen else 0), size)):
        seen += page
        for one in gone & set(members):
            if one > page[-1]:
                del members[one]

    assert seen == sorted(set(seen))
    assert ids - gone <= set(seen) <= ids
