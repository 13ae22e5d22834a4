"""Reading packs: every mistake is told at once, with its place."""

from __future__ import annotations

import pytest

from rolecall.kit.errors import Refused
from rolecall.permissions.pack_file import PackProblems, read_pack
from rolecall.permissions.pack_template import pack_template
from rolecall.permissions.packs import pack_named, read_packs
from rolecall.sources import shipped

CATALOGUE = shipped.catalogue()
HEAD = """pack: p
name: P
vendor: V
version: 1
source: {title: T, read_on: 2026-01-02}
"""


def problems(body: str) -> list[str]:
    """What is wrong with this pack, one text per mistake."""
    with pytest.raises(PackProblems) as raised:
        read_pack(HEAD + body, CATALOGUE, "p.yaml")
    return [one.text for one in raised.value.problems]


def test_template_is_a_pack() -> None:
    """What pack init writes can be read back."""
    pack = read_pack(pack_template("mine", "Mine", "Me", "2026-11-22"), CATALOGUE)

    assert ("mine", 2) == (pack.id, len(pack.requires))


def test_all_shipped_packs_are_good() -> None:
    """No shipped pack has a problem, each has a source with a date."""
    packs, broken = read_packs(shipped.pack_texts(), CATALOGUE)

    assert () == broken
    assert {"8x8", "weavable", "impactpilot-admin", "primer"} <= packs.keys()
    assert all(pack.source.title and pack.source.read_on for pack in packs.values())


def test_unknown_permission_and_level() -> None:
    """Unknown names come with place and the nearest known one."""
    found = problems(
        "requires:\n"
        "  - permission: crm_tools.exprt\n"
        "  - {permission: marketing.marketing_email, at_least: send}\n"
    )

    assert 2 == len(found)
    assert found[0].startswith("line 7, column 17: ")
    assert "crm_tools.exprt" in found[0]
    assert "line 8" in found[1]


def test_contradictory_alternatives() -> None:
    """Alternatives named twice, required elsewhere or forbidden cannot stand."""
    found = problems(
        "forbids: [crm_tools.import]\n"
        "requires:\n"
        "  - {id: a, permission: crm_tools.export}\n"
        "  - id: b\n"
        "    any_of:\n"
        "      - {permission: crm_tools.export}\n"
        "      - {permission: content.blog, at_least: view}\n"
        "      - {permission: content.blog, at_least: publish}\n"
        "      - {permission: crm_tools.import}\n"
    )

    assert any("crm_tools.export is required by another line" in one for one in found)
    assert any("content.blog twice" in one for one in found)
    assert any("crm_tools.import is required here and forbidden" in one for one in found)


def test_cycle_of_implications() -> None:
    """A cycle is told as a path."""
    found = problems(
        "implies:\n"
        "  crm_tools.export: [crm_tools.import]\n"
        "  crm_tools.import: [crm_tools.export]\n"
        "requires: [{permission: crm_tools.export}]\n"
    )

    assert any("crm_tools.export -> crm_tools.import -> crm_tools.export" in one for one in found)


def test_every_problem_at_once() -> None:
    """Missing keys, unknown keys, doubled lines and broken steps stand in one message."""
    with pytest.raises(PackProblems) as raised:
        read_pack(
            "pack: p\nnmae: P\nrequires:\n"
            "  - {id: a, permission: crm_tools.export}\n"
            "  - {id: a, permission: crm_tools.import}\n"
            "steps: [{who: admin}]\n",
            CATALOGUE,
            "p.yaml",
        )
    text = str(raised.value)

    assert "unknown key 'nmae'" in text
    assert "did you mean 'name'" in text
    assert "written twice" in text
    assert "text, done missing" in text


def test_a_mistake_hides_no_other() -> None:
    """Doubled lines and pointless alternatives are told beside a permission nobody knows."""
    found = problems(
        "requires:\n"
        "  - {id: a, permission: crm_tools.juggle}\n"
        "  - {id: a, permission: crm_tools.export}\n"
        "  - {id: b, any_of: [{permission: crm_tools.import}, {permission: crm_tools.import}]}\n"
    )

    assert ["line 7", "line 8", "line 9"] == [one.partition(",")[0] for one in found]
    assert "written twice" in found[1]
    assert "pointless" in found[2]


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "requires: 7"])
def test_no_pack_at_all(text: str) -> None:
    """Whatever the file holds, the answer is a list of problems."""
    with pytest.raises(PackProblems):
        read_pack(text, CATALOGUE, "p.yaml")


def test_pack_by_name() -> None:
    """Packs are found by id or name without case; a wrong name gets the nearest."""
    packs, _ = read_packs(shipped.pack_texts(), CATALOGUE)

    assert "8x8" == pack_named(packs, "8x8 work FOR hubspot").id
    with pytest.raises(Refused) as raised:
        pack_named(packs, "weavabel")
    assert "weavable" in str(raised.value.hint)
