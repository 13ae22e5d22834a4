"""Routes as data, and the tree that finds one for a method and path. Knows no resource."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from hubspot_emulator.wire import Answer, ApiError

if TYPE_CHECKING:
    from datetime import datetime

    from hubspot_emulator.tokens import Token
    from hubspot_emulator.world import Portal, World


@dataclass(slots=True)
class Call:
    """One request on its way to a handler, after auth, scopes and limits let it through."""

    world: World
    portal: Portal
    token: Token
    method: str
    path: dict[str, str]
    query: dict[str, list[str]]
    raw_body: bytes
    headers: dict[str, str]
    version: str
    now: datetime
    base_url: str = ""
    url_path: str = ""  # as asked for, still encoded

    def one(self, name: str, default: str | None = None) -> str | None:
        """The last value of a query parameter."""
        values = self.query.get(name)
        return values[-1] if values else default

    def json(self) -> Any:
        """The body as JSON; ApiError 400 in HubSpot's words when it is none."""
        try:
            return msgspec.json.decode(self.raw_body.removeprefix(BOM_UTF8) or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ApiError(400, f"Invalid input JSON on line 1, column 1: {error}") from error


# Nearly every handler answers at once; those that call somebody else's server are awaited.
Handler = Callable[[Call], Answer | Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation under one path form."""

    method: str
    template: str  # /settings/v3/users/{userId}; trailing slashes never matter
    operation: str  # users.read: the same under every version, faults are keyed by it
    handler: Handler
    scopes: tuple[str, ...] = ()  # any one suffices; () = any valid token
    version: str = "v3"
    open: bool = False  # needs no token (OAuth, token info)
    search: bool = False  # search limit instead of burst, no rate headers
    silent: bool = False  # counts like any other call, but tells no rate headers
    control: bool = False  # never part of HubSpot: no auth, limits, faults, recorder


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    name: str = ""
    routes: dict[str, Route] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """What the tree found: a route with its path parameters, or the verbs the path knows."""

    route: Route | None
    parameters: dict[str, str]
    known_path: bool
    methods: tuple[str, ...] = ()  # the verbs of the path


class Router:
    """Finds the route of a method and path; literal segments win over parameters."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self.routes = tuple(routes)
        for route in self.routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in _segments(route.template):
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node(name=segment[1:-1])
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, _Node())
        if route.method in node.routes:
            raise ValueError(f"two routes for {route.method} {route.template}")
        node.routes[route.method] = route

    def match(self, method: str, raw_path: str) -> Match:
        """Match on the raw (still encoded) path, so an encoded slash stays in its segment."""
        found = _walk(self._root, _segments(raw_path), 0, [])
        if found is None:
            return Match(None, {}, known_path=False)
        node, values = found
        route = node.routes.get("GET" if method == "HEAD" else method)
        names = [s[1:-1] for s in _segments(route.template) if s[0] == "{"] if route else []
        known = tuple(node.routes)
        return Match(route, dict(zip(names, values, strict=False)), known_path=True, methods=known)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _walk(node: _Node, rest: list[str], at: int, seen: list[str]) -> tuple[_Node, list[str]] | None:
    if at == len(rest):
        return (node, seen) if node.routes else None
    literal = node.literals.get(unquote(rest[at]))
    if literal is not None:
        found = _walk(literal, rest, at + 1, seen)
        if found is not None:
            return found
    if node.parameter is None:
        return None
    return _walk(node.parameter, rest, at + 1, [*seen, unquote(rest[at])])
