"""Property definitions HubSpot ships per object type, as data; a trimmed, plausible set."""

from __future__ import annotations

from hubspot_emulator.crm.definitions import (
    PropertyDef,
    PropertyGroup,
    choice,
    grouped,
    moment,
    number,
    text,
    user_property,
    yes_no,
)
from hubspot_emulator.crm.kinds import COMPANIES, CONTACTS, DEALS, TICKETS, USERS, ObjectKind

_AVAILABILITY = ("available", "away")

# Source of the users list: HUBSPOT.md 2.3 (documented writable ones, and those seen in code).
_BY_KIND: dict[str, tuple[PropertyDef, ...]] = {
    CONTACTS.name: (
        text("email", "Email", unique=True),
        text("firstname", "First Name"),
        text("lastname", "Last Name"),
        text("phone", "Phone Number"),
        text("company", "Company Name"),
        text("jobtitle", "Job Title"),
        text("website", "Website URL"),
        choice("lifecyclestage", "Lifecycle Stage", ("lead", "customer", "opportunity", "other")),
        moment("hs_lastmodifieddate", "Object last modified date/time", read_only=True),
    ),
    COMPANIES.name: (
        text("name", "Company name"),
        text("domain", "Company Domain Name"),
        text("phone", "Phone Number"),
        text("website", "Website URL"),
        text("industry", "Industry"),
        text("city", "City"),
        text("country", "Country/Region"),
        choice("lifecyclestage", "Lifecycle Stage", ("lead", "customer", "opportunity", "other")),
    ),
    DEALS.name: (
        text("dealname", "Deal Name"),
        number("amount", "Amount"),
        moment("closedate", "Close Date"),
        text("dealstage", "Deal Stage"),
        text("pipeline", "Pipeline"),
        text("description", "Deal Description"),
        choice("dealtype", "Deal Type", ("newbusiness", "existingbusiness")),
        yes_no("hs_is_closed", "Is Deal Closed?", read_only=True, calculated=True),
    ),
    TICKETS.name: (
        text("subject", "Ticket name"),
        text("content", "Ticket description"),
        text("hs_pipeline", "Pipeline"),
        text("hs_pipeline_stage", "Ticket status"),
        choice("hs_ticket_priority", "Priority", ("LOW", "MEDIUM", "HIGH", "URGENT")),
        text("hs_ticket_category", "Category"),
    ),
    USERS.name: (
        text("hs_email", "Email", read_only=True, unique=True),
        text("hs_given_name", "First name", read_only=True),
        text("hs_family_name", "Last name", read_only=True),
        text("hs_main_phone", "Main phone", read_only=True),
        text("hs_searchable_calculated_name", "Name", read_only=True, calculated=True),
        text("hs_internal_user_id", "Internal user ID", read_only=True, unique=True),
        text("hs_deactivated", "Deactivated", read_only=True),
        text("hs_job_title", "Job title"),
        text("hs_additional_phone", "Additional phone"),
        choice("hs_availability_status", "Availability Status", _AVAILABILITY),
        text("hs_working_hours", "Working hours"),
        text("hs_standard_time_zone", "Time zone"),
        text("hs_out_of_office_hours", "Out of office hours"),
        text("hs_main_user_language_skill", "Main language"),
        text("hs_secondary_user_language_skill", "Secondary language"),
        text("hs_uncategorized_skills", "Skills"),
    ),
}


def shipped_group(kind: ObjectKind) -> PropertyGroup:
    """The one group HubSpot's own properties of a type are under."""
    return PropertyGroup(f"{kind.singular}information", f"{kind.singular.capitalize()} information")


def shipped_properties(kind: ObjectKind) -> tuple[PropertyDef, ...]:
    """Every definition a fresh portal has for a type, its system and owner properties included."""
    system = (
        number("hs_object_id", "Record ID", read_only=True, unique=True),
        moment(kind.created, "Create Date", read_only=True),
        moment(kind.modified, "Last Modified Date", read_only=True),
        user_property("hubspot_owner_id", "Owner", hubspot_defined=True),
    )
    return grouped(shipped_group(kind).name, system + _BY_KIND.get(kind.name, ()))
