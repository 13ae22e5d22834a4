"""Routes of both team APIs: the flat list of user provisioning, and the Teams API of 2026-09."""

from __future__ import annotations

from typing import Any

from hubspot_emulator.parameters import cursor, only, page_answer, page_size
from hubspot_emulator.refusals import invalid
from hubspot_emulator.routing import Call, Handler, Route
from hubspot_emulator.teams import model
from hubspot_emulator.teams.wire import (
    flat_row,
    read_kind,
    read_member,
    read_team,
    team_row,
)
from hubspot_emulator.users.versions import PATHS, TEAMS_READ, TEAMS_WRITE
from hubspot_emulator.wire import Answer, ApiError, timestamp

PAGE_MAX = 100
BATCH_MAX = 100


def flat_teams(call: Call) -> Answer:
    """Every team with its members and without its parent; not paged."""
    only(call)
    main, extra = model.members_of_all(call.portal)
    teams = call.portal.teams.values()
    rows = [flat_row(one, main.get(one.id, []), extra.get(one.id, [])) for one in teams]
    return Answer(200, {"results": rows})


def list_teams(call: Call) -> Answer:
    """One page of teams with their parents and without their members."""
    limit = _limit(call)
    teams, last = model.page(call.portal, cursor(call), limit)
    return page_answer(call, [team_row(one) for one in teams], last, limit)


def create_team(call: Call) -> Answer:
    """A new team."""
    only(call)
    team = model.create(call, read_team(call.json(), creating=True))
    place = f"{call.base_url}{call.url_path.rstrip('/')}/{team.id}"
    return Answer(201, team_row(team), (("Location", place),))


def read_team_by_id(call: Call) -> Answer:
    """One team."""
    only(call)
    return Answer(200, team_row(model.find(call.portal, call.path["teamId"])))


def update_team(call: Call) -> Answer:
    """Rename or move a team."""
    only(call)
    team = model.find(call.portal, call.path["teamId"])
    return Answer(200, team_row(model.update(call, team, read_team(call.json(), creating=False))))


def delete_team(call: Call) -> Answer:
    """Delete a team."""
    only(call)
    model.delete(call, model.find(call.portal, call.path["teamId"]))
    return Answer(204)


def list_members(call: Call) -> Answer:
    """One page of a team's members."""
    limit = _limit(call)
    team = model.find(call.portal, call.path["teamId"])
    rows, last = model.members_page(call.portal, team.id, cursor(call), limit)
    return page_answer(call, [one.row() for one in rows], last, limit)


def add_member(call: Call) -> Answer:
    """Put one user into a team."""
    only(call)
    team = model.find(call.portal, call.path["teamId"])
    return Answer(201, model.add_member(call, team, read_member(call.json())).row())


def add_members(call: Call) -> Answer:
    """Put up to 100 users into a team; each fails alone."""
    only(call)
    team = model.find(call.portal, call.path["teamId"])
    body = call.json()
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= BATCH_MAX:
        raise invalid(f"inputs must hold 1 to {BATCH_MAX} members", "inputs")
    results, errors = [], []
    for one in inputs:
        try:
            results.append(model.add_member(call, team, read_member(one)).row())
        except ApiError as error:
            errors.append(_failed(error, one))
    moment = timestamp(call.now)
    answer: dict[str, Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": moment,
        "completedAt": moment,
    }
    if errors:
        answer |= {"numErrors": len(errors), "errors": errors}
    return Answer(200, answer)


def remove_member(call: Call) -> Answer:
    """Take a user out of a team; without `type` only a DEFAULT membership ends."""
    only(call, ("type",))
    team = model.find(call.portal, call.path["teamId"])
    model.remove_member(call, team, call.path["userId"], read_kind(call.one("type", "DEFAULT")))
    return Answer(204)


def _failed(error: ApiError, asked: Any) -> dict[str, Any]:
    user_id = asked.get("userId") if isinstance(asked, dict) else None
    return {
        "status": "error",
        "category": error.category or "VALIDATION_ERROR",
        "message": error.message,
        "context": {"userId": [str(user_id)]},
        "errors": error.errors,
        "links": {},
    }


def _limit(call: Call) -> int:
    only(call, ("limit", "after"))
    return page_size(call, maximum=PAGE_MAX, default=PAGE_MAX)


_ONE, _MEMBERS = "/{teamId}", "/{teamId}/members"
OPERATIONS: tuple[tuple[str, str, str, Handler, tuple[str, ...]], ...] = (
    ("GET", "", "teams.list", list_teams, TEAMS_READ),
    ("POST", "", "teams.create", create_team, TEAMS_WRITE),
    ("GET", _ONE, "teams.read", read_team_by_id, TEAMS_READ),
    ("PATCH", _ONE, "teams.update", update_team, TEAMS_WRITE),
    ("DELETE", _ONE, "teams.delete", delete_team, TEAMS_WRITE),
    ("GET", _MEMBERS, "teams.members", list_members, TEAMS_READ),
    ("POST", _MEMBERS, "teams.add_member", add_member, TEAMS_WRITE),
    ("POST", _MEMBERS + "/batch", "teams.add_members", add_members, TEAMS_WRITE),
    ("DELETE", _MEMBERS + "/{userId}", "teams.remove_member", remove_member, TEAMS_WRITE),
)
ROUTES = (
    *(
        Route("GET", f"{path}/teams", "teams.flat", flat_teams, TEAMS_READ, version)
        for path, version in PATHS
    ),
    *(
        Route(method, f"/settings/teams/{version}{rest}", operation, handler, scopes, "2026-09")
        for version in ("2026-09", "2026-09-beta")
        for method, rest, operation, handler, scopes in OPERATIONS
    ),
)
