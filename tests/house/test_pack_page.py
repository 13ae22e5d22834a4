"""docs/packs.md names every shipped pack with its date, and every key of the format."""

from __future__ import annotations

from pathlib import Path

from rolecall.permissions import pack_file
from rolecall.permissions.packs import read_packs
from rolecall.sources import shipped

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "packs.md").read_text("utf-8")


def test_every_shipped_pack_is_listed() -> None:
    """Each pack stands in the table with the day its source was read."""
    packs, broken = read_packs(shipped.pack_texts(), shipped.catalogue())

    assert () == broken
    for pack in packs.values():
        assert f"| `{pack.id}` |" in PAGE
        assert f"| {pack.source.read_on} |" in PAGE


def test_every_key_is_explained() -> None:
    """Each key a pack or a line may have is written in the page."""
    keys = {*pack_file._KEYS, *pack_file._LINE_KEYS}

    assert [] == sorted(key for key in keys if f"`{key}`" not in PAGE)
