"""The key that locks stored credentials, changed in place while servers and workers run.

A new key locks from now on, and everything is locked anew; the old ones go in a second step, so that
what another process locked a moment before still opens.
"""

from __future__ import annotations

from pathlib import Path

from rolecall.domain.actor import LOCAL, Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.rights import NotAllowed, need
from rolecall.store import forget_old_keys, rotate_keys


async def rotate_key(app: App, actor: Actor) -> int:
    """Lock everything with a new key; how many values. The old keys stay until `drop_old_keys`."""
    path = _key_file(app, actor)
    rotate_keys(path)
    return await _locked_anew(app, actor, "rotated the key")


async def drop_old_keys(app: App, actor: Actor) -> int:
    """Keep the current key alone, once nothing needs another; how many values still did."""
    path = _key_file(app, actor)
    count = await _locked_anew(app, actor, "dropped old keys")
    forget_old_keys(path)
    return count


def _key_file(app: App, actor: Actor) -> Path:
    """Where the keys are; only for who sits at the machine, where the file is."""
    need(actor, Role.ADMIN, ALL_PORTALS, "change the key", TokenScope.MANAGE)
    if not actor.id.startswith(LOCAL):
        raise NotAllowed("only the command line changes the key")
    keys = app.database.keys
    if keys is None or keys.path is None:
        raise Refused("this installation has no key file", hint="set ROLECALL_KEY_FILE")
    return keys.path


async def _locked_anew(app: App, actor: Actor, why: str) -> int:
    async with app.database.begin(actor, why) as work:
        count = await work.credentials.rewrap()
        work.record(Event.PORTAL_KEY_ROTATED, details={"values": str(count)})
    return count
