"""Rules of owners: listing, finding by owner id or user id. Owners are read only."""

from __future__ import annotations

from bisect import bisect_left

from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.crm.store import CrmStore, Owner
from hubspot_emulator.refusals import unparsable
from hubspot_emulator.wire import not_found


def page(
    crm: CrmStore, after: int, limit: int, *, archived: bool, email: str | None
) -> tuple[list[Owner], int | None]:
    """Owners with ids from `after` on, and the first id of the next page."""
    ids = (crm.archived_owners if archived else crm.active_owners).in_order()
    if email is not None:
        ids = [i for i in ids if _has_email(crm.owners[i], email)]
    start = bisect_left(ids, after)
    chosen = [crm.owners[i] for i in ids[start : start + limit]]
    return chosen, ids[start + limit] if start + limit < len(ids) else None


def find(crm: CrmStore, key: str, id_property: str, *, archived: bool) -> Owner:
    """One owner in the asked state; 404 when there is none."""
    if id_property not in ("id", "userId"):
        raise unparsable("query", "idProperty")
    number = as_id(key)
    if number is None:
        raise unparsable("path", "ownerId")
    owner = crm.owners.get(number) if id_property == "id" else crm.owner_of(number)
    if owner is None or owner.archived != archived:
        raise not_found()
    return owner


def _has_email(owner: Owner, email: str) -> bool:
    return owner.identity is not None and owner.identity.email.casefold() == email.casefold()
