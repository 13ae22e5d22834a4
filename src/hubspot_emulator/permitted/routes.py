"""HTTP of record permissions: /resource-permissions/v3/permitted-users, whole and paged."""

from __future__ import annotations

from typing import Any

from hubspot_emulator.crm.asking import page_limit, whole_number
from hubspot_emulator.permitted import model
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer, ApiError, not_found

RESOURCES_MAX = 20  # measured by a third party (HUBSPOT.md 2.4)
PAGE_DEFAULT, PAGE_MAX = 100, 1000
_ROOT = "/resource-permissions/v3/permitted-users"
_SCOPES = ("settings.users.read", "crm.objects.users.read")


def permitted_users(call: Call) -> Answer:
    """Users per action for up to 20 records; records that are gone are left out."""
    names = call.query.get("resource", [])
    if not 1 <= len(names) <= RESOURCES_MAX:
        text = f"Between 1 and {RESOURCES_MAX} resources may be asked for, but was {len(names)}"
        raise ApiError(400, text)
    found = [model.resource_named(call.portal, name) for name in names]
    shown = {one.name: _actions(model.permitted(call.portal, one)) for one in found if one}
    return Answer(body={"resources": shown})


def permitted_users_page(call: Call) -> Answer:
    """Users per action for one record, a page of users at a time."""
    resource = model.resource_named(call.portal, call.one("resource") or "")
    if resource is None:
        raise not_found()
    after = whole_number(call, "after", 0)
    limit = page_limit(call, PAGE_DEFAULT, PAGE_MAX)
    allowed = model.permitted(call.portal, resource)
    users = sorted({user_id for ids in allowed.values() for user_id in ids if user_id > after})
    page = frozenset(users[:limit])
    shown = {action: [i for i in ids if i in page] for action, ids in allowed.items()}
    body: dict[str, Any] = {"resources": {resource.name: _actions(shown)}}
    if len(users) > limit:
        body["paging"] = {"next": {"after": str(users[limit - 1])}}
    return Answer(body=body)


def _actions(allowed: dict[str, list[int]]) -> dict[str, Any]:
    return {action: {"permittedUsers": ids} for action, ids in allowed.items()}


ROUTES: tuple[Route, ...] = (
    Route("GET", _ROOT, "permitted_users.read", permitted_users, _SCOPES),
    Route("GET", f"{_ROOT}/paged", "permitted_users.page", permitted_users_page, _SCOPES),
)
