"""HubSpot's users export as dated records of permissions, however the file was treated.

Columns nobody knows are kept, tokens nobody can read are kept, rows that make no sense are told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from rolecall.domain.snapshot import Snapshot
from rolecall.kit.errors import Refused
from rolecall.permissions.catalogue import Permission
from rolecall.permissions.evidence import PermissionRecord
from rolecall.permissions.levels import NONE
from rolecall.permissions.tokens import (
    Grants,
    Vocabulary,
    read_cell,
    read_level,
    read_path,
    split_tokens,
)
from rolecall.sources.headers import USERS, by_content, find_columns
from rolecall.sources.tables import SPREADSHEET_CELL, Row, Table, read_table

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_NUMBER = re.compile(r"^\d{3,}(?:\.0)?$")
_TOKENS = re.compile(r">.*:|^\w+\.\w+=")
_YES = frozenset({"yes", "true", "ja", "oui", "sí", "si", "はい", "sim", "1", "x", "wahr", "vrai"})
_SET_UP = frozenset({"enabled", "on", "active", "set up", "enrolled"})
_NO = frozenset(
    {"no", "false", "nein", "non", "いいえ", "0", "disabled", "off", "not enabled", "none"}
)
_SAME_PORTAL = 0.5  # share of rows that must be users of the portal


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the file that could not be used, with the line it stands on."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class ExportReading:
    """What a users export says; `records` are by line, `user_id` empty where the file has none."""

    records: tuple[PermissionRecord, ...]
    problems: tuple[Problem, ...]
    columns: Mapping[str, str]  # our name -> header
    unknown_columns: tuple[str, ...]
    unknown_tokens: Mapping[str, int]
    as_of: datetime
    encoding: str
    cut: bool
    permission_columns: int = 0  # of a file with one column per permission


@dataclass(slots=True)
class _Reader:
    """One file being read; equal cells are read once and share their result."""

    words: Vocabulary
    table: Table
    columns: Mapping[str, int]
    wide: Mapping[int, Permission]
    extra: Mapping[str, int]
    as_of: datetime
    sets: frozenset[str]
    cells: dict[object, Grants] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_users_export(
    data: bytes,
    words: Vocabulary,
    *,
    as_of: datetime,
    mapping: Mapping[str, str] | None = None,
    known_sets: Iterable[str] = (),
) -> ExportReading:
    """Everything the file says, as of the given moment.

    `mapping` (header -> one of our column names, or empty to ignore it) is what the caller
    remembered of this portal; `known_sets` are names of permission sets, for lists whose
    separator stands inside a name. Refused when the file is no users export at all.
    """
    reader = _reader(data, words, as_of, mapping, frozenset(known_sets))
    records = [one for row in reader.table.rows if (one := _record(reader, row)) is not None]
    unknown = Counter(token for one in records for token in one.unknown)
    spoken = _spoken(reader, records, unknown)
    columns = {ours: reader.table.header[at] for ours, at in reader.columns.items()}
    return ExportReading(
        records=tuple(records if spoken is None else [_limited(one, spoken) for one in records]),
        problems=tuple(reader.problems),
        columns=columns,
        unknown_columns=tuple(reader.extra),
        unknown_tokens=dict(unknown.most_common()),
        as_of=as_of,
        encoding=reader.table.encoding,
        cut=reader.table.cut,
        permission_columns=len(reader.wide),
    )


def matched(reading: ExportReading, snapshot: Snapshot) -> ExportReading:
    """The reading with every record under its settings id, strangers told and left out.

    Refused when the file is another portal's: fewer than half of its rows are users here.
    """
    ids = {user.id for user in snapshot.users}
    by_email = {user.email.casefold(): user.id for user in snapshot.users}
    kept: list[PermissionRecord] = []
    strangers: list[Problem] = []
    for record in reading.records:
        user_id = record.user_id if record.user_id in ids else by_email.get(record.email, "")
        if user_id:
            kept.append(replace(record, user_id=user_id))
        else:
            shown = record.email or record.user_id
            strangers.append(Problem(0, f"{shown} is no user of this portal"))
    if reading.records and len(kept) < _SAME_PORTAL * len(reading.records):
        raise Refused(
            f"only {len(kept)} of {len(reading.records)} users of this file are in the portal; "
            "it looks like the export of another portal",
            hint="export the users again from this portal, or sync first",
        )
    return replace(reading, records=tuple(kept), problems=(*reading.problems, *strangers))


def _reader(
    data: bytes,
    words: Vocabulary,
    as_of: datetime,
    mapping: Mapping[str, str] | None,
    sets: frozenset[str],
) -> _Reader:
    table = read_table(data)
    columns = find_columns(table.header, USERS, mapping)
    wide = _permission_columns(words, table.header, columns)
    rows = [row.cells for row in table.rows[:200]]
    for ours, pattern in (("email", _EMAIL), ("user_id", _NUMBER), ("permissions", _TOKENS)):
        if ours not in columns and not (wide and ours == "permissions"):
            at = by_content(rows, [*columns.values(), *wide], pattern)
            columns = columns if at is None else {**columns, ours: at}
    if "email" not in columns and "user_id" not in columns:
        raise Refused(
            "this is no users export: no column holds e-mails or user ids",
            hint=f"columns found: {headers_shown(table.header)}",
        )
    used = {*columns.values(), *wide}
    extra = {name: at for at, name in enumerate(table.header) if at not in used}
    return _Reader(words, table, columns, wide, extra, as_of, sets)


def headers_shown(header: Sequence[str]) -> str:
    """The first columns for a message; what a terminal would obey instead of print is left out."""
    names = ("".join(char for char in name if char.isprintable()) for name in header[:20])
    return ", ".join(name[:40] for name in names)


def _permission_columns(
    words: Vocabulary, header: Sequence[str], columns: Mapping[str, int]
) -> dict[int, Permission]:
    taken = set(columns.values())
    found: dict[int, Permission] = {}
    for at, name in enumerate(header):
        one = None if at in taken or not (">" in name or "." in name) else read_path(words, name)
        if one is not None:
            found[at] = one
    return found


def _record(reader: _Reader, row: Row) -> PermissionRecord | None:
    last = row is reader.table.rows[-1] and (reader.table.cut or reader.table.open_end)
    if last:
        row = _without_its_end(reader, row)
    if len(row.cells) != len(reader.table.header):
        reader.problems.append(_unfit(reader, row, last=last))
        return None
    email = _cell(reader, row, "email").casefold()
    user_id = _id(_cell(reader, row, "user_id"))
    if not user_id and not _EMAIL.match(email):
        shown = " | ".join(cell for cell in row.cells if cell)[:60]
        reader.problems.append(Problem(row.line, f"neither user id nor e-mail: {shown}"))
        return None
    if last:
        told = f"the file may end within this row ({email}); what it lacks is taken as unknown"
        reader.problems.append(Problem(row.line, told))
    grants = _grants(reader, row)
    return PermissionRecord(
        user_id=user_id,
        email=email,
        grants=grants.levels,
        as_of=reader.as_of,
        complete=not last and _complete(row),
        sets=_names(reader, row, "sets", reader.sets),
        teams=_names(reader, row, "teams", frozenset()),
        seats=_names(reader, row, "seats", frozenset()),
        super_admin=_flag(reader, row, "super_admin"),
        deactivated=_flag(reader, row, "deactivated"),
        last_login=parse_moment(_cell(reader, row, "last_login")),
        two_factor=_told_flag(reader, row, "two_factor"),
        unknown=grants.unknown,
        extra={name: row.cells[at] for name, at in reader.extra.items() if row.cells[at]},
    )


def _without_its_end(reader: _Reader, row: Row) -> Row:
    """The row without the last thing written, which may be half of what it was."""
    if not row.cells:
        return row
    at = len(row.cells) - 1
    kept = ""
    if reader.columns.get("permissions") == at:
        tokens = split_tokens(row.cells[at])
        kept = "\n".join(tokens[:-1])
    return Row(row.line, (*row.cells[:-1], kept))


def _unfit(reader: _Reader, row: Row, *, last: bool) -> Problem:
    expected = len(reader.table.header)
    why = "the file ends within this row" if last else "the row does not fit the header"
    return Problem(row.line, f"{why}: {len(row.cells)} cells, not {expected}")


def _cell(reader: _Reader, row: Row, ours: str) -> str:
    at = reader.columns.get(ours)
    return "" if at is None else row.cells[at]


def _id(text: str) -> str:
    """Digits of a user id; what a spreadsheet turned into 5E+06 is no id any more."""
    return text.removesuffix(".0") if _NUMBER.match(text) or text.isdigit() else ""


def _grants(reader: _Reader, row: Row) -> Grants:
    key: object
    if reader.wide:
        key = tuple(row.cells[at] for at in reader.wide)
    else:
        key = _cell(reader, row, "permissions")
    known = reader.cells.get(key)
    if known is None:
        known = _wide(reader, row) if reader.wide else read_cell(reader.words, str(key))
        reader.cells[key] = known
    return known


def _wide(reader: _Reader, row: Row) -> Grants:
    levels: dict[str, str] = {}
    unknown: list[str] = []
    for at, one in reader.wide.items():
        level = read_level(one, row.cells[at])
        if level is None:
            unknown.append(f"{reader.table.header[at]}: {row.cells[at]}")
        elif level != NONE:
            levels[one.id] = level
    return Grants(levels, tuple(unknown))


def _complete(row: Row) -> bool:
    """A spreadsheet program cuts long cells; what is missing there may still be held."""
    return all(len(cell) < SPREADSHEET_CELL - 2 for cell in row.cells)


def _names(reader: _Reader, row: Row, ours: str, known: frozenset[str]) -> tuple[str, ...] | None:
    if ours not in reader.columns:
        return None
    cell = _cell(reader, row, ours)
    if not cell:
        return ()
    if cell in known:
        return (cell,)
    separator = next((one for one in ("\n", ";", "|", ",") if one in cell), None)
    pieces = [cell] if separator is None else cell.split(separator)
    names = [piece.strip() for piece in pieces if piece.strip()]
    return tuple(_joined(names, known, separator or ""))


def _joined(names: list[str], known: frozenset[str], separator: str) -> list[str]:
    """Names whose own text holds the separator, put together again where that makes a set."""
    joined: list[str] = []
    at = 0
    while at < len(names):
        for end in range(len(names), at, -1):
            whole = f"{separator} ".join(names[at:end])
            if end == at + 1 or whole in known:
                joined.append(whole)
                at = end
                break
    return joined


def _flag(reader: _Reader, row: Row, ours: str) -> bool | None:
    if ours not in reader.columns:
        return None
    return _cell(reader, row, ours).casefold() in _YES


def _told_flag(reader: _Reader, row: Row, ours: str) -> bool | None:
    """A flag nobody may be blamed by mistake with: only words that are surely yes or no count."""
    word = _cell(reader, row, ours).casefold()
    if word in _YES or word in _SET_UP:
        return True
    return False if word in _NO else None


def _spoken(
    reader: _Reader, records: list[PermissionRecord], unknown: Counter[str]
) -> frozenset[str] | None:
    """What the file can show: everything, unless some of it could not be read."""
    if reader.wide:
        return frozenset(one.id for one in reader.wide.values())
    if "permissions" not in reader.columns:
        return frozenset()
    if not unknown and any(one.grants for one in records):
        return None
    return frozenset(one for grants in reader.cells.values() for one in grants.levels)


def _limited(record: PermissionRecord, spoken: frozenset[str]) -> PermissionRecord:
    return replace(record, speaks_of=spoken)


def parse_moment(text: str) -> datetime | None:
    """A date as exports write it, taken as UTC; None where it cannot be told for sure."""
    for pattern in (
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d",
        "%d.%m.%Y %H:%M",
        "%d.%m.%Y",
    ):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
