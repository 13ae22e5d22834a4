"""Paths: every id stays one segment of the path, whatever is in it."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.hubspot import teams, users


class TestBelow:
    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
    def test_an_id_cannot_leave_its_segment(self, key: str) -> None:
        """Slashes, question marks and dots of an e-mail are data, not path."""
        path = users.READ.below((key,))

        assert path.count("/") == 1
        assert "?" not in path
        assert "#" not in path
        assert key == unquote(path[1:])

    def test_two_ids_fill_two_holes(self) -> None:
        """Ids go in order."""
        assert teams.REMOVE_MEMBER.below(("7", "9")) == "/7/members/9"

    def test_a_forgotten_id_is_our_bug(self) -> None:
        """Too few ids are refused before anything is sent."""
        with pytest.raises(ValueError, match="zip"):
            users.READ.below(())
