"""The audit trail for those who must not trust us: followed to its end, and handed out whole."""

from __future__ import annotations

import csv
import inspect
import io
import json
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.kit.cells import unformulated
from rolecall.services.app import App
from rolecall.services.rights import need
from rolecall.store import AuditLine, AuditQuery, Verdict, verify_chain
from rolecall.store.errors import StoreFault

COLUMNS = (
    "seq", "at", "event", "actor", "reason", "hub_id", "subject", "details", "previous", "hash",
)  # fmt: skip
VERIFIER = "verify_chain.py"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export held: lines, and the hash to note down elsewhere."""

    lines: int
    last_hash: str


async def verify_audit(app: App, actor: Actor) -> Verdict:
    """Follow the whole chain; the look itself leaves a line.

    A forged end may refuse that line; what was found is told all the same.
    """
    need(actor, Role.AUDITOR, ALL_PORTALS, "verify the audit trail", TokenScope.READ)
    async with app.database.read() as view:
        verdict = await view.audit.verify()
    details = {"lines": str(verdict.lines), "fault": verdict.fault}
    try:
        async with app.database.begin(actor, "audit verify") as work:
            work.record(Event.AUDIT_TRAIL_VERIFIED, details=details)
    except StoreFault:
        if verdict.valid:
            raise
    return verdict


async def export_audit(
    app: App, actor: Actor, write: Callable[[str], object], *, as_csv: bool = False
) -> Exported:
    """Every line, oldest first, as JSON Lines (what the verifier reads) or CSV.

    The export leaves a line of its own, after what it hands out.
    """
    need(actor, Role.AUDITOR, ALL_PORTALS, "export the audit trail", TokenScope.READ)
    if as_csv:
        write(_csv_line(COLUMNS))
    count, last = 0, verify_chain.START
    async with aclosing(_lines(app)) as lines:
        async for line in lines:
            write(_as_csv(line) if as_csv else json.dumps(line, ensure_ascii=False) + "\n")
            count, last = count + 1, str(line["hash"])
    async with app.database.begin(actor, "audit export") as work:
        details = {"lines": str(count), "last_hash": last}
        work.record(Event.AUDIT_TRAIL_EXPORTED, details=details)
    return Exported(count, last)


async def _lines(app: App) -> AsyncGenerator[dict[str, object], None]:
    """Every line, oldest first, a page in memory at a time."""
    async with app.database.read() as view, aclosing(view.audit.export()) as lines:
        async for line in lines:
            yield line


def _as_csv(line: dict[str, object]) -> str:
    cells = [line[name] for name in COLUMNS]
    return _csv_line(
        [
            json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict) else _text(cell)
            for cell in cells
        ]
    )


def _text(cell: object) -> str:
    return "" if cell is None else unformulated(str(cell))


def _csv_line(cells: object) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)  # type: ignore[arg-type]
    return out.getvalue()


async def holds_hash(app: App, actor: Actor, wanted: str) -> bool:
    """Whether a line of the trail has this hash, so nothing was cut off or written anew before it."""
    need(actor, Role.AUDITOR, ALL_PORTALS, "verify the audit trail", TokenScope.READ)
    async with aclosing(_lines(app)) as lines:
        async for line in lines:
            if line["hash"] == wanted:
                return True
    return False


def check_lines(lines: Iterable[str], expected_last: str = "") -> Verdict:
    """Follow an exported trail by itself, as the stand-alone verifier does; opens no database."""
    return verify_chain.check(verify_chain.parsed(lines), expected_last)


def write_verifier(directory: Path) -> Path:
    """Write the stand-alone verifier: one file that needs nothing but Python."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / VERIFIER
    path.write_text(inspect.getsource(verify_chain), encoding="utf-8")
    return path


async def audit_lines(
    app: App,
    actor: Actor,
    hub_id: int | None = None,
    *,
    event: str | None = None,
    subject: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> tuple[AuditLine, ...]:
    """Matching lines, newest first; without a portal only for who may look at all of them.

    `event` is a name or its beginning ("plan:"), `before` the `seq` of the last line seen.
    """
    need(actor, Role.AUDITOR, hub_id or ALL_PORTALS, "read the audit trail", TokenScope.READ)
    query = AuditQuery(hub_id, event, subject=subject, before_seq=before, limit=limit)
    async with app.database.read() as view:
        return await view.audit.lines(query)


async def note_tool_call(app: App, actor: Actor, tool: str, outcome: str) -> None:
    """Mark in the trail that an assistant used a tool; `outcome`: answered, refused or failed."""
    async with app.database.begin(actor, "asked by an assistant") as work:
        details = {"tool": tool, "outcome": outcome}
        work.record(Event.MCP_TOOL_CALLED, subject=actor.name, details=details)
