"""Apps of a developer account that HubSpot lists as a source of users (User import source)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Grouping(StrEnum):
    """What HubSpot's screen offers as the "accounts" of the source."""

    DEPARTMENT = "department"
    COMPANY = "company"
    SOURCE = "source"  # the list of people (file) a person came with


@dataclass(frozen=True, slots=True)
class ImportApp:
    """One app HubSpot calls us for; its client secret is kept apart, encrypted.

    `public_url` is the target URL as entered at HubSpot: what HubSpot signs, whatever a proxy
    in front of us makes of it. `portals` are the hub ids it answers, () = every connected one.
    """

    app_id: int
    public_url: str
    added_at: datetime
    accounts: Grouping = Grouping.DEPARTMENT
    portals: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()  # people of these lists alone, () = all
    strict: bool = False  # the documented bytes: no existingUserId, no selected account
