"""Every page of the console, room by room; what is not here has no address."""

from __future__ import annotations

from rolecall.web import (
    account,
    overview,
    plans,
    providers,
    reports,
    requests,
    reviews,
    settings_pages,
    structure,
    user,
    users,
)
from rolecall.web.routing import Page

PAGES: tuple[Page, ...] = (
    *overview.PAGES,
    *users.PAGES,
    *user.PAGES,
    *structure.PAGES,
    *plans.PAGES,
    *reports.PAGES,
    *requests.PAGES,
    *reviews.PAGES,
    *settings_pages.PAGES,
    *providers.PAGES,
    *account.PAGES,
)
