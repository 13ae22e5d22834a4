"""`rolecall audit`: the trail, followed to its end and handed out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import click

from rolecall.cli.output import hint, json_option, print_json, say, tell
from rolecall.cli.running import ask
from rolecall.kit.errors import Refused
from rolecall.kit.visible import visible_in_json

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(epilog="Example: rolecall audit verify")
def audit() -> None:
    """The hash-chained audit trail: who did what, why, and proof that no line was touched."""


@audit.command(epilog="Example: rolecall audit verify q4.zip --key rolecall.pem")
@click.argument("file", required=False, type=FILE)
@click.option("--expect", default="", metavar="HASH", help="The last hash you noted down before.")
@click.option("--key", "key_file", type=FILE, help="The public key a pack must be signed with.")
@json_option
def verify(file: Path | None, expect: str, key_file: Path | None, as_json: bool) -> None:
    """Follow the whole chain; exits with 1 at the first line that is not as it was written.

    With FILE an evidence pack (ZIP) or an exported trail (JSON Lines) is checked by itself: no
    database is opened, and the file may be of another installation.
    """
    if file is not None and is_zipfile(file):
        from rolecall.cli.review import tell_pack

        tell_pack(file, key_file, as_json)
        return
    verdict, fault = _of_file(file, expect) if file else _of_database(expect)
    if as_json:
        print_json({"lines": verdict.lines, "last_hash": verdict.last_hash, "fault": fault})
    elif fault:
        tell(f"BROKEN: {fault}")
    else:
        tell(f"{verdict.lines} lines intact, last hash {verdict.last_hash}")
        hint("note the hash down elsewhere; a chain cut off at its end shows only against it")
    if fault:
        raise click.exceptions.Exit(1)


def _of_file(file: Path, expect: str) -> tuple[Any, str]:
    from rolecall.services.evidence.auditing import check_lines

    try:
        with file.open(encoding="utf-8") as lines:
            verdict = check_lines(lines, expect)
    except UnicodeDecodeError as error:
        hint = "give an evidence pack (ZIP) or what `rolecall audit export` wrote"
        raise Refused(f"{file} is neither a pack nor a trail", hint=hint) from error
    return verdict, verdict.fault or ("" if verdict.lines else f"{file} holds no line")


def _of_database(expect: str) -> tuple[Any, str]:
    from rolecall.services.evidence.auditing import holds_hash, verify_audit

    verdict = ask(verify_audit)
    known = not expect or ask(lambda app, actor: holds_hash(app, actor, expect))
    return verdict, verdict.fault or ("" if known else f"no line has the hash {expect}")


@audit.command(epilog="Example: rolecall audit export --with-verifier evidence > audit.jsonl")
@click.option("--csv", "as_csv", is_flag=True, help="CSV instead of JSON Lines.")
@click.option(
    "--with-verifier",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a stand-alone verifier there; it needs nothing but Python.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of JSON Lines.")
def export(as_csv: bool, directory: Path | None, as_json: bool) -> None:
    """Every line on stdout, oldest first; JSON Lines are what the verifier reads."""
    if as_csv and as_json:
        raise click.UsageError("--csv and --json are two forms; choose one")
    if as_json and directory is not None:
        raise click.UsageError("the verifier reads JSON Lines; leave --json out")
    from rolecall.services.evidence.auditing import export_audit, write_verifier

    write = _Listed(sys.stdout.write) if as_json else sys.stdout.write

    def use(app: Any, actor: Any) -> Any:
        return export_audit(app, actor, write, as_csv=as_csv)

    done = ask(use)
    if isinstance(write, _Listed):
        write.end(lines=done.lines, last_hash=done.last_hash)
    sys.stdout.flush()
    say(f"{done.lines} lines, last hash {done.last_hash}")
    if directory is not None:
        path = write_verifier(directory)
        hint(f"check it anywhere: python {path} audit.jsonl {done.last_hash}")


class _Listed:
    """JSON Lines on their way into the list of one document, whatever their number."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._before = '{"entries": ['

    def __call__(self, line: str) -> None:
        self._write(self._before + visible_in_json(line.rstrip("\n")))
        self._before = ",\n"

    def end(self, **facts: object) -> None:
        """Close the list and say what there is to say of the whole."""
        opened = self._before if self._before != ",\n" else ""
        self._write(f"{opened}],\n{json.dumps(facts)[1:]}\n")
