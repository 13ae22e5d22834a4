"""Every use case against those who should not: the list is read from the code, not written here.

A new use case is called by all of these tests at once. It fails them until it checks who asks; what
needs no check stands below with its reason.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import rolecall
from rolecall.domain.actor import Actor, Role
from rolecall.kit.errors import RolecallError
from rolecall.services.rights import NotAllowed, ReadOnly
from rolecall.store.errors import NotThere
from rolecall.store.tables import metadata
from tests.support.governed import HUB, OTHER, Governed, governed
from tests.support.use_cases import Furniture, furnished, use_cases

CASES = dict(use_cases())
# About oneself alone, or nothing but what the caller's own roles say.
NO_CHECK = {
    "connections.portals.portals_of": "the portals of one's own roles",
    "connections.portals.portal_to_ask": "a portal of one's own roles",
    "operators.operators.linked_actor": "the command line's own actor",
    "evidence.auditing.note_tool_call": "the line about the caller's own call, refused ones too",
}
# Parts of other use cases, after their check; no face may call them (see below).
INNER = {
    "drafts.access_file.keep_text": "after `propose plans` was checked",
    "plans.plans.retire": "after the plan that takes the place was proposed",
    "plans.lifecycle.expire_due": "for the wake-up, which acts as Rolecall",
    "plans.elevating.return_due": "for the wake-up, which acts as Rolecall",
}
CHECKED = sorted(CASES.keys() - NO_CHECK.keys() - INNER.keys())
# What somebody who may only ask for access is let do in their own portal.
FOR_REQUESTERS = {
    "requests.requests.file_request", "requests.views.catalogue", "requests.views.preview_request",
    "requests.views.profile_titles",
    "requests.views.list_requests", "requests.views.waiting_for", "reviews.views.list_campaigns",
    "reviews.views.my_reviews", "reviews.views.list_items", "connections.portals.list_portals",
    "plans.plans.list_plans", "plans.listing.plans_page", "tasks.list_tasks", "scim.clients.list_clients", "telling.webhooks.list_webhooks",
    "syncs.syncing.sync_all", "operators.tokens.list_tokens", "operators.operators.own_sessions",
    "operators.own_sign_in.own_factor", "operators.second_factor.begin_second_factor",
    "plans.lifecycle.plan_moves",
}  # fmt: skip
# What a list answers to somebody of another portal must be of that portal alone.
LISTS = {
    "connections.portals.list_portals", "plans.plans.list_plans", "plans.listing.plans_page",
    "tasks.list_tasks",
    "requests.views.waiting_for", "reviews.views.my_reviews", "scim.clients.list_clients",
    "telling.webhooks.list_webhooks", "operators.tokens.list_tokens",
    "operators.operators.list_operators", "operators.operators.own_sessions",
    "operators.own_sign_in.own_factor", "operators.second_factor.begin_second_factor",
    "plans.lifecycle.plan_moves",
}  # fmt: skip
# Looking at HubSpot and for findings goes on in read-only mode, and so does looking after one's own
# sign-in and the key; the first evidence pack makes the key it is signed with.
IN_READ_ONLY = {
    "syncs.syncing.sync_portal", "syncs.syncing.sync_all", "upkeep.look",
    "findings.findings.list_findings", "inventory.cards.show_user",
    "connections.portals.check_portal", "operators.operators.change_password",
    "operators.operators.end_session", "operators.second_factor.begin_second_factor",
    "operators.second_factor.confirm_second_factor", "operators.second_factor.drop_second_factor",
    "operators.operators.first_operator_link", "operators.operators.link_local_user",
    "operators.tokens.revoke_token", "connections.keys.rotate_key",
    "connections.keys.drop_old_keys", "evidence.evidence.campaign_pack",
    "evidence.evidence.holdings_pack",
}  # fmt: skip
TRAIL = {"audit", "audit_head", "sign_in_tries"}  # looking may be written down


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Governed]:
    """Two portals, everything in the first."""
    async with governed("", tmp_path) as opened:
        yield opened


async def contents(room: Governed, but: frozenset[str] = frozenset()) -> dict[str, list[Any]]:
    """Every row of the store."""
    async with room.app.database.read() as view:
        return {
            table.name: sorted(map(repr, await view.connection.execute(select(table))))
            for table in metadata.sorted_tables
            if table.name not in but
        }


async def outcome(room: Governed, actor: Actor, name: str, house: Furniture) -> Any:
    """The answer of a use case, or the error it refused with."""
    try:
        return await CASES[name](app=room.app, actor=actor, **house.arguments(name, CASES[name]))
    except RolecallError as error:
        return error


def let_through(told: dict[str, Any]) -> dict[str, Any]:
    """What was not refused as nobody's business; of one's own sign-in any refusal will do."""
    return {
        name: one
        for name, one in told.items()
        if not isinstance(one, NotAllowed | NotThere)
        and not (name.startswith("operators.") and isinstance(one, RolecallError))
    }


async def test_a_token_without_its_scope_does_nothing(room: Governed) -> None:
    """An admin's token with every role and no scope is refused by every use case, unseen."""
    house = await furnished(room)
    everywhere = {0: frozenset({Role.ADMIN}), HUB: frozenset({Role.ADMIN})}
    token = Actor("token:t", "t", everywhere, "ana@acme.test", frozenset(), "api", "operator:x")
    before = await contents(room)

    told = {name: await outcome(room, token, name, house) for name in CHECKED}
    assert {} == {name: one for name, one in told.items() if not isinstance(one, NotAllowed)}
    assert before == await contents(room)


async def test_an_admin_of_another_portal_is_told_nothing(room: Governed) -> None:
    """Ids of another portal open nothing and say nothing, whoever one is elsewhere."""
    house = await furnished(room)
    eve = await room.operator("eve@other.test", Role.ADMIN, hub_id=OTHER)
    before = await contents(room)

    others = [name for name in CHECKED if name != "syncs.syncing.sync_all"]  # reads eve's own
    told = {name: await outcome(room, eve, name, house) for name in others}
    listed = {name: one for name, one in told.items() if name in LISTS}
    known = (f"hub_id={HUB}", "'acme'", "called acme")
    assert {} == {
        name: one for name, one in listed.items() if any(word in repr(one) for word in known)
    }
    assert {} == let_through({name: told[name] for name in told.keys() - LISTS})
    after = await contents(room, frozenset({"sign_in_tries", "secrets"}))
    assert {key: before[key] for key in after} == after


async def test_a_requester_only_asks(room: Governed) -> None:
    """Who may ask for access reads no user, no plan and no setting, and changes none."""
    house = await furnished(room)
    kim = await room.operator("kim@acme.test", Role.REQUESTER)
    before = await contents(room)

    asked = [name for name in CHECKED if name not in FOR_REQUESTERS]
    assert {} == let_through({name: await outcome(room, kim, name, house) for name in asked})
    after = await contents(room, frozenset({"sign_in_tries"}))
    assert {key: before[key] for key in after} == after


async def test_a_read_only_installation_stays_as_it_is(room: Governed) -> None:
    """Not even the command line writes, whatever the use case; what looked says so in the trail."""
    house = await furnished(room)
    security = replace(room.app.choices.security, read_only=True)
    app = replace(room.app, choices=replace(room.app.choices, security=security))
    still = replace(room, app=app)
    before = await contents(room, frozenset(TRAIL))

    asked = [name for name in CHECKED if name not in IN_READ_ONLY]
    told = [await outcome(still, room.local, name, house) for name in asked]
    assert before == await contents(room, frozenset(TRAIL))
    assert 40 < sum(isinstance(one, ReadOnly) for one in told)


def test_the_lists_name_what_there_is() -> None:
    """An entry whose use case is gone, or renamed, goes too."""
    listed = {*NO_CHECK, *INNER, *FOR_REQUESTERS, *LISTS, *IN_READ_ONLY}

    assert set() == listed - CASES.keys()


# Use cases that are not told who asks, and why a face may call them all the same.
WITHOUT_ACTOR = {
    "connections.installing.finish_installing": "holds the app's own secret; stores nothing",
    "connections.installing.revive_install": "holds the app's own secret; stores nothing",
    "connections.links.back_from_hubspot": "link, state and cookie are the right; as its maker today",
    "connections.links.leave_for_hubspot": "the link itself is the right",
    "connections.links.look_at_invitation": "the link itself is the right",
    "duties.duties_of": "the server's own duties, done as Rolecall",
    "duties.waker_of": "the server's own duties, done as Rolecall",
    "evidence.evidence.public_key": "public by its nature",
    "health.figures": "numbers by hub id, for monitoring",
    "health.ready": "whether the store answers",
    "naming.names_of_actors": "names for ids the caller was shown",
    "operators.links.address_of": "a text",
    "operators.links.peek_link": "the link itself is the right",
    "operators.operators.accept_link": "the link itself is the right",
    "operators.operators.become_first_operator": "the link itself is the right",
    "operators.provider.arrive": "proves who somebody is",
    "operators.provider.depart": "begins to prove who somebody is",
    "operators.sign_in.actor_of_session": "proves who somebody is",
    "operators.sign_in.sign_in": "proves who somebody is",
    "operators.sign_in.sign_out": "ends one's own session",
    "operators.tokens.authenticate": "proves who somebody is",
    "permissions.packs.find_known_pack": "shipped files by id, no portal's data",
    "permissions.packs.find_pack": "files of the command line; HTTP faces go by id",
    "permissions.packs.list_packs": "shipped files, no portal's data",
    "repeats.claim_key": "after the token was found valid",
    "repeats.keep_answer": "after the token was found valid",
    "repeats.release_key": "after the token was found valid",
    "requests.requests.answer_by_link": "the link itself is the right",
    "scim.clients.pusher_of": "proves who pushes",
    "scim.kept.keep_line": "the log of what was pushed, after the pusher was known",
    "structure.catalogue_view": "the catalogue as shipped and added to, no portal's data",
    "telling.lost.outlets_of": "which ways out are set up, no secret of theirs",
    "upkeep.settle_requests": "the clock's own work, a moment earlier",
    "upkeep.settle_reviews": "the clock's own work, a moment earlier",
}
HTTP_FACES = ("api", "import_source", "mcp", "scim", "web")
FACES = ("cli", *HTTP_FACES, "server.py")
ROOM = "rolecall.services."


def called_by_faces(faces: tuple[str, ...] = FACES) -> dict[str, Any]:
    """Every use case a face imports, by name."""
    root = Path(inspect.getfile(rolecall)).parent
    found = {}
    for face in faces:
        paths = [root / face] if face.endswith(".py") else sorted((root / face).rglob("*.py"))
        for path in paths:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(ROOM[:-1]):
                    module = import_module(node.module or "")
                    for one in (getattr(module, alias.name, None) for alias in node.names):
                        if inspect.isfunction(one):
                            found[f"{one.__module__.removeprefix(ROOM)}.{one.__name__}"] = one
    return found


def test_faces_call_what_checks_who_asks() -> None:
    """What is handed the installation and no actor needs a reason, and no face calls inner parts."""
    called = called_by_faces()
    unasked = {
        name
        for name, one in called.items()
        if "app" in (words := inspect.signature(one).parameters.keys())
        and not words & {"actor", "pusher"}  # an authenticated identity provider and its portal
    }

    assert (set(), set()) == (unasked - WITHOUT_ACTOR.keys(), WITHOUT_ACTOR.keys() - unasked)
    assert set() == called.keys() & INNER.keys()


def test_files_of_a_callers_choice_are_read_by_the_command_line_alone() -> None:
    """A pack is named by a path there; over HTTP that would read any file of ours."""
    assert "permissions.packs.find_pack" not in called_by_faces(HTTP_FACES)
