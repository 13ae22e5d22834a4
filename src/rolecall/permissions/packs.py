"""Requirement packs by name: read all texts, keep the good, tell the bad. Opens no file."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.kit.errors import Refused
from rolecall.permissions.catalogue import Catalogue
from rolecall.permissions.pack import Pack
from rolecall.permissions.pack_file import PackProblems, read_pack
from rolecall.policy.problems import did_you_mean


def read_packs(
    texts: Mapping[str, str], catalogue: Catalogue
) -> tuple[dict[str, Pack], tuple[PackProblems, ...]]:
    """Packs by id and the problems of those that cannot be used; a later text replaces an id."""
    found: dict[str, Pack] = {}
    broken: list[PackProblems] = []
    for where, text in texts.items():
        try:
            pack = read_pack(text, catalogue, where)
        except PackProblems as problem:
            broken.append(problem)
        else:
            found[pack.id] = pack
    return found, tuple(broken)


def pack_named(packs: Mapping[str, Pack], name: str) -> Pack:
    """The pack of this id or name, without case; Refused names the nearest."""
    wanted = name.strip().casefold()
    for pack in packs.values():
        if wanted in (pack.id.casefold(), pack.name.casefold()):
            return pack
    hint = did_you_mean(name, packs) or f"packs: {', '.join(sorted(packs))}"
    raise Refused(f"no pack {name!r}", hint=hint)
