"""HubSpot's users export as a file, in every condition such files arrive in. Changes no state."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from hubspot_emulator.granular import columns
from hubspot_emulator.granular.access import UNASSIGNED, Grants, access_key, effective, stored
from hubspot_emulator.granular.catalogue import Permission, catalogue

if TYPE_CHECKING:
    from hubspot_emulator.world import Identity, Membership, Portal, World

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
LIST_SEPARATORS = {"semicolon": "; ", "comma": ", ", "newline": "\n", "pipe": " | "}
ENCODINGS = {"utf-8": "utf-8", "bom": "utf-8-sig", "utf-16": "utf-16", "cp1252": "cp1252"}
SPREADSHEET_CELL = 32_767  # characters a spreadsheet program keeps of one cell
CUT_AT = 0.6  # share of the bytes left of a truncated file


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How the file looks; the defaults are our reading of HubSpot's knowledge base."""

    separator: str = "comma"
    encoding: str = "utf-8"
    language: str = "en"
    lists: str = "semicolon"
    permissions: str = "labels"  # or ids
    access: str = "stored"  # or effective: what the seat leaves of it
    layout: str = "long"  # or wide: one column per permission
    order: str = "as_documented"  # or reversed, shuffled
    deactivated: bool = False
    seats: bool = False
    unknown_columns: int = 0
    spreadsheet: bool = False  # as a spreadsheet program saves it
    truncated: bool = False
    foreign: bool = False  # the export of some other portal
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """What every cell is made from."""

    portal: Portal
    options: ExportOptions
    written: dict[tuple[object, ...], str] = field(default_factory=dict)
    granted: dict[tuple[object, ...], Grants] = field(default_factory=dict)
    held: dict[int, Grants] = field(default_factory=dict)  # by user id


@dataclass(frozen=True, slots=True)
class _Row:
    identity: Identity
    member: Membership


Cell = Callable[[_Source, _Row], str]


def users_export(world: World, portal: Portal, options: ExportOptions) -> bytes:
    """The file's bytes; rows are the members of the day, by name as HubSpot's table sorts."""
    table = [*_table(world, portal, options)]
    if options.spreadsheet:
        cells = [[_spreadsheet_cell(cell) for cell in row] for row in table]
        text = "sep=;\r\n" + _csv(cells, ";")
    else:
        text = _csv(table, SEPARATORS[options.separator])
    encoded = text.encode(ENCODINGS[options.encoding], errors="replace")
    return encoded[: int(len(encoded) * CUT_AT)] if options.truncated else encoded


def _table(world: World, portal: Portal, options: ExportOptions) -> Iterator[list[str]]:
    source = _Source(portal, options)
    chosen = _columns(source)
    yield [header for header, _ in chosen]
    for row in _rows(world, portal, options.as_of):
        shown = _as_foreign(row) if options.foreign else row
        yield [cell(source, shown) for _, cell in chosen]


def _rows(world: World, portal: Portal, as_of: datetime | None) -> Iterable[_Row]:
    rows = [
        _Row(world.identities[member.user_id], member)
        for member in portal.members.values()
        if as_of is None or member.created_at <= as_of
    ]
    rows = [row if as_of is None else _as_of(row, as_of) for row in rows]
    return sorted(rows, key=lambda row: (row.identity.last_name, row.identity.id))


def _as_of(row: _Row, day: datetime) -> _Row:
    login = row.member.last_login_at
    gone = row.member.deactivated_at
    member = replace(
        row.member,
        last_login_at=login if login is None or login <= day else day,
        deactivated_at=gone if gone is None or gone <= day else None,
    )
    return _Row(row.identity, member)


def _as_foreign(row: _Row) -> _Row:
    local = row.identity.email.partition("@")[0]
    stranger = replace(row.identity, id=row.identity.id + 40_000_000, email=f"{local}@globex.test")
    return _Row(stranger, row.member)


def _columns(source: _Source) -> list[tuple[str, Cell]]:
    options = source.options
    headers = columns.HEADERS[options.language]
    keys = [*columns.KEYS]
    keys += ["deactivated"] if options.deactivated else []
    keys += ["seat"] if options.seats else []
    if options.layout == "wide":
        keys[keys.index("permissions")] = "super"
    chosen = [(headers[key], _CELLS[key]) for key in keys]
    if options.layout == "wide":
        chosen += [(" > ".join(one.path), _wide_cell(one.id)) for one in catalogue().values()]
    chosen += [(f"Custom column {n + 1}", _noise) for n in range(options.unknown_columns)]
    return _ordered(chosen, options.order)


def _ordered(chosen: list[tuple[str, Cell]], order: str) -> list[tuple[str, Cell]]:
    if order == "reversed":
        return chosen[::-1]
    if order == "shuffled":
        shuffled = [*chosen]
        random.Random(11).shuffle(shuffled)  # noqa: S311 - the same disorder every time
        return shuffled
    return chosen


def _login(source: _Source, row: _Row) -> str:
    style = "spreadsheet" if source.options.spreadsheet else "plain"
    return columns.login_text(row.member.last_login_at, style)


def _yes_no(source: _Source, flag: bool) -> str:
    yes, no = columns.YES_NO[source.options.language]
    return yes if flag else no


def _permissions(source: _Source, row: _Row) -> str:
    """One long cell; equal access is written once, so 100,000 users cost their sets only."""
    key = access_key(row.member)
    known = source.written.get(key)
    if known is None:
        grants = _grants(source, row.member)
        labels = source.options.permissions == "labels"
        tokens = columns.permission_labels(grants) if labels else columns.permission_ids(grants)
        known = source.written[key] = LIST_SEPARATORS[source.options.lists].join(tokens)
    return known


def _grants(source: _Source, member: Membership) -> Grants:
    """A user's permissions; people of equal access share one answer."""
    held = source.held.get(member.user_id)
    if held is None:
        key = access_key(member)
        held = source.granted.get(key)
        if held is None:
            find = effective if source.options.access == "effective" else stored
            held = source.granted[key] = find(source.portal, member)
        source.held[member.user_id] = held
    return held


def _wide_cell(permission_id: str) -> Cell:
    permission = catalogue()[permission_id]
    labels = _level_labels(permission)

    def cell(source: _Source, row: _Row) -> str:
        level = _grants(source, row.member).get(permission_id)
        return "" if level is None else labels[level]

    return cell


def _level_labels(permission: Permission) -> dict[str, str]:
    unassigned = [level + UNASSIGNED for level in permission.levels[:2] if permission.scoped]
    levels = [*permission.levels, *unassigned]
    return {level: columns.level_label(permission, level) for level in levels}


def _noise(_: _Source, row: _Row) -> str:
    return f"n{row.identity.id % 7}"


def _joined(source: _Source, names: list[str]) -> str:
    return LIST_SEPARATORS[source.options.lists].join(names)


_CELLS: dict[str, Cell] = {
    "id": lambda _, row: str(row.identity.id),
    "first": lambda _, row: row.identity.first_name,
    "last": lambda _, row: row.identity.last_name,
    "email": lambda _, row: row.identity.email,
    "login": _login,
    "teams": lambda source, row: _joined(source, columns.team_names(source.portal, row.member)),
    "role": lambda source, row: _joined(source, columns.set_names(source.portal, row.member)),
    "permissions": _permissions,
    "deactivated": lambda source, row: _yes_no(source, row.member.deactivated_at is not None),
    "super": lambda source, row: _yes_no(source, row.member.super_admin),
    "seat": lambda source, row: _joined(source, row.member.seat_names),
}


def _spreadsheet_cell(cell: str) -> str:
    return cell[:SPREADSHEET_CELL].replace("\n", "\r\n")


def _csv(table: Iterable[list[str]], separator: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(table)
    return out.getvalue()
