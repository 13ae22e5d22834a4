"""Where to click in HubSpot's screens to change one permission. Data of 2026-08, two variants."""

from __future__ import annotations

from rolecall.permissions.catalogue import Catalogue, Kind, Permission
from rolecall.permissions.levels import NONE, split_level

AS_OF = "2026-08"
_TABS = {
    "crm_objects": "CRM",
    "crm_tools": "CRM",
    "content": "Marketing",
    "reporting": "Reports",
    "developer": "Account",
    "ai": "Account",
}
_SCOPE_WORDS = {"all": "All", "team": "Their team's", "own": "Their"}


def user_path(email: str) -> str:
    """To the permissions of one user."""
    return (
        f"Settings (gear) > Account Setup > Users & Teams > {email} > Edit (or: Edit permissions)"
    )


def set_path(name: str) -> str:
    """To the contents of one permission set; every member gets what is changed there."""
    return f"Settings (gear) > Account Setup > Users & Teams > Permission sets > {name} > Edit"


def toggle_path(catalogue: Catalogue, one: Permission, level: str) -> str:
    """From there to one permission: the tab, the row, what to choose; then Save."""
    category = catalogue.categories.get(one.category, (one.category,))[0]
    tab = _TABS.get(one.category, category)
    return f"{tab} tab > {one.shown}: {level_words(one, level)} > Save"


def level_words(one: Permission, level: str) -> str:
    """A level in the words of the screens; the empty level is off."""
    if level == NONE:
        return "None" if one.kind is Kind.SCOPE else "off"
    if one.kind is Kind.TOGGLE:
        return "on"
    scope, box = split_level(level)
    if one.kind is not Kind.SCOPE:
        return scope.replace("_", " ").capitalize()
    words = f"{_SCOPE_WORDS.get(scope, scope)} {one.label.lower()}"
    return f"{words}, and tick Unassigned" if box else words
