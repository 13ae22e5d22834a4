"""`rolecall export`: HubSpot's own files as evidence, and definitions people sign off."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.access import read_text
from rolecall.cli.output import hint, json_option, print_json, print_table, say, shown, tell
from rolecall.cli.running import ask
from rolecall.kit.errors import Refused

if TYPE_CHECKING:
    from rolecall.services.permissions.files import ExportImported
    from rolecall.sources.users_export import Problem

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SHOWN = 20
_DAY = re.compile(r"(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)")


@click.group(epilog="Example: rolecall export import acme users.csv --as-of 2026-11-20")
def export() -> None:
    """HubSpot's users export and permission history, which tell what no API tells.

    To make one: Settings > Account Setup > Users & Teams > Export users (needs Super Admin).
    """


@export.command("import", epilog="Example: rolecall export import acme users.csv")
@click.argument("name")
@click.argument("file", type=FILE)
@click.option("--as-of", metavar="DATE", help="When HubSpot wrote it; default: by name or file.")
@click.option("--mapping", type=FILE, help="YAML, header: column; remembered for this portal.")
@json_option
def import_(name: str, file: Path, as_of: str | None, mapping: Path | None, as_json: bool) -> None:
    """Take a users export (CSV or workbook) as evidence; nobody's access changes by it."""
    from rolecall.services.permissions.files import ExportFile
    from rolecall.services.syncs.filing import file_export

    day, dated = _written(file, as_of)
    columns = _mapping(mapping) if mapping else None
    given = ExportFile(file.read_bytes(), file.name, day, dated, columns)
    told = ask(lambda app, actor: file_export(app, actor, name, given))
    if as_json:
        from rolecall.services.permissions.shapes import imported_shape

        print_json(imported_shape(told))
    else:
        _show(told)
    for warning in told.warnings:
        say(f"warning: {warning}")


def _written(file: Path, as_of: str | None) -> tuple[datetime, bool]:
    """When HubSpot wrote the file: as told, by the day in its name, else by its own time."""
    told = as_of or file.stem
    found = _DAY.search(told)
    if as_of and not found:
        raise click.BadParameter(f"{as_of!r} is no day", param_hint="--as-of")
    if found:
        try:
            day = datetime(*map(int, found.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
        except ValueError as error:
            if as_of:
                raise click.BadParameter(f"{as_of!r} is no day", param_hint="--as-of") from error
        else:
            return min(day + timedelta(days=1, seconds=-1), max(datetime.now(UTC), day)), True
    return datetime.fromtimestamp(file.stat().st_mtime, UTC), False


def _mapping(path: Path) -> dict[str, str]:
    import yaml

    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError) as error:  # a date that is none, bytes that are no text
        raise Refused(f"{path} is not YAML", hint="write one line per column: Header: sets") from (
            error
        )
    if not isinstance(told, Mapping):
        raise Refused(f"{path} is no mapping", hint="write one line per column: Header: sets")
    return {str(header): "" if ours is None else str(ours) for header, ours in told.items()}


def _show(told: ExportImported) -> None:
    reading, imported = told.reading, told.imported
    again = "; imported before, nothing is kept twice" if told.known_before else ""
    tell(f"users export of {imported.as_of:%Y-%m-%d}: {imported.lines} users{again}")
    rows = [(ours, header) for ours, header in reading.columns.items()]
    if reading.permission_columns:
        rows.append(("permissions", f"{reading.permission_columns} columns, one per permission"))
    print_table(("understood as", "column"), rows)
    if reading.unknown_columns:
        names = ", ".join(reading.unknown_columns[:SHOWN])
        tell(f"{len(reading.unknown_columns)} columns kept, not understood: {names}")
    for token, count in list(reading.unknown_tokens.items())[:SHOWN]:
        tell(f"permission not in the catalogue, kept as it stands: {token} ({count} users)")
    _show_problems(reading.problems)
    for task in told.closed:
        say(f"closed the task, since this file shows it done: {task.title}")
    say(f"{told.covered} of {told.users} active users are in the file")
    understood = "permissions" in reading.columns or reading.permission_columns
    if reading.unknown_columns or not understood:
        hint("name columns in a YAML file, `Header: sets`, and give it with --mapping")


def _show_problems(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    for one in found[:SHOWN]:
        tell(f"line {one.line}: {one.message}" if one.line else one.message)
    if len(found) > SHOWN:
        tell(f"and {len(found) - SHOWN} more; --json lists all")


@export.command("history", epilog="Example: rolecall export history acme permission-history.csv")
@click.argument("name")
@click.argument("file", type=FILE)
@json_option
def history(name: str, file: Path, as_json: bool) -> None:
    """Take a permission history: single permissions given or taken since the export."""
    from rolecall.services.syncs.filing import file_history

    data = file.read_bytes()
    read = ask(lambda app, actor: file_history(app, actor, name, data, file.name))
    if as_json:
        from rolecall.services.permissions.shapes import problem_shapes

        print_json({"lines": len(read.lines), "problems": problem_shapes(read.problems)})
        return
    tell(f"{len(read.lines)} lines of permission history")
    _show_problems(read.problems)


@export.command("attest", epilog="Example: rolecall export attest acme sets.yaml")
@click.argument("name")
@click.argument("file", type=FILE, required=False)
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@json_option
def attest(name: str, file: Path | None, reason: str, as_json: bool) -> None:
    """Sign off what is in permission sets; without FILE, print what is known of them."""
    from rolecall.services.permissions.files import attest_sets, attestation_draft
    from rolecall.services.shapes import text_shape

    if file is None:
        text = ask(lambda app, actor: attestation_draft(app, actor, name))
        if as_json:
            print_json(text_shape(text))
            return
        click.echo(text, nl=False)
        hint(f"correct it, then sign it off: `rolecall export attest {name} FILE`")
        return
    told = read_text(file) or ""
    found = ask(lambda app, actor: attest_sets(app, actor, name, told, reason))
    rows: list[dict[str, Any]] = [
        {"permission_set": one.name, "permissions": len(one.grants), "by": one.by, "at": one.as_of}
        for one in found
    ]
    if as_json:
        print_json(rows)
        return
    print_table(("permission set", "permissions"), [(r["permission_set"], r["permissions"]) for r in rows])  # fmt: skip


@export.command("two-factor", epilog="Example: rolecall export two-factor acme required")
@click.argument("name")
@click.argument("setting", type=click.Choice(("required", "optional")))
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@json_option
def two_factor(name: str, setting: str, reason: str, as_json: bool) -> None:
    """Sign off whether two-factor log-in is required, which no API tells."""
    from rolecall.services.findings.facts import attest_two_factor, two_factor_shape

    holds = setting == "required"
    told = ask(lambda app, actor: attest_two_factor(app, actor, name, holds, reason))
    if as_json:
        print_json(two_factor_shape(told))
        return
    tell(f"two-factor log-in is {setting}, signed off by {told.by}")


@export.command("list", epilog="Example: rolecall export list acme")
@click.argument("name")
@json_option
def list_(name: str, as_json: bool) -> None:
    """Imported users exports, the newest first, with what could not be read of them."""
    from rolecall.services.permissions.files import list_imports
    from rolecall.services.permissions.shapes import kept_import_shape

    found = ask(lambda app, actor: list_imports(app, actor, name))
    if as_json:
        print_json([kept_import_shape(one) for one in found])
        return
    rows = [
        (
            f"{one.imported.as_of:%Y-%m-%d}",
            one.imported.lines,
            len(one.note.problems),
            len(one.note.unknown_tokens),
            one.note.cut,
            one.imported.file_name,
            one.imported.imported_by,
        )
        for one in found
    ]
    print_table(("as of", "users", "problems", "unknown permissions", "cut", "file", "by"), rows)


@export.command("diff", epilog="Example: rolecall export diff acme --from 2026-09-30")
@click.argument("name")
@click.option("--from", "earlier", default="", metavar="DATE", help="Default: the one before.")
@click.option("--to", "later", default="", metavar="DATE", help="Default: the newest.")
@json_option
def diff(name: str, earlier: str, later: str, as_json: bool) -> None:
    """What two imported exports differ in, user by user."""
    from rolecall.services.permissions.files import diff_exports
    from rolecall.services.permissions.shapes import export_difference_shape

    found = ask(lambda app, actor: diff_exports(app, actor, name, earlier, later))
    if as_json:
        print_json(export_difference_shape(found))
        return
    for one in found.users:
        tell(one.email if one.state == "changed" else f"{one.email} ({one.state})")
        for sign, pairs in (("+", one.gained), ("-", one.lost)):
            for permission, (was, now) in pairs.items():
                tell(f"  {sign} {permission}: {was or 'none'} -> {now or 'none'}")
        if one.sets:
            tell(f"  ~ permission sets: {shown(one.sets[0])} -> {shown(one.sets[1])}")
    days = f"{found.before.as_of:%Y-%m-%d} and {found.after.as_of:%Y-%m-%d}"
    say(f"{len(found.users)} users differ between the exports of {days}")
