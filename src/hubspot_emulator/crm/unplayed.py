"""HubSpot's other object types: every portal has them, here always without a single record.

Connectors read all of them by default; a type HubSpot ships is never unknown to it.
"""

from __future__ import annotations

from hubspot_emulator.crm.asking import body_object, refuse_type
from hubspot_emulator.crm.definitions import PropertyDef, grouped, text
from hubspot_emulator.crm.kinds import ObjectKind
from hubspot_emulator.crm.paths import OBJECT_ROOTS, PIPELINE_ROOTS, PROPERTY_ROOTS
from hubspot_emulator.crm.shipped import shipped_group, shipped_properties
from hubspot_emulator.routing import Call, Handler, Route
from hubspot_emulator.wire import Answer, not_found

# type id, plural, singular: directories of the public specification (August 2026)
_NAMES = (
    ("0-7", "products", "product"),
    ("0-8", "line_items", "line_item"),
    ("0-14", "quotes", "quote"),
    ("0-18", "communications", "communication"),
    ("0-19", "feedback_submissions", "feedback_submission"),
    ("0-27", "tasks", "task"),
    ("0-46", "notes", "note"),
    ("0-47", "meetings", "meeting"),
    ("0-48", "calls", "call"),
    ("0-49", "emails", "email"),
    ("0-53", "invoices", "invoice"),
    ("0-69", "subscriptions", "subscription"),
    ("0-74", "goal_targets", "goal_target"),
    ("0-84", "discounts", "discount"),
    ("0-85", "fees", "fee"),
    ("0-86", "taxes", "tax"),
    ("0-101", "commerce_payments", "commerce_payment"),
    ("0-116", "postal_mail", "postal_mail"),
    ("0-123", "orders", "order"),
    ("0-136", "leads", "lead"),
    ("0-142", "carts", "cart"),
    ("0-162", "services", "service"),
    ("0-410", "courses", "course"),
    ("0-420", "listings", "listing"),
    ("0-421", "appointments", "appointment"),
    ("0-970", "projects", "project"),
)
# Properties beside those every type has: HubSpot's default ones, which loaders ask for by name.
_OWN = {
    "products": ("createdate", "name", "description", "price"),
    "quotes": ("hs_expiration_date", "hs_public_url_key", "hs_status", "hs_title"),
    "line_items": ("createdate", "name", "quantity", "amount", "price"),
    "notes": ("hs_timestamp", "hs_note_body"),
    "tasks": ("hs_timestamp", "hs_task_subject", "hs_task_status"),
    "calls": ("hs_timestamp", "hs_call_title", "hs_call_body"),
    "emails": ("hs_timestamp", "hs_email_subject", "hs_email_text"),
    "meetings": ("hs_timestamp", "hs_meeting_title", "hs_meeting_body"),
}
UNPLAYED: dict[str, ObjectKind] = {
    name: kind
    for kind in (
        ObjectKind(type_id, plural, singular, "hs_createdate", "hs_lastmodifieddate", (), ())
        for type_id, plural, singular in _NAMES
    )
    for name in (kind.type_id, kind.name, kind.singular)
}


def unplayed_named(name: str) -> ObjectKind | None:
    """The type of HubSpot's that a path segment means, if it is one without records here."""
    return UNPLAYED.get(name.casefold())


def list_none(call: Call) -> Answer:
    """No record of the type."""
    return Answer(body={"results": []}) if _known(call) else refuse_type(call)


def read_none(call: Call) -> Answer:
    """404: there is no record of the type."""
    if _known(call):
        raise not_found()
    return refuse_type(call)


def search_none(call: Call) -> Answer:
    """Nothing found, whatever was asked."""
    body_object(call)
    return Answer(body={"total": 0, "results": []}) if _known(call) else refuse_type(call)


def list_properties(call: Call) -> Answer:
    """The properties every type has, and a few of its own."""
    kind = _known(call)
    if kind is None:
        return refuse_type(call)
    found = sorted(_properties(kind), key=lambda one: one.name)
    return Answer(body={"results": [one.wire() for one in found]})


def read_property(call: Call) -> Answer:
    """One of these properties."""
    kind, name = _known(call), call.path["name"]
    if kind is None:
        return refuse_type(call)
    for one in _properties(kind):
        if one.name == name:
            return Answer(body=one.wire())
    raise not_found(f'Property "{name}" does not exist on {kind.label}')


def _properties(kind: ObjectKind) -> tuple[PropertyDef, ...]:
    own = tuple(
        text(name, name.removeprefix("hs_").replace("_", " ").capitalize())
        for name in _OWN.get(kind.name, ())
    )
    return (*shipped_properties(kind), *grouped(shipped_group(kind).name, own))


def _known(call: Call) -> ObjectKind | None:
    return unplayed_named(call.path["objectType"])


_FORMS: tuple[tuple[tuple[tuple[str, str], ...], str, str, str, Handler], ...] = (
    (OBJECT_ROOTS, "GET", "", "crm.other.list", list_none),
    (OBJECT_ROOTS, "GET", "/{objectId}", "crm.other.read", read_none),
    (OBJECT_ROOTS, "POST", "/search", "crm.other.search", search_none),
    (PROPERTY_ROOTS, "GET", "", "properties.other.list", list_properties),
    (PROPERTY_ROOTS, "GET", "/{name}", "properties.other.read", read_property),
    (PIPELINE_ROOTS, "GET", "", "pipelines.other.list", list_none),
)
ROUTES: tuple[Route, ...] = tuple(
    Route(
        *(method, f"{root}/{{objectType}}{tail}", operation, handler, (), version),
        search=tail == "/search",
    )
    for roots, method, tail, operation, handler in _FORMS
    for version, root in roots
)
