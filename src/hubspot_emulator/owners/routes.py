"""HTTP of owners: /crm/v3/owners and the dated forms."""

from __future__ import annotations

from hubspot_emulator.crm.asking import flag, page_limit, whole_number
from hubspot_emulator.crm.paths import DATED
from hubspot_emulator.owners import model
from hubspot_emulator.owners.wire import owner_json
from hubspot_emulator.parameters import page_of
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer, ApiError

LIST_DEFAULT, LIST_MAX = 100, 500  # HUBSPOT.md 11
# The published specifications differ by version in what else suffices.
_SCOPES = {
    "v3": ("crm.objects.owners.read", "automation", "contacts"),
    "2025-09": ("crm.objects.owners.read", "contacts"),
    "2026-03": ("crm.objects.owners.read", "automation"),
    "2026-09": ("crm.objects.owners.read", "contacts"),
    "2026-09-beta": ("crm.objects.owners.read", "contacts"),
}


def list_owners(call: Call) -> Answer:
    """A page of owners, active or archived, by the order of their ids."""
    limit = page_limit(call, LIST_DEFAULT, LIST_MAX)
    after, archived = whole_number(call, "after", 0), flag(call, "archived")
    email = call.one("email") or None
    owners, following = model.page(call.portal.crm, after, limit, archived=archived, email=email)
    tell = _tells_inactive(call)
    results = [owner_json(call.portal, owner, tell_inactive=tell) for owner in owners]
    return Answer(body=page_of(call, results, following))


def read_owner(call: Call) -> Answer:
    """One owner by its id, or by the settings user id with `idProperty=userId`."""
    id_property = call.one("idProperty") or "id"
    archived = flag(call, "archived")
    owner = model.find(call.portal.crm, call.path["ownerId"], id_property, archived=archived)
    return Answer(body=owner_json(call.portal, owner, tell_inactive=_tells_inactive(call)))


def retired(_: Call) -> Answer:
    """The owners API of version 2: 401 whatever the token (probed April 2026)."""
    message = "Any of the listed authentication credentials are missing"
    raise ApiError(401, message, category="INVALID_AUTHENTICATION")


def _tells_inactive(call: Call) -> bool:
    return call.world.switches["archived_owner_user"] == "kept"


def _routes() -> tuple[Route, ...]:
    roots = [("v3", "/crm/v3/owners")] + [(v, f"/crm/owners/{v}") for v in DATED]
    made: list[Route] = []
    for version, root in roots:
        scopes = _SCOPES[version]
        made.append(Route("GET", root, "owners.list", list_owners, scopes, version))
        item = f"{root}/{{ownerId}}"
        made.append(Route("GET", item, "owners.read", read_owner, scopes, version))
    made += [
        Route("GET", f"/owners/v2/owners{tail}", "owners.retired", retired, (), "v2")
        for tail in ("", "/{ownerId}")
    ]
    return tuple(made)


ROUTES: tuple[Route, ...] = _routes()
