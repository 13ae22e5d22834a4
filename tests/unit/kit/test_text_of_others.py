"""Text written by others on its way to a terminal, a log, an error or a spreadsheet."""

from __future__ import annotations

import json
import logging
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.kit.logs import JsonLine
from rolecall.kit.redact import redacted
from rolecall.kit.visible import on_one_line, visible, visible_in_json
from rolecall.signin.bearer import new_secret

# Text that forges: clears the screen, colours, retitles the window, hides what follows.
FORGING = ("\x1b[2J\x1b[31mroot", "\x9b31mroot", "\x1b]0;title\x07", "a\rb", "abc\u202edcba")


@given(st.text())
def test_no_text_steers_a_terminal(text: str) -> None:
    """Of control characters only line ends and tabs pass; what is no control character stays."""
    shown = visible(text)
    controls = [c for c in shown if unicodedata.category(c) == "Cc" and c not in "\n\t"]

    assert [] == controls
    plain = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp"))
    assert [c for c in plain if c not in shown] == []


@pytest.mark.parametrize("text", FORGING)
def test_what_forges_is_written_out(text: str) -> None:
    """One sees that something was there."""
    assert "\\x" in visible(text) or "\\u" in visible(text) or "\\r" in visible(text)
    assert "\n" not in on_one_line(f"{text}\nerror: none")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("token pat-na1-1234-abcd failed", "token pat-na1-*** failed"),
        ("Authorization: Bearer CJSP5qf1KhICAQ", "Authorization: Bearer ***"),
        ('{"refresh_token":"abc-def"}', '{"refresh_token":"***"}'),
        ("postgresql://rolecall:p@ss:w0rd@db/x", "postgresql://rolecall:***@db/x"),
        ("https://hooks.slack.com/services/T0/B0/xyz refused", "https://hooks.slack.com/*** refused"),
        ("GET /link?t=rcl_abcdefghijklmnop1234 404", "GET /link?t=rcl_*** 404"),
        ("an arc_of_light_and_nothing_secret", "an arc_of_light_and_nothing_secret"),
    ],
)  # fmt: skip
def test_credentials_are_struck_out(text: str, kept: str) -> None:
    """HubSpot's, our own, and those in addresses; the words around them stay."""
    assert kept == redacted(text)


@pytest.mark.parametrize("kind", ["rct", "rcs", "rcl", "rcw"])
def test_every_secret_we_make_is_recognised(kind: str) -> None:
    """Tokens, sessions, links and signing secrets, whatever their random part is."""
    secret = new_secret(kind)

    assert secret not in redacted(f"{secret} and ({secret})")


@given(st.text())
def test_json_on_a_terminal_stays_json(text: str) -> None:
    """What is escaped for the terminal reads the same; nothing steers."""
    told = visible_in_json(json.dumps(text, ensure_ascii=False))

    assert text == json.loads(told)
    assert told == visible(told)


def test_a_log_line_is_one_line_without_credentials() -> None:
    """Messages, arguments and tracebacks alike; the line stays JSON whatever is struck out."""
    try:
        raise ValueError("Bearer abcdefgh\x1b[2J")
    except ValueError as error:
        record = logging.LogRecord(
            "rolecall.web", logging.ERROR, "", 1, "%s failed\nforged: \"password=abc\" \x9b31m %s",
            ("pat-eu1-12345", '{"access_token":"abc"}'), (ValueError, error, error.__traceback__),
        )  # fmt: skip
    line = JsonLine().format(record)
    told = json.loads(line)

    assert 1 == len(line.splitlines())
    assert told["message"].startswith("pat-eu1-*** failed")
    assert "abc" not in line.replace("\\x1b", "")
    assert line == visible(line)
