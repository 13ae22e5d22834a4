"""OAuth apps of a developer account that portals are connected with, by a link and a consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OAuthAppEntry:
    """One app as registered at HubSpot; its client secret is kept apart, encrypted.

    `scopes` are the required ones of the app's settings, letter by letter: HubSpot refuses an
    install link that names others.
    """

    client_id: str
    name: str
    added_at: datetime
    scopes: tuple[str, ...]
    optional_scopes: tuple[str, ...] = ()
    api_base: str = ""  # "" = the installation's
    authorize_base: str = ""  # "" = HubSpot's
