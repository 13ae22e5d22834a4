"""Actors by the names people know: ids stand in the store, names on screens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rolecall.services.app import App


async def names_of_actors(app: App, ids: Iterable[str]) -> Mapping[str, str]:
    """A name for each actor id; whoever is not known any more keeps the id."""
    wanted = {one for one in ids if one}
    if not wanted:
        return {}
    async with app.database.read() as view:
        known = {one.actor_id: one for one in await view.operators.all()}
    named = {}
    for one in wanted:
        kind, _, rest = one.partition(":")
        if one in known:
            named[one] = known[one].name or known[one].email
        elif kind == "local":
            named[one] = f"{rest} at the command line"
        elif kind == "approver":
            named[one] = rest
        else:
            named[one] = "Rolecall" if one == "system" else one
    return named
