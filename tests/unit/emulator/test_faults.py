"""The schedule of faults: what strikes whom, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubspot_emulator.faults import FAULTS, Faults

ANNA = frozenset({"anna@acme.test", "7"})


def strikes(
    faults: Faults, subjects: frozenset[str] = ANNA, operation: str = "users.update"
) -> int:
    """How many faults strike one request."""
    return len(faults.due((operation,), subjects, 1))


class TestSchedule:
    @pytest.mark.parametrize("kind", [one.name for one in FAULTS])
    def test_every_kind_has_a_default_phase(self, kind: str) -> None:
        """Each documented kind can be scheduled by name alone."""
        fault = Faults().schedule(kind=kind)

        assert fault.phase in ("before", "after_commit", "standing")

    @pytest.mark.parametrize(
        "wish",
        [
            {"kind": "nothing"},
            {"kind": "cut", "phase": "after_commit"},
            {"kind": "cut", "seconds": 3},
            {},
        ],
    )
    def test_wrong_wishes(self, wish: dict[str, object]) -> None:
        """Unknown kinds, phases and parameters are refused."""
        with pytest.raises(ValueError, match="fault"):
            Faults().schedule(**wish)


class TestDue:
    @given(attempts=st.sets(st.integers(1, 12), min_size=1), calls=st.integers(1, 12))
    def test_attempts_are_counted_per_subject(self, attempts: set[int], calls: int) -> None:
        """Exactly the named attempts of a subject are struck, whatever others do between."""
        faults = Faults()
        faults.schedule(kind="500_json", attempts=sorted(attempts))
        struck = []
        for attempt in range(1, calls + 1):
            strikes(faults, frozenset({"somebody else"}))
            if strikes(faults):
                struck.append(attempt)

        assert struck == sorted(one for one in attempts if one <= calls)

    @given(times=st.integers(1, 5), calls=st.integers(0, 10))
    def test_times_end_it(self, times: int, calls: int) -> None:
        """A fault strikes at most `times` times."""
        faults = Faults()
        faults.schedule(kind="500_json", times=times)

        assert sum(strikes(faults) for _ in range(calls)) == min(times, calls)

    def test_other_portals_and_operations_are_spared(self) -> None:
        """Portal, operation and subject must all match."""
        faults = Faults()
        faults.schedule(kind="500_json", operation="users.*", subject="ANNA@acme.test", portal=1)

        assert strikes(faults) == 1
        assert strikes(faults, operation="teams.list") == 0
        assert strikes(faults, frozenset({"8"})) == 0
        assert faults.due(("users.update",), ANNA, 2) == []
