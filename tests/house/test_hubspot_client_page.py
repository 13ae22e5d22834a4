"""docs/hubspot-client.md is what the client does."""

from __future__ import annotations

from scripts.hubspot_client_page import PAGE, page


def test_page_is_up_to_date() -> None:
    """The tables are those of the code; `python scripts/hubspot_client_page.py` renews them."""
    text = PAGE.read_text(encoding="utf-8")

    assert page(text) == text
