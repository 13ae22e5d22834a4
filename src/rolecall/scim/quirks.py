"""What identity providers send that is not SCIM, brought into the form it was meant in.

Each with who sends it; anything else goes on unchanged to the library, which refuses it.
"""

from __future__ import annotations

import re
from typing import Any

_PRIMARY = re.compile(r'\bprimary eq "(true|false)"', re.IGNORECASE)


def mended(method: str, body: Any) -> Any:
    """A request body with the known quirks undone; the given one is not changed."""
    if not isinstance(body, dict):
        return body
    if method != "PATCH":
        return _manager_inside(body)
    operations = body.get("Operations", body.get("operations"))
    if not isinstance(operations, list):
        return body
    return {**body, "Operations": [_operation(one) for one in operations]} if operations else body


def _operation(operation: Any) -> Any:
    if not isinstance(operation, dict):
        return operation
    path, value = operation.get("path"), operation.get("value")
    if not isinstance(path, str):
        return (
            {**operation, "value": _manager_inside(value)} if isinstance(value, dict) else operation
        )
    # Entra: roles[primary eq "True"].value
    told = {**operation, "path": _PRIMARY.sub(lambda found: f"primary eq {found[1].lower()}", path)}
    # Entra sends the id of a manager alone
    if path.casefold().rpartition(":")[2] == "manager":
        told["value"] = _manager(value)
    return told


def _manager_inside(value: dict[str, Any]) -> dict[str, Any]:
    """The same where the manager is inside the enterprise extension."""
    mended_: dict[str, Any] = {}
    for key, one in value.items():
        if isinstance(one, dict) and key.casefold().endswith("enterprise:2.0:user"):
            one = {
                name: _manager(inner) if name.casefold() == "manager" else inner
                for name, inner in one.items()
            }
        elif key.casefold().endswith("enterprise:2.0:user:manager"):
            one = _manager(one)
        mended_[key] = one
    return mended_


def _manager(value: Any) -> Any:
    """A manager's id as the object it should be; no id is no manager."""
    if not isinstance(value, str):
        return value
    return {"value": value} if value else None
