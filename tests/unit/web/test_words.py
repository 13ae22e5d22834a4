"""Values as people read them on a page."""

from __future__ import annotations

import pytest

from rolecall.web.words import browser, cell, field_word, hint_here, sentence, source_word

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Safari/537.36"
)
EDGE = CHROME.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64") + " Edg/156.0.0.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("told", "about"),
    [
        ("Chrome on Linux, 127.0.0.1", f"{CHROME}, 127.0.0.1"),
        ("Edge on Windows, ::1", f"{EDGE}, ::1"),
        ("Safari on iPhone, 10.0.0.7", f"{IPHONE}, 10.0.0.7"),
        ("curl/8.5.0, 127.0.0.1", "curl/8.5.0, 127.0.0.1"),
        ("unknown browser", ""),
    ],
)
def test_a_browser_is_named(told: str, about: str) -> None:
    """By its name and system, however many others it claims to be; else by its own words."""
    assert told == browser(about)


@pytest.mark.parametrize(
    ("here", "hint"),
    [
        ("read it from HubSpot on the overview", "run `rolecall sync acme`"),
        ("", "see `rolecall plan list NAME`"),
        ("keep, revoke or reduce", "keep, revoke or reduce"),
    ],
)
def test_a_hint_never_sends_to_a_terminal(here: str, hint: str) -> None:
    """A command becomes the place to click, or nothing."""
    assert here == hint_here(hint)


def test_fields_are_words() -> None:
    """HubSpot's prefixes and our own spellings stay out of the page."""
    assert ("job title", "seats", "main team") == (
        field_word("hs_job_title"),
        field_word("seat_names"),
        field_word("main_team"),
    )
    assert ("a removal", "undo") == (source_word("user remove"), source_word("undo"))
    assert ("Two of three", "") == (sentence("two of three"), sentence(""))
    assert "kim@acme.test is gone" == sentence("kim@acme.test is gone")


def test_a_cell_is_short() -> None:
    """A moment without its seconds; nothing is a dash; zero is a number."""
    assert ("2026-06-30 12:00", "–", "0") == (cell("2026-06-30 12:00:00 UTC"), cell(None), cell(0))
