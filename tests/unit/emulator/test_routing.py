"""Finding the route of a path, and switches refusing what they do not know."""

from __future__ import annotations

import pytest

from hubspot_emulator.registry import all_routes
from hubspot_emulator.routing import Call, Route, Router
from hubspot_emulator.switches import SWITCHES, Switches
from hubspot_emulator.wire import Answer


def _nothing(_: Call) -> Answer:
    return Answer()


ROUTER = Router(
    (
        Route("GET", "/users/{userId}", "read", _nothing),
        Route("GET", "/users/roles", "roles", _nothing),
        Route("GET", "/users/{userId}/notes", "notes", _nothing),
    )
)


@pytest.mark.parametrize(
    ("path", "operation", "parameters"),
    [
        ("/users/7", "read", {"userId": "7"}),
        ("/users/7/", "read", {"userId": "7"}),
        ("/users/roles", "roles", {}),
        ("/users/roles/notes", "notes", {"userId": "roles"}),
        ("/users/a%2Fb%40c", "read", {"userId": "a/b@c"}),
    ],
)
def test_match(path: str, operation: str, parameters: dict[str, str]) -> None:
    """Literal segments win, slashes at the end do not matter, encoded ones stay inside."""
    match = ROUTER.match("GET", path)

    assert match.route is not None
    assert (match.route.operation, match.parameters) == (operation, parameters)


def test_wrong_verb_and_unknown_path() -> None:
    """A wrong verb knows its path, an unknown path does not."""
    assert ROUTER.match("PUT", "/users/7").known_path is True
    assert ROUTER.match("GET", "/people").known_path is False


def test_all_routes_fit_together() -> None:
    """No two resources claim one verb of one path, and one operation means one verb."""
    router = Router(all_routes())

    verbs: dict[str, set[str]] = {}
    for route in router.routes:
        verbs.setdefault(route.operation, set()).add(route.method)
    several = {name for name, found in verbs.items() if len(found) > 1}
    assert several <= {"crm.unknown"}  # an unknown object type answers the same to any verb


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda one: one.name)
def test_switch_defaults(switch: object) -> None:
    """Each switch starts at its default and takes each of its answers."""
    one = next(item for item in SWITCHES if item is switch)
    switches = Switches()

    assert switches[one.name] == one.default
    for answer in one.answers:
        switches.choose(one.name, answer)
        assert switches[one.name] == answer
