"""The columns of HubSpot's users export, their headers in several languages, and cell texts.

HubSpot publishes neither header strings nor the encoding of permissions; these are assumptions
a tolerant reader must not depend on, which is why every one of them can be varied.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from hubspot_emulator.granular.access import Grants, split_level
from hubspot_emulator.granular.catalogue import Permission, catalogue

if TYPE_CHECKING:
    from hubspot_emulator.world import Membership, Portal

KEYS = ("id", "first", "last", "email", "login", "teams", "role", "permissions")

HEADERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "id": "User ID",
            "first": "First name",
            "last": "Last name",
            "email": "Email",
            "login": "Last login date",
            "teams": "Assigned teams",
            "role": "Assigned role",
            "permissions": "Permissions",
            "deactivated": "Deactivated",
            "super": "Super Admin",
            "seat": "Seat",
        },
        "alias": {
            "id": "Id",
            "first": "firstname",
            "last": "lastname",
            "email": "E-mail address",
            "login": "Last Active",
            "teams": "Teams",
            "role": "Permission set",
            "permissions": "User permissions",
            "deactivated": "Is deactivated",
            "super": "Super admin",
            "seat": "Seats",
        },
        "de": {
            "id": "Benutzer-ID",
            "first": "Vorname",
            "last": "Nachname",
            "email": "E-Mail",
            "login": "Datum der letzten Anmeldung",
            "teams": "Zugewiesene Teams",
            "role": "Zugewiesene Rolle",
            "permissions": "Berechtigungen",
            "deactivated": "Deaktiviert",
            "super": "Super-Admin",
            "seat": "Lizenz",
        },
        "fr": {
            "id": "ID utilisateur",
            "first": "Prénom",
            "last": "Nom",
            "email": "E-mail",
            "login": "Date de la dernière connexion",
            "teams": "Équipes attribuées",
            "role": "Rôle attribué",
            "permissions": "Autorisations",
            "deactivated": "Désactivé",
            "super": "Super administrateur",
            "seat": "Licence",
        },
        "es": {
            "id": "ID de usuario",
            "first": "Nombre",
            "last": "Apellidos",
            "email": "Correo",
            "login": "Fecha del último inicio de sesión",
            "teams": "Equipos asignados",
            "role": "Rol asignado",
            "permissions": "Permisos",
            "deactivated": "Desactivado",
            "super": "Superadministrador",
            "seat": "Licencia",
        },
        "ja": {
            "id": "ユーザーID",
            "first": "名",
            "last": "姓",
            "email": "Eメール",
            "login": "最終ログイン日",
            "teams": "割り当てられたチーム",
            "role": "割り当てられた役割",
            "permissions": "権限",
            "deactivated": "無効化済み",
            "super": "スーパー管理者",
            "seat": "シート",
        },
    }
)
YES_NO: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "en": ("Yes", "No"),
        "alias": ("TRUE", "FALSE"),
        "de": ("Ja", "Nein"),
        "fr": ("Oui", "Non"),
        "es": ("Sí", "No"),
        "ja": ("はい", "いいえ"),
    }
)
_SCOPE_WORDS = MappingProxyType({"all": "All {}", "team": "Their team's {}", "own": "Their {}"})


def level_label(permission: Permission, level: str) -> str:
    """A level in the words of the screens: `Their team's contacts + Unassigned`, `Publish`."""
    scope, unassigned = split_level(level)
    if not permission.scoped:
        return scope.replace("_", " ").capitalize()
    words = _SCOPE_WORDS[scope].format(permission.path[1].lower())
    return f"{words} + Unassigned" if unassigned else words


def permission_labels(grants: Grants) -> list[str]:
    """Each permission held as `CRM objects > Contacts > View: All contacts`, screen order."""
    return [
        f"{' > '.join(one.path)}: {level_label(one, grants[one.id])}"
        for one in catalogue().values()
        if one.id in grants
    ]


def permission_ids(grants: Grants) -> list[str]:
    """Each permission held as `crm_objects.contacts.view=all`, in the order of the screens."""
    return [f"{one}={grants[one]}" for one in catalogue() if one in grants]


def team_names(portal: Portal, member: Membership) -> list[str]:
    """Names of the main team and the extra teams, main first."""
    main = [] if member.main_team_id is None else [member.main_team_id]
    ids = [*main, *member.extra_team_ids]
    return [portal.teams[team_id].name for team_id in ids if team_id in portal.teams]


def set_names(portal: Portal, member: Membership) -> list[str]:
    """Names of the permission sets a user holds."""
    known = portal.permission_sets
    return [known[set_id].name for set_id in member.permission_set_ids if set_id in known]


def login_text(at: datetime | None, style: str) -> str:
    """A date of last log-in; empty for somebody who never came."""
    if at is None:
        return ""
    return f"{at:%d.%m.%Y %H:%M}" if style == "spreadsheet" else f"{at:%Y-%m-%d %H:%M}"
