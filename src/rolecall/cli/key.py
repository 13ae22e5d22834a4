"""`rolecall key`: the key that locks stored credentials, changed in place."""

from __future__ import annotations

import click

from rolecall.cli.output import hint, json_option, print_json, tell
from rolecall.cli.running import ask


@click.group(epilog="Example: rolecall key rotate")
def key() -> None:
    """The key file that locks stored credentials (ROLECALL_KEY_FILE)."""


@key.command(epilog="Example: rolecall key rotate")
@json_option
def rotate(as_json: bool) -> None:
    """Lock every stored credential with a new key; servers and workers go on meanwhile."""
    from rolecall.services.connections.keys import rotate_key

    count = ask(rotate_key)
    if as_json:
        print_json({"values": count})
    else:
        tell(f"{count} values are locked with a new key")
    hint("back the key file up, then drop the old keys: `rolecall key forget`")


@key.command(epilog="Example: rolecall key forget")
@json_option
def forget(as_json: bool) -> None:
    """Drop the keys that lock nothing any more; older backups of the database need their own."""
    from rolecall.services.connections.keys import drop_old_keys

    again = ask(drop_old_keys)
    if as_json:
        print_json({"values": again})
        return
    tell("one key is left" + (f"; {again} values were locked with it first" if again else ""))
