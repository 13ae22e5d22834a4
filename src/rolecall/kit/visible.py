"""Text of others on a terminal or in a log: what would steer the terminal is shown instead."""

from __future__ import annotations

import re

# C0 but for line ends and tabs, DEL, C1 (an 8-bit CSI is one character), and what turns the
# direction of writing: a name must not clear the screen, forge a line or hide what follows it.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LEFT_BY_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LINES = re.compile("[\n\t]")


def visible(text: str) -> str:
    """The text with every control character written out, line ends and tabs left as they are."""
    return _STEERING.sub(_written_out, text)


def on_one_line(text: str) -> str:
    """The same for a cell or a log line: line ends and tabs are written out too."""
    return _LINES.sub(_written_out, visible(text))


def visible_in_json(text: str) -> str:
    """JSON with what it need not escape and a terminal would obey escaped as well."""
    return _LEFT_BY_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return {10: "\\n", 9: "\\t", 13: "\\r"}.get(code) or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    )
