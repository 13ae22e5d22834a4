"""Display properties are found by label, whatever a portal calls them inside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubspot_emulator.crm.display import display_definitions, display_names
from rolecall.hubspot.wire import Property
from rolecall.reading import DisplayProperties, discover, wanted_properties


class TestDiscover:
    @pytest.mark.parametrize("style", range(4))
    def test_every_style_of_internal_names_is_found(self, style: int) -> None:
        """The labels are HubSpot's, the names are the portal's."""
        told = [Property(found.name, found.label) for found in display_definitions(style)]

        assert set(discover(told).names) == display_names(style)

    def test_hubspots_own_wins_over_a_homemade_one(self) -> None:
        """Somebody's custom property called Seat is not the seat."""
        told = [Property("seat", "Seat"), Property("hs_x", "SEAT ")]

        assert discover(told).seat == "hs_x"

    def test_archived_properties_do_not_count(self) -> None:
        """What HubSpot retired is not asked for."""
        assert discover([Property("hs_seat", "Seat", archived=True)]) == DisplayProperties()

    @given(st.lists(st.builds(Property, st.text(min_size=1, max_size=8), st.text(max_size=8))))
    def test_no_schema_breaks_it(self, told: list[Property]) -> None:
        """Only names that exist are ever asked for, each once."""
        wanted = wanted_properties(told, discover(told), ["jobtitle"])

        assert set(wanted) <= {found.name for found in told}
        assert len(wanted) == len(set(wanted))
