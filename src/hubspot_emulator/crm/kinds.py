"""The object types the emulator knows: their names, ids and the properties HubSpot always shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """One CRM object type and how paths and scopes name it."""

    type_id: str  # 0-1
    name: str  # contacts: plural, as in paths and scopes
    singular: str
    created: str  # property holding the time of creation
    modified: str  # property holding the time of the last change
    shown: tuple[str, ...]  # properties shown when a request names none
    searched: tuple[str, ...]  # properties `query` looks into
    unique: tuple[str, ...] = ()  # properties with unique values from the start
    told: tuple[str, ...] = ()  # shown by every write beside what it wrote (recorded March 2026)
    scope: str = ""  # the one scope that reads and writes the type, where it has no pair
    has_page: bool = True  # whether its records tell the address of their page
    pages_archived: bool = True  # whether ?archived=true lists deleted records

    @property
    def system(self) -> tuple[str, ...]:
        """Properties in every answer, whatever was asked for (recorded February 2022)."""
        return (self.created, self.modified, "hs_object_id")

    @property
    def label(self) -> str:
        """The type as HubSpot's messages print it."""
        return f"{self.type_id} ({self.singular.upper()})"


CONTACTS = ObjectKind(
    "0-1",
    "contacts",
    "contact",
    "createdate",
    "lastmodifieddate",
    ("email", "firstname", "lastname"),
    ("firstname", "lastname", "email", "phone", "company"),
    unique=("email",),
    told=("lifecyclestage",),
)
COMPANIES = ObjectKind(
    "0-2",
    "companies",
    "company",
    "createdate",
    "hs_lastmodifieddate",
    ("domain", "name"),
    ("name", "domain", "phone", "website"),
    told=("domain", "lifecyclestage"),
)
DEALS = ObjectKind(
    "0-3",
    "deals",
    "deal",
    "createdate",
    "hs_lastmodifieddate",
    ("amount", "closedate", "dealname", "dealstage", "pipeline"),
    ("dealname", "pipeline", "dealstage", "description", "dealtype"),
    told=("hs_is_closed",),
)
TICKETS = ObjectKind(
    "0-5",
    "tickets",
    "ticket",
    "createdate",
    "hs_lastmodifieddate",
    ("content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "subject"),
    ("subject", "content", "hs_pipeline_stage", "hs_ticket_category"),
    told=("hs_pipeline", "hs_pipeline_stage"),
    scope="tickets",
)
USERS = ObjectKind(
    "0-115",
    "users",
    "user",
    "hs_createdate",
    "hs_lastmodifieddate",
    (),
    ("hs_given_name", "hs_family_name", "hs_email", "hs_searchable_calculated_name"),
    unique=("hs_internal_user_id", "hs_email", "hubspot_owner_id"),
    has_page=False,
    pages_archived=False,
)
KINDS: tuple[ObjectKind, ...] = (CONTACTS, COMPANIES, DEALS, TICKETS, USERS)
RECORD_KINDS: tuple[ObjectKind, ...] = (CONTACTS, COMPANIES, DEALS, TICKETS)

KIND_BY_NAME: dict[str, ObjectKind] = {
    alias: kind for kind in KINDS for alias in (kind.type_id, kind.name, kind.singular)
}


def kind_named(name: str) -> ObjectKind | None:
    """The kind a path segment means: 0-3, deals, deal, DEAL (upper case recorded 2022)."""
    return KIND_BY_NAME.get(name.casefold())
