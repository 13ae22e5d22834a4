"""Bulk files as drafts: each row read tolerantly, each with a verdict before anything is sent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rolecall.domain.assignment import Origin
from rolecall.domain.plan import ChangeKind, Outcome, Plan, Receipt
from rolecall.kit.cells import unformulated
from rolecall.kit.errors import Refused
from rolecall.plan.bulk import MAX_ROWS, RowVerdict, mapped, read_rows
from rolecall.plan.context import DiffOptions
from rolecall.plan.diff import diff
from rolecall.policy.desired import Desired, Source
from rolecall.services.drafts.ground import Ground
from rolecall.services.drafts.orders import Draft, ImportRow, ImportRows
from rolecall.sources.tables import read_table

RESULT_HEADER = ("line", "email", "verdict", "result", "message", "hint", "plan")
# The worst of a row's receipts names the row's result.
_WORST = (
    Outcome.FAILED, Outcome.REFUSED, Outcome.UNKNOWN, Outcome.SKIPPED, Outcome.WAITING,
    Outcome.DONE, Outcome.ALREADY,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row of the result file."""

    line: int
    email: str
    verdict: str
    result: str  # done, already, waiting, ... ; empty while nothing was sent
    message: str
    hint: str


def rows_of(
    data: bytes, file_name: str = "", reason: str = "", mapping: Mapping[str, str] | None = None
) -> ImportRows:
    """The order a CSV file or workbook holds; Refused when it is no table or too long.

    Any separator and encoding; a file that ends inside a row is refused, half a list is no list.
    `mapping` says what columns mean, by their titles.
    """
    table = read_table(data)
    if table.cut and not _ends_well(data):
        raise Refused(
            f"{file_name or 'the file'} ends in the middle of a row",
            hint="send the whole file, with a line end after the last row",
        )
    if len(table.rows) > MAX_ROWS:
        raise Refused(f"{len(table.rows):,} rows, more than {MAX_ROWS:,}", hint="split the file")
    rows = tuple(ImportRow(row.line, row.cells) for row in table.rows)
    return ImportRows(mapped(table.header, mapping or {}), rows, file_name, reason)


def _ends_well(data: bytes) -> bool:
    """A last line without its end is fine as long as no quote is left open."""
    return data.count(b'"') % 2 == 0


def draft_rows(ground: Ground, order: ImportRows) -> Draft:
    """All good rows as one plan; rows that are refused leave the others alone."""
    source = Source(Origin.OPERATOR, order.reason or "user import", "user import")
    reading = read_rows(
        order.header,
        [(row.line, row.cells) for row in order.rows],
        ground.snapshot,
        source,
        ground.parking,
        ground.no_access_set,
    )
    if not order.reason:
        reading = replace(reading, desired=_without_reason(reading.desired, source))
    found = diff(reading.desired, ground.snapshot, DiffOptions(ground.now, ground.parked))
    name = f" {order.file_name}" if order.file_name else ""
    return Draft(
        f"Import{name}: {len(order.rows)} rows",
        "user import",
        tuple(found.changes),
        tuple(found.reported),
        tuple(reading.desired.users.values()),
        rows=reading,
    )


def _without_reason(desired: Desired, source: Source) -> Desired:
    """A foreign e-mail domain needs somebody's own words, not the reason we made up."""
    users = {
        key: replace(wish, reason="") if wish.reason == source.reason else wish
        for key, wish in desired.users.items()
    }
    return replace(desired, users=users)


def results(
    rows: Iterable[RowVerdict], plan: Plan, receipts: Iterable[Receipt] = ()
) -> tuple[RowResult, ...]:
    """Every row with what became of it; the worst receipt of a user speaks for the row."""
    last = {receipt.change_id: receipt for receipt in receipts}
    by_user: dict[str, list[Receipt]] = {}
    for change in plan.changes:
        if change.kind is not ChangeKind.NO_OP and change.id in last:
            by_user.setdefault(change.subject.casefold(), []).append(last[change.id])
    return tuple(_result(row, by_user.get(row.email.casefold(), [])) for row in rows)


def _result(row: RowVerdict, receipts: list[Receipt]) -> RowResult:
    if row.verdict != "planned" or not receipts:
        return RowResult(row.line, row.email, row.verdict, "", row.message, row.hint)
    worst = min(receipts, key=lambda one: _WORST.index(one.outcome))
    told = "; ".join(dict.fromkeys(one.message for one in receipts if one.message))
    message = told or row.message
    return RowResult(row.line, row.email, row.verdict, worst.outcome.value, message, row.hint)


def results_csv(rows: Iterable[RowResult], plan_id: str) -> str:
    """The result file: one line per row of the file that was sent, no cell a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(RESULT_HEADER)
    for row in rows:
        cells = (str(row.line), row.email, row.verdict, row.result, row.message, row.hint, plan_id)
        writer.writerow([unformulated(cell) for cell in cells])
    return out.getvalue()


def tally(rows: Iterable[RowVerdict]) -> Mapping[str, int]:
    """How many rows have which verdict."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.verdict] = counts.get(row.verdict, 0) + 1
    return counts
