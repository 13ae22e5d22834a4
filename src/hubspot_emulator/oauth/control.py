"""Control routes of tokens and developer apps: what HubSpot makes in its own screens."""

from __future__ import annotations

from typing import Any

from hubspot_emulator.accounts import (
    ImportApp,
    import_obstacles,
    install,
    register_app,
    uninstall,
)
from hubspot_emulator.oauth.minting import mint, read_wanted
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer, timestamp

_TEXTS = ("name", "client_id", "client_secret", "target_url")
_FLAGS = ("public", "user_import")
_LISTS = ("redirect_uris", "scopes", "optional_scopes")


def make_token(call: Call) -> Answer:
    """A token of any kind, for any portal, as poor or as expired as a test wants it."""
    return Answer(200, mint(call.world, read_wanted(call.world, _fields(call)), call.now))


def list_apps(call: Call) -> Answer:
    """Every developer app with its settings and installs."""
    return Answer(200, {"apps": [_app_row(app) for app in call.world.import_apps.values()]})


def change_app(call: Call) -> Answer:
    """Register an app, or change the settings of the one named by `id`."""
    fields = _fields(call)
    app_id = fields.pop("id", None)
    known = {*_TEXTS, *_FLAGS, *_LISTS, "installed"}
    unknown = sorted(set(fields) - known)
    if unknown:
        raise ValueError(f"unknown field {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    installed = fields.pop("installed", ())
    _check(fields)
    app = call.world.import_apps.get(app_id) if isinstance(app_id, int) else None
    if app is None:
        app = register_app(call.world, fields.get("name", "App"), app_id=app_id)
    for name, value in fields.items():
        setattr(app, name, value)
    for portal_id in installed:
        _install(call, app, portal_id)
    return Answer(200, _app_row(app))


def remove_install(call: Call) -> Answer:
    """Uninstall an app from a portal, as a customer does; its tokens die."""
    app = call.world.import_apps.get(int(call.path["appId"]))
    portal = call.world.portals.get(int(call.path["portalId"]))
    if app is None or portal is None:
        raise ValueError("no such app or portal; GET /_emulator/apps lists them")
    uninstall(call.world, portal, app, _first_super_admin(call, portal.id), call.now)
    return Answer(204)


def close_portal(call: Call) -> Answer:
    """Delete a whole portal: its tokens die, refreshing answers BAD_HUB."""
    portal_id = int(call.path["portalId"])
    if portal_id not in call.world.portals or len(call.world.portals) == 1:
        raise ValueError("no such portal, or it is the only one")
    for token in [*call.world.tokens.of_portal(portal_id)]:
        token.refresh_token = None
        call.world.tokens.revoke(token.value)
    del call.world.portals[portal_id]
    return Answer(204)


def _fields(call: Call) -> dict[str, Any]:
    body = call.json()
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _check(fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        wanted: type = list if name in _LISTS else bool if name in _FLAGS else str
        if not isinstance(value, wanted) and not (name == "target_url" and value is None):
            raise ValueError(f"{name} takes a {wanted.__name__}, not {value!r}")


def _install(call: Call, app: ImportApp, portal_id: int) -> None:
    portal = call.world.portals.get(portal_id)
    if portal is None:
        raise ValueError(f"no portal {portal_id!r}")
    install(portal, app, _first_super_admin(call, portal_id), app.scopes, call.now)


def _first_super_admin(call: Call, portal_id: int) -> int:
    members = call.world.portals[portal_id].members
    return next((user_id for user_id, one in members.items() if one.super_admin), 0)


def _app_row(app: ImportApp) -> dict[str, Any]:
    return {
        "id": app.id,
        **{name: getattr(app, name) for name in (*_TEXTS, *_FLAGS, *_LISTS)},
        "installed": [
            {"portal": one.portal_id, "scopes": sorted(one.scopes), "at": timestamp(one.at)}
            for one in app.installs.values()
        ],
        "obstacles": {str(portal): import_obstacles(app, portal) for portal in app.installs},
    }


ROUTES = (
    Route("POST", "/_emulator/tokens", "control.tokens", make_token, control=True),
    Route("GET", "/_emulator/apps", "control.apps", list_apps, control=True),
    Route("POST", "/_emulator/apps", "control.change_app", change_app, control=True),
    Route(
        *("DELETE", "/_emulator/apps/{appId}/installs/{portalId}", "control.uninstall"),
        *(remove_install,),
        control=True,
    ),
    Route("DELETE", "/_emulator/portals/{portalId}", "control.close", close_portal, control=True),
)
