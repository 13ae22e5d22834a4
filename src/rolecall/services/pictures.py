"""Whole pictures of portals, kept in memory: a sealed one does not change, and loading a big one
takes longer than most of what is asked of it.
"""

from __future__ import annotations

from collections import OrderedDict

from rolecall.domain.snapshot import Snapshot
from rolecall.store import View

MOST_USERS = 60_000  # of all pictures kept together, about 60 MB; the newest one stays in any case
_HELD: OrderedDict[str, Snapshot] = OrderedDict()


async def whole_picture(view: View, hub_id: int, *, complete: bool = False) -> Snapshot | None:
    """The newest (complete) picture of a portal with its users; None before the first."""
    head = await view.snapshots.head(hub_id, complete=complete)
    if head is None:
        return None
    held = _HELD.get(head.id)
    if held is None:
        held = await view.snapshots.load(hub_id, snapshot_id=head.id)
        if held is not None:
            _hold(held)
    else:
        _HELD.move_to_end(head.id)
    return held


def _hold(picture: Snapshot) -> None:
    """Keep a picture instead of the portal's former one; the longest unused ones make room."""
    for one in [key for key, old in _HELD.items() if old.hub_id == picture.hub_id]:
        del _HELD[one]
    _HELD[picture.id] = picture
    while len(_HELD) > 1 and sum(len(one.users) for one in _HELD.values()) > MOST_USERS:
        _HELD.popitem(last=False)
