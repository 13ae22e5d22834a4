"""HubSpot's permission history as dated lines: who gave or took which permission from whom."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.kit.errors import Refused
from rolecall.permissions.evidence import HistoryLine
from rolecall.permissions.tokens import Vocabulary, read_path
from rolecall.sources.headers import HISTORY, find_columns
from rolecall.sources.tables import Row, read_table
from rolecall.sources.users_export import Problem, headers_shown, parse_moment

_GIVEN = frozenset({"create", "created", "add", "added", "grant", "granted", "erstellen", "créer"})
_TAKEN = frozenset({"delete", "deleted", "remove", "removed", "revoke", "löschen", "supprimer"})


@dataclass(frozen=True, slots=True)
class HistoryReading:
    """What a permission-history file says, newest first as sent, and what could not be read."""

    lines: tuple[HistoryLine, ...]
    problems: tuple[Problem, ...]


def read_permission_history(
    data: bytes, words: Vocabulary, mapping: dict[str, str] | None = None
) -> HistoryReading:
    """Every line of the file; Refused when columns for user, permission, action, date lack."""
    table = read_table(data)
    columns = find_columns(table.header, HISTORY, mapping)
    missing = [name for name in ("user", "permission", "action", "at") if name not in columns]
    if missing:
        raise Refused(
            f"this is no permission history: no column for {', '.join(missing)}",
            hint=f"columns found: {headers_shown(table.header)}",
        )
    lines: list[HistoryLine] = []
    problems: list[Problem] = []
    for row in table.rows:
        read = _line(words, columns, row)
        if isinstance(read, Problem):
            problems.append(read)
        else:
            lines.append(read)
    return HistoryReading(tuple(lines), tuple(problems))


def _line(words: Vocabulary, columns: dict[str, int], row: Row) -> HistoryLine | Problem:
    if len(row.cells) <= max(columns.values()):
        return Problem(row.line, f"only {len(row.cells)} cells")
    cell = {name: row.cells[at].strip() for name, at in columns.items()}
    one = read_path(words, cell["permission"])
    if one is None:
        return Problem(row.line, f"no permission is called {cell['permission']!r}")
    at, action = parse_moment(cell["at"]), cell["action"].casefold()
    if at is None:
        return Problem(row.line, f"no date: {cell['at']!r}")
    if action not in _GIVEN | _TAKEN:
        return Problem(row.line, f"neither given nor taken: {cell['action']!r}")
    by = cell.get("by", "")
    return HistoryLine(cell["user"].casefold(), one.id, action in _GIVEN, by, at)
