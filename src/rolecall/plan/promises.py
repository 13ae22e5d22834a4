"""Whether a change can be taken back, said before apply and never better than it is."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.domain.plan import ChangeKind, Undo

Value = str | tuple[str, ...] | None

_ALWAYS: Mapping[ChangeKind, tuple[Undo, str]] = {
    ChangeKind.REMOVE_USER: (
        Undo.NONE,
        "removal cannot be undone by the API: a new invitation starts without the former access",
    ),
    ChangeKind.CREATE_USER: (
        Undo.ROUGH,
        "the user can be removed again; an invitation already sent and work done stay",
    ),
    ChangeKind.DELETE_TEAM: (
        Undo.ROUGH,
        "a team of that name can be made again; it gets a new id and its views and assets are lost",
    ),
    ChangeKind.MANUAL: (Undo.NONE, "done by hand in HubSpot, and taken back by hand"),
    ChangeKind.HAND_OVER: (Undo.EXACT, "the rollback file knows every record's former owner"),
    ChangeKind.NO_OP: (Undo.EXACT, "nothing changes"),
}


def promise(kind: ChangeKind, before: Value) -> tuple[Undo, str]:
    """How well a change can be taken back, and why not better."""
    if kind in _ALWAYS:
        return _ALWAYS[kind]
    if kind is ChangeKind.SET_PERMISSION_SET:
        return _of_set(before)
    if kind is ChangeKind.SET_SEATS and before is None:
        return Undo.NONE, "HubSpot did not tell the former seat"
    if kind is ChangeKind.SET_SEATS:
        return Undo.EXACT, "as long as the former seat is still free then"
    return Undo.EXACT, ""


def _of_set(before: Value) -> tuple[Undo, str]:
    if before is None:
        reason = "individually granted permissions cannot be read or restored by the API"
        return Undo.NONE, reason
    if isinstance(before, tuple):
        return Undo.NONE, "the API writes one permission set; the former several need HubSpot"
    return Undo.EXACT, ""
