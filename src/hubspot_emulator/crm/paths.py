"""The path forms of CRM operations: versions, aliases of object types, scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from hubspot_emulator.crm.kinds import KINDS, USERS, ObjectKind
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer

DATED = ("2025-09", "2026-03", "2026-09", "2026-09-beta")
# The second form was probed live in April 2026; by the third a data-loading connector reads tickets.
OBJECT_ROOTS: tuple[tuple[str, str], ...] = (
    ("v3", "/crm/v3/objects"),
    ("v3", "/crm/objects/v3"),
    ("v4", "/crm/v4/objects"),
    *((version, f"/crm/objects/{version}") for version in DATED),
)
# The specification has properties in 2025-09 too, where a live portal answered 404 (April 2026).
PROPERTY_ROOTS: tuple[tuple[str, str], ...] = (
    ("v3", "/crm/v3/properties"),
    *((version, f"/crm/properties/{version}") for version in DATED[1:]),
)
PIPELINE_ROOTS: tuple[tuple[str, str], ...] = (
    ("v3", "/crm/v3/pipelines"),
    *((version, f"/crm/pipelines/{version}") for version in DATED),
)
KindHandler = Callable[[ObjectKind, Call], Answer]


def read_scopes(kind: ObjectKind) -> tuple[str, ...]:
    """Scopes any one of which lets a token read records of this kind."""
    return (*_own_scope(kind), f"crm.objects.{kind.name}.read")


def write_scopes(kind: ObjectKind) -> tuple[str, ...]:
    """Scopes any one of which lets a token write records of this kind."""
    return (*_own_scope(kind), f"crm.objects.{kind.name}.write")


def _own_scope(kind: ObjectKind) -> tuple[str, ...]:
    """Tickets: the published documents name the scope `tickets`, others the usual pair."""
    return (kind.scope,) if kind.scope else ()


def schema_scopes(kind: ObjectKind, verb: str) -> tuple[str, ...]:
    """Scopes for the property definitions of this kind; `verb` is read or write."""
    if verb == "read":
        return (f"crm.schemas.{kind.name}.read", *read_scopes(kind))
    schema = f"crm.schemas.{kind.name}.write"
    # Users have no schema scope of their own: the scope of the records does (published spec).
    return (*write_scopes(kind), schema) if kind is USERS else (*_own_scope(kind), schema)


def aliases(kind: ObjectKind) -> tuple[str, ...]:
    """Every way a path names the type; upper case was recorded in 2022."""
    return (kind.name, kind.type_id, kind.singular, kind.singular.upper(), kind.name.upper())


def object_roots(kind: ObjectKind) -> Iterator[tuple[str, str]]:
    """Version and path root of a type's records, for every version and alias."""
    for alias in aliases(kind):
        for version, root in OBJECT_ROOTS:
            yield version, f"{root}/{alias}"


def object_routes(
    method: str,
    tail: str,
    verb: str,
    handler: KindHandler,
    *,
    writes: bool = False,
    search: bool = False,
) -> Iterator[Route]:
    """One operation on records, for every type, version and alias."""
    for kind in KINDS:
        scopes = write_scopes(kind) if writes else read_scopes(kind)
        bound = partial(handler, kind)
        for version, root in object_roots(kind):
            operation = f"crm.{kind.name}.{verb}"
            yield Route(method, root + tail, operation, bound, scopes, version, search=search)


def schema_routes(
    method: str, tail: str, verb: str, handler: KindHandler, *, writes: bool = False
) -> Iterator[Route]:
    """One operation on property definitions, for every type, version and alias."""
    for kind in KINDS:
        scopes = schema_scopes(kind, "write" if writes else "read")
        bound = partial(handler, kind)
        for alias in aliases(kind):
            operation = f"properties.{kind.name}.{verb}"
            for version, root in PROPERTY_ROOTS:
                yield Route(method, f"{root}/{alias}{tail}", operation, bound, scopes, version)
