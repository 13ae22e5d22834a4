"""The path forms of CRM operations: versions, aliases of object types, scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from hubspot_emulator.crm.kinds import KINDS, USERS, ObjectKind
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer

DATED = ("2026-03", "2026-09", "2026-09-beta")
KindHandler = Callable[[ObjectKind, Call], Answer]


def read_scopes(kind: ObjectKind) -> tuple[str, ...]:
    """Scopes any one of which lets a token read records of this kind."""
    return (f"crm.objects.{kind.name}.read",)


def write_scopes(kind: ObjectKind) -> tuple[str, ...]:
    """Scopes any one of which lets a token write records of this kind."""
    return (f"crm.objects.{kind.name}.write",)


def schema_scopes(kind: ObjectKind, verb: str) -> tuple[str, ...]:
    """Scopes for the property definitions of this kind; `verb` is read or write."""
    if verb == "read":
        return (f"crm.schemas.{kind.name}.read", f"crm.objects.{kind.name}.read")
    schema = f"crm.schemas.{kind.name}.write"
    # Users have no schema scope of their own: the scope of the records does (published spec).
    return (*write_scopes(kind), schema) if kind is USERS else (schema,)


def aliases(kind: ObjectKind) -> tuple[str, ...]:
    """Every way a path names the type; upper case was recorded in 2022."""
    return (kind.name, kind.type_id, kind.singular, kind.singular.upper(), kind.name.upper())


def object_roots(kind: ObjectKind) -> Iterator[tuple[str, str]]:
    """Version and path root of a type's records, for every version and alias."""
    for alias in aliases(kind):
        yield "v3", f"/crm/v3/objects/{alias}"
        for version in DATED:
            yield version, f"/crm/objects/{version}/{alias}"


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
            yield Route(method, f"/crm/v3/properties/{alias}{tail}", operation, bound, scopes, "v3")
            for version in DATED:
                root = f"/crm/properties/{version}/{alias}"
                yield Route(method, root + tail, operation, bound, scopes, version)
