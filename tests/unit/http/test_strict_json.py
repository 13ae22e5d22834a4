"""Bodies before anybody parses them: refused or read, and never dear."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.http.strict_json import DEPTH, Unfit, checked

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
MANY = 2_000_000


@given(VALUES)
def test_plain_json_is_read(value: object) -> None:
    """Whatever brackets, quotes and backslashes its strings hold."""
    assert value == checked(json.dumps(value).encode())


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_depth_is_counted_outside_strings(opening: bytes) -> None:
    """32 levels are read, 33 are refused; brackets in a string are no levels."""
    closing = b"]" if opening == b"[" else b"}"
    checked(opening * DEPTH + b'"[[{"' + closing * DEPTH)

    with pytest.raises(Unfit, match="nested deeper"):
        checked(opening * (DEPTH + 1) + b"1" + closing * (DEPTH + 1))


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * MANY,
        b'"' + b'\\"' * MANY + b"\\",
        b'"' * MANY,
        b"\\" * MANY,
        b'["' + b"[" * MANY,
    ],
    ids=["escaped quotes", "and a backslash", "quotes", "backslashes", "a string without end"],
)
def test_no_body_stops_the_server(body: bytes) -> None:
    """Megabytes made to be tried from every quote on are refused in one pass."""
    with pytest.raises(Unfit):
        checked(body)
