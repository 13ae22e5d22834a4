"""Which column is which, by the words headers use in several languages, else by what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from rolecall.permissions.tokens import plain

# Our reading of HubSpot's users export; its header strings are published nowhere, so every
# column has many names, and a mapping file beats all of them.
USERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "user_id": (
            *("user id", "id", "hubspot user id", "userid", "benutzer id", "id utilisateur"),
            *("id de usuario", "id do usuário", "ユーザーid", "gebruikers id", "id utente"),
        ),
        "email": (
            *("email", "e mail", "email address", "e mail address", "user email", "correo"),
            *("e mail adresse", "adresse e mail", "correo electrónico", "eメール", "メール"),
            *("メールアドレス", "endereço de e mail", "indirizzo e mail", "emailadres"),
        ),
        "first_name": (
            *("first name", "firstname", "given name", "vorname", "prénom", "nombre", "名"),
            *("primeiro nome", "voornaam"),
        ),
        "last_name": (
            *("last name", "lastname", "surname", "family name", "nachname", "nom", "apellidos"),
            *("apellido", "姓", "sobrenome", "cognome", "achternaam"),
        ),
        "last_login": (
            *("last login date", "last login", "last active", "last log in", "letzte anmeldung"),
            *("datum der letzten anmeldung", "date de la dernière connexion", "最終ログイン日"),
            *("fecha del último inicio de sesión", "dernière connexion", "última conexión"),
        ),
        "teams": (
            *("assigned teams", "teams", "team", "zugewiesene teams", "équipes attribuées"),
            *("équipes", "equipos asignados", "equipos", "割り当てられたチーム", "チーム"),
        ),
        "sets": (
            *("assigned role", "assigned roles", "role", "roles", "permission set", "rôle"),
            *("permission sets", "zugewiesene rolle", "rolle", "rôle attribué", "rol asignado"),
            *("rol", "割り当てられた役割", "役割", "berechtigungssatz"),
        ),
        "permissions": (
            *("permissions", "user permissions", "permission", "berechtigungen", "autorisations"),
            *("permisos", "権限", "permissões", "permessi", "machtigingen"),
        ),
        "deactivated": (
            *("deactivated", "is deactivated", "deaktiviert", "désactivé", "desactivado"),
            *("無効化済み", "disattivato", "gedeactiveerd"),
        ),
        "super_admin": (
            *("super admin", "is super admin", "superadmin", "super administrateur"),
            *("superadministrador", "スーパー管理者"),
        ),
        "two_factor": (
            *(
                "two factor",
                "two factor authentication",
                "two factor enabled",
                "2fa",
                "2fa enabled",
            ),
            *("2fa status", "zwei faktor authentifizierung", "authentification à deux facteurs"),
            *("autenticación de dos factores", "二要素認証"),
        ),
        "seats": (
            *("seat", "seats", "assigned seat", "lizenz", "lizenzen", "licence", "licencia"),
            *("シート", "sitz", "license"),
        ),
    }
)
HISTORY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "user": ("user", "email", "user email", "benutzer", "utilisateur", "usuario"),
        "permission": ("permission", "permission name", "berechtigung", "autorisation", "permiso"),
        "action": ("action", "change", "aktion", "acción"),
        "by": ("updated by", "changed by", "by", "aktualisiert von", "mis à jour par"),
        "at": ("date", "updated at", "when", "datum", "fecha", "time"),
    }
)
PEOPLE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "email": ("email", "e mail", "work email", "email address", "e mail address", "mail"),
        "emails": ("other emails", "emails", "further emails", "aliases", "e mails"),
        "first_name": USERS["first_name"],
        "last_name": USERS["last_name"],
        "source_key": (
            *("employee id", "employee number", "personnel number", "id", "key", "staff id"),
            *("personalnummer", "worker id", "person id", "matricule"),
        ),
        "department": ("department", "abteilung", "service", "departamento", "division"),
        "company": ("company", "legal entity", "firma", "gesellschaft", "entreprise", "empresa"),
        "country": ("country", "country code", "land", "pays", "país"),
        "location": ("location", "office", "site", "standort", "city"),
        "job_title": ("job title", "title", "position", "jobtitle", "stelle", "poste", "puesto"),
        "manager_email": (
            *("manager", "manager email", "supervisor", "supervisor email", "vorgesetzter"),
            *("reports to", "line manager", "manager e mail"),
        ),
        "employment": ("employment", "employment type", "worker type", "type", "contract type"),
        "starts_on": ("start date", "hire date", "starts on", "start", "eintritt", "joined"),
        "ends_on": (
            *("end date", "termination date", "ends on", "end", "austritt", "last day", "left on"),
            *("contract end",),
        ),
        "left": ("left", "terminated", "inactive", "ausgeschieden", "former"),
        "status": ("status", "employment status", "state"),
    }
)


def find_columns(
    header: Sequence[str],
    known: Mapping[str, Iterable[str]],
    mapping: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Column number by our name; a mapping (header -> our name, or empty to ignore) goes first."""
    found: dict[str, int] = {}
    told = {plain(name): ours for name, ours in (mapping or {}).items()}
    by_word = {plain(word): ours for ours, words in known.items() for word in words}
    for at, name in enumerate(header):
        word = plain(name)
        ours = told[word] if word in told else by_word.get(word, "")
        if ours and ours not in found:
            found[ours] = at
    return found


def by_content(
    rows: Sequence[Sequence[str]], taken: Iterable[int], pattern: re.Pattern[str]
) -> int | None:
    """The free column nearly all of whose filled cells match; None when there is no such one."""
    width = max((len(row) for row in rows), default=0)
    for at in range(width):
        if at in set(taken):
            continue
        cells = [row[at] for row in rows[:200] if at < len(row) and row[at]]
        if cells and sum(bool(pattern.search(cell)) for cell in cells) >= 0.9 * len(cells):
            return at
    return None
