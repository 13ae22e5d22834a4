"""What becomes of an answer's body before anybody decodes it."""

from __future__ import annotations

import pytest

from rolecall.hubspot.sender import without_nul


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b'{"firstName":"Anna"}', b'{"firstName":"Anna"}'),
        (b'{"firstName":"A\\u0000nna"}', b'{"firstName":"A\\ufffdnna"}'),
        (b"", b""),
    ],
)
def test_nul_is_replaced(sent: bytes, read: bytes) -> None:
    """Only NUL is touched: no database keeps it in a text."""
    assert read == without_nul(sent)
