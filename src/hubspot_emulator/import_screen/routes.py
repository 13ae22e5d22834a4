"""Routes of the import screen, of HubSpot's test target, and of sending one event by hand."""

from __future__ import annotations

from typing import Any

import msgspec

from hubspot_emulator.accounts import ImportApp, import_obstacles
from hubspot_emulator.import_screen import journey
from hubspot_emulator.import_screen.events import EVENTS, FORGERIES, Event, send
from hubspot_emulator.import_screen.sample import SAMPLE_PATH, answer_of
from hubspot_emulator.pages import form_of, render
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer
from hubspot_emulator.world import Portal

ROWS_SHOWN = 100
_FIELDS = {"event", "app", "portal", "target", "signatures", "forge", "account"}


def users_and_teams(call: Call) -> Answer:
    """Settings > Users & Teams."""
    portal = _portal(call)
    rows = [
        (call.world.identities[user_id], member)
        for user_id, member in [*portal.members.items()][:ROWS_SHOWN]
    ]
    total = len(portal.members)
    return _page("users.html", portal, rows=rows, total=total)


def create_user(call: Call) -> Answer:
    """Create user, with the sources for creating several at once."""
    portal = _portal(call)
    if journey.acting_user(call, portal) is None:
        return _page("refused.html", portal, status=403)
    return _page("create.html", portal, apps=journey.sources(call, portal))


async def choose_account(call: Call) -> Answer:
    """FETCH_ACCOUNTS, and the choice of one."""
    portal, app = _portal(call), _app(call)
    sent = await journey.fetch(call, portal, app, "FETCH_ACCOUNTS")
    return _page("accounts.html", portal, app=app, sent=sent)


async def choose_users(call: Call) -> Answer:
    """FETCH_USERS; everybody is chosen at first, those already here cannot be."""
    portal, app = _portal(call), _app(call)
    sent = await journey.fetch(call, portal, app, "FETCH_USERS")
    people = journey.offered(call, portal, sent.payload)
    sets = portal.permission_sets.values()
    return _page("people.html", portal, app=app, sent=sent, people=people, sets=sets)


def create_users(call: Call) -> Answer:
    """Create those who were chosen, and say what became of each."""
    portal = _portal(call)
    actor = journey.acting_user(call, portal)
    if actor is None:
        return _page("refused.html", portal, status=403)
    fields = form_of(call.raw_body)
    rows = [_row(value) for name, value in fields if name == "user"]
    once = dict(fields)
    done = journey.create(call, portal, actor, rows, once.get("seat", ""), once.get("role", ""))
    return _page("done.html", portal, done=done)


def _row(text: str) -> dict[str, Any]:
    row = msgspec.json.decode(text)
    if not isinstance(row, dict) or not isinstance(row.get("email"), str):
        raise ValueError("a chosen user must be a JSON object with an e-mail")
    return row


async def send_event(call: Call) -> Answer:
    """Send one event, rightly signed or forged, and show what came back.

    To the app's own target it goes only when HubSpot would send it; to a named one always.
    """
    fields = call.json()
    if not isinstance(fields, dict) or set(fields) - _FIELDS:
        raise ValueError(f"the body takes {', '.join(sorted(_FIELDS))}")
    app = _named_app(call, fields.get("app"))
    portal_id = int(fields.get("portal") or call.portal.id)
    obstacles = [] if fields.get("target") else import_obstacles(app, portal_id)
    if obstacles:
        raise ValueError(f"HubSpot would send nothing: {'; '.join(obstacles)}")
    event = Event(
        name=_chosen(fields.get("event"), EVENTS),
        portal_id=portal_id,
        target=str(fields.get("target") or app.target_url or ""),
        versions=tuple(_chosen(one, ("v1", "v2", "v3")) for one in _versions(fields)),
        forge=_chosen(fields.get("forge") or "", ("", *FORGERIES)),
        account_id=fields.get("account"),
    )
    return Answer(200, (await send(app, event, call.now)).as_dict())


def _versions(fields: dict[str, Any]) -> list[str]:
    given = fields.get("signatures", ["v3", "v1"])
    if not isinstance(given, list):
        raise ValueError(f"signatures is a list, not {given!r}")
    return given


def _chosen(value: object, among: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in among:
        raise ValueError(f"{value!r} is none of {', '.join(one for one in among if one)}")
    return value


def _named_app(call: Call, app_id: object) -> ImportApp:
    apps = call.world.import_apps
    switched_on = (app for app in apps.values() if app.user_import)
    found = next(switched_on, None) if app_id is None else apps.get(int(str(app_id)))
    if found is None:
        raise ValueError("no such app; POST /_emulator/apps registers one")
    return found


def sample_target(call: Call) -> Answer:
    """HubSpot's test target, as any server of an app would be called."""
    status, body = answer_of(call.path["event"], call.raw_body)
    return Answer(status, body or None)


def _portal(call: Call) -> Portal:
    wanted = call.path["portalId"]
    portal = call.world.portals.get(int(wanted)) if wanted.isdecimal() else None
    if portal is None:
        raise ValueError(f"no portal {wanted}")
    return portal


def _app(call: Call) -> ImportApp:
    app = _named_app(call, call.path["appId"])
    if app not in journey.sources(call, _portal(call)):
        raise ValueError(f"{app.name} is no User import source here; see GET /_emulator/apps")
    return app


def _page(name: str, portal: Portal, *, status: int = 200, **values: Any) -> Answer:
    base = f"/_emulator/screens/{portal.id}/users"
    return render("import_screen", name, status=status, portal=portal, base=base, **values)


_SCREEN = "/_emulator/screens/{portalId}/users"
_IMPORT = f"{_SCREEN}/import/{{appId}}"
ROUTES = (
    Route("GET", _SCREEN, "screens.users", users_and_teams, control=True),
    Route("GET", f"{_SCREEN}/create", "screens.create", create_user, control=True),
    Route("GET", _IMPORT, "screens.accounts", choose_account, control=True),
    Route("POST", f"{_IMPORT}/people", "screens.people", choose_users, control=True),
    Route("POST", f"{_IMPORT}/create", "screens.import", create_users, control=True),
    Route("POST", "/_emulator/import-source", "control.import_source", send_event, control=True),
    Route(
        *("POST", f"{SAMPLE_PATH}/feature/USER_IMPORT/event/{{event}}", "sample.event"),
        *(sample_target,),
        open=True,
    ),
)
