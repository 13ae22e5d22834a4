"""Routes of settings users under every path form: list, create, read, update, remove."""

from __future__ import annotations

from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.parameters import cursor, one_of, only, page_answer, page_size
from hubspot_emulator.refusals import unparsable
from hubspot_emulator.routing import Call, Handler, Route
from hubspot_emulator.users import model
from hubspot_emulator.users.versions import PATHS, READ, WRITE
from hubspot_emulator.users.wire import read_invitation, read_update, user_row
from hubspot_emulator.wire import Answer, html_page

PAGE_MAX = 100
ID_PROPERTIES = ("USER_ID", "EMAIL")


def list_users(call: Call) -> Answer:
    """One page of users, 100 at most."""
    only(call, ("limit", "after"))
    clamp = call.world.switches["users_limit_above_100"] == "clamp"
    limit = page_size(call, maximum=PAGE_MAX, default=PAGE_MAX, clamp=clamp)
    rows, last = model.page(call, cursor(call), limit)
    results = [user_row(identity, member, call.version) for identity, member in rows]
    return page_answer(call, results, last, limit)


def create_user(call: Call) -> Answer:
    """Invite somebody; the welcome e-mail is told of here and nowhere else."""
    only(call)
    asked = read_invitation(
        call.json(),
        call.version,
        welcome_required=call.world.switches["welcome_email_field"] == "required",
        strict=_strict(call),
    )
    identity, member = model.create(call, asked)
    row = user_row(identity, member, call.version)
    row["sendWelcomeEmail"] = asked.welcome_email
    place = f"{call.base_url}{call.url_path.rstrip('/')}/{identity.id}"
    return Answer(201, row, (("Location", place),))


def read_user(call: Call) -> Answer:
    """One user by id or e-mail."""
    word, by = _named(call)
    if isinstance(by, Answer):
        return by
    identity, member = model.find(call, word, by)
    return Answer(200, user_row(identity, member, call.version, item=True))


def update_user(call: Call) -> Answer:
    """Change a user; the answer names the person only when the request did (recorded 2026)."""
    word, by = _named(call)
    if isinstance(by, Answer):
        return by
    wish = read_update(call.json(), call.version, strict=_strict(call))
    identity, member = model.update(call, word, by, wish)
    return Answer(200, user_row(identity, member, call.version, item=True, names=wish.names))


def remove_user(call: Call) -> Answer:
    """Take a user out of the portal."""
    word, by = _named(call)
    if isinstance(by, Answer):
        return by
    model.remove(call, word, by)
    return Answer(204)


def _strict(call: Call) -> bool:
    return call.world.switches["unknown_body_fields"] == "reject"


def _named(call: Call) -> tuple[str, str | Answer]:
    """The word in the path and what kind it is, or the page HubSpot answers for nonsense."""
    only(call, ("idProperty",))
    by, word = one_of(call, "idProperty", ID_PROPERTIES), call.path["userId"]
    if by == "EMAIL" or as_id(word) is not None:
        return word, by
    if call.world.switches["non_numeric_user_id"] == "bad_request_400":
        raise unparsable("path", "userId")
    return word, html_page(404, "Not Found")


OPERATIONS: tuple[tuple[str, str, str, Handler, tuple[str, ...]], ...] = (
    ("GET", "", "users.list", list_users, READ),
    ("POST", "", "users.create", create_user, WRITE),
    ("GET", "/{userId}", "users.read", read_user, READ),
    ("PUT", "/{userId}", "users.update", update_user, WRITE),
    ("DELETE", "/{userId}", "users.remove", remove_user, WRITE),
)
ROUTES = tuple(
    Route(method, path + rest, operation, handler, scopes, version)
    for path, version in PATHS
    for method, rest, operation, handler, scopes in OPERATIONS
)
