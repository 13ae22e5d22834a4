"""Control routes of what no API shows: the users export, permission history, and the truth."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hubspot_emulator.granular import export
from hubspot_emulator.granular.columns import HEADERS
from hubspot_emulator.granular.history import history_export
from hubspot_emulator.granular.truth import truth
from hubspot_emulator.parameters import one_of
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer

_CHOICES = {
    "separator": tuple(export.SEPARATORS),
    "encoding": tuple(export.ENCODINGS),
    "language": tuple(HEADERS),
    "lists": tuple(export.LIST_SEPARATORS),
    "permissions": ("labels", "ids"),
    "access": ("stored", "effective"),
    "layout": ("long", "wide"),
    "order": ("as_documented", "reversed", "shuffled"),
}
_FLAGS = ("deactivated", "seats", "spreadsheet", "truncated", "foreign")
_NO, _YES = ("no", "false", "0"), ("yes", "true", "1")
_NAMES = {*_CHOICES, *_FLAGS, "unknown_columns", "as_of", "portal"}


def users_export(call: Call) -> Answer:
    """The users export as a file; see docs/emulator-apps.md for its variants."""
    unknown = sorted(set(call.query) - _NAMES)
    if unknown:
        raise ValueError(f"no variant {', '.join(unknown)}; there are: {', '.join(sorted(_NAMES))}")
    options = _options(call)
    day = options.as_of or call.now
    body = export.users_export(call.world, call.portal, options)
    return _file(body, f"hubspot-users-export-{day:%Y-%m-%d}.csv")


def permission_history(call: Call) -> Answer:
    """The permission-history export of one user (`user` = e-mail), or of everybody."""
    email = call.one("user")
    identity = None if email is None else call.world.identity(email)
    if email is not None and identity is None:
        raise ValueError(f"no user {email!r}")
    user_id = None if identity is None else identity.id
    body = history_export(call.world, call.portal, call.now, user_id)
    return _file(body, "permission-history.csv")


def read_truth(call: Call) -> Answer:
    """Stored and effective permissions of every user."""
    return Answer(200, truth(call.world, call.portal))


def _options(call: Call) -> export.ExportOptions:
    as_of = call.one("as_of")
    chosen: dict[str, Any] = {name: one_of(call, name, values) for name, values in _CHOICES.items()}
    chosen |= {name: one_of(call, name, _NO + _YES) in _YES for name in _FLAGS}
    chosen["unknown_columns"] = int(call.one("unknown_columns", "0") or 0)
    if as_of is not None:
        chosen["as_of"] = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    return export.ExportOptions(**chosen)


def _file(body: bytes, name: str) -> Answer:
    headers = (("Content-Disposition", f'attachment; filename="{name}"'),)
    return Answer(200, body, headers, "text/csv")


ROUTES = (
    Route("GET", "/_emulator/users-export.csv", "control.export", users_export, control=True),
    Route(
        *("GET", "/_emulator/permission-history.csv", "control.history", permission_history),
        control=True,
    ),
    Route("GET", "/_emulator/truth", "control.truth", read_truth, control=True),
)
