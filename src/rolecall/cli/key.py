"""`rolecall key`: the key that locks stored credentials, changed in place."""

from __future__ import annotations

import click

from rolecall.cli.output import hint, tell
from rolecall.cli.running import ask


@click.group(epilog="Example: rolecall key rotate")
def key() -> None:
    """The key file that locks stored credentials (ROLECALL_KEY_FILE)."""


@key.command(epilog="Example: rolecall key rotate")
def rotate() -> None:
    """Lock every stored credential with a new key; servers and workers go on meanwhile."""
    from rolecall.services.connections.keys import rotate_key

    tell(f"{ask(rotate_key)} values are locked with a new key")
    hint("back the key file up, then drop the old keys: `rolecall key forget`")


@key.command(epilog="Example: rolecall key forget")
def forget() -> None:
    """Drop the keys that lock nothing any more; older backups of the database need their own."""
    from rolecall.services.connections.keys import drop_old_keys

    again = ask(drop_old_keys)
    tell("one key is left" + (f"; {again} values were locked with it first" if again else ""))
