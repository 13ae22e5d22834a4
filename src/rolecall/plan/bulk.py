"""Bulk rows to wishes: tolerant headers, one verdict per row before anything is sent.

Reads rows that somebody else took out of a file. A row that is refused leaves the others alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rolecall.domain.plan import Plan
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.cells import FORMULA_STARTS
from rolecall.kit.errors import Refused
from rolecall.plan.wishes import (
    Ask,
    Directory,
    add_user,
    change_user,
    desired_of,
    directory_of,
    offboard_user,
    remove_user,
)
from rolecall.policy.desired import Desired, DesiredUser, Source
from rolecall.policy.document import PROFILE_FIELDS, ParkingSettings
from rolecall.policy.people_nodes import looks_like_email
from rolecall.policy.problems import did_you_mean, named_among

MAX_ROWS = 100_000
ACTIONS = ("add", "change", "offboard", "remove", "")  # "" = add who is missing, change who is not

# Headers as people and HubSpot write them in English, German, French and Spanish, folded to letters
# and digits.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "email": (
        *("email", "emailaddress", "mail", "useremail", "hsemail", "username", "emailadresse"),
        *("adresseemail", "courriel", "correo", "correoelectrónico"),
    ),
    "action": ("action", "what", "verb", "aktion", "acción", "accion"),
    "like": ("like", "copyof", "copyfrom", "sameas", "wie", "comme", "como"),
    "first_name": (
        *("firstname", "givenname", "hsgivenname", "first", "vorname", "prénom", "prenom"),
        "nombre",
    ),
    "last_name": (
        *("lastname", "surname", "familyname", "hsfamilyname", "last", "nachname", "nom"),
        *("apellido", "apellidos"),
    ),
    "permission_set": (
        *("permissionset", "permissionsets", "role", "roles", "set", "berechtigungssatz"),
        *("rechteset", "rolle", "jeudautorisations", "rôle", "conjuntodepermisos", "rol"),
    ),
    "seat": ("seat", "seats", "license", "licence", "lizenz", "sitz", "licencia"),
    "main_team": (
        *("mainteam", "team", "primaryteam", "hauptteam", "équipeprincipale", "équipe"),
        *("equipoprincipal", "equipo"),
    ),
    "extra_teams": (
        *("extrateams", "extrateam", "secondaryteams", "otherteams", "weitereteams"),
        *("zusatzteams", "autreséquipes", "équipessupplémentaires", "otrosequipos"),
    ),
    "add_teams": ("addteams", "addteam"),
    "drop_teams": ("dropteams", "dropteam", "removeteams"),
    "send_welcome_email": (
        *("sendwelcomeemail", "welcomeemail", "invite", "sendinvite", "einladen", "inviter"),
        "invitar",
    ),
    "job_title": (
        *("jobtitle", "title", "hsjobtitle", "position", "stelle", "poste", "puesto"),
        "berufsbezeichnung",
    ),
    "phone": ("phone", "phonenumber", "hsadditionalphone", "telefon", "téléphone", "teléfono"),
    "time_zone": (
        *("timezone", "hsstandardtimezone", "tz", "zeitzone", "fuseauhoraire", "zonahoraria"),
    ),
    "reason": ("reason", "why", "note", "grund", "begründung", "motif", "raison", "motivo"),
}
NOTHING = ("-", "none", "nothing")  # a cell that takes away; an empty cell leaves alone
_TRUE = frozenset({"true", "yes", "y", "1", "x", "ja", "oui", "si"})
_FALSE = frozenset({"", "false", "no", "n", "0", "nein", "non"})


# Who is missing is added, unless a column nobody understood may have said something else.
_SAY = "say what the unknown columns mean (--map 'TITLE=action', --map 'TITLE=' leaves one out)"


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What becomes of one row: `planned`, `no change` or `refused`, and why."""

    line: int
    email: str
    verdict: str
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class BulkReading:
    """The wishes of all good rows, a verdict for every row, and headers nobody understood."""

    desired: Desired
    verdicts: tuple[RowVerdict, ...]
    unknown_headers: tuple[str, ...] = ()


def read_rows(
    header: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str]]],
    snapshot: Snapshot,
    source: Source,
    parking: ParkingSettings | None = None,
    no_access_set: str | None = None,
) -> BulkReading:
    """Wishes and verdicts of (line, cells) rows; Refused when there is no e-mail column."""
    columns, unknown = columns_of(header)
    guessing = bool(unknown) and "action" not in columns
    directory = directory_of(snapshot)
    wishes: dict[str, DesiredUser] = {}
    seen: dict[str, int] = {}
    verdicts: list[RowVerdict] = []
    for line, cells in rows:
        if len(verdicts) >= MAX_ROWS:
            raise Refused(f"more than {MAX_ROWS} rows", hint="split the file")
        row = {name: cells[at].strip() if at < len(cells) else "" for name, at in columns.items()}
        email = row.get("email", "")
        try:
            _refuse_row(row, email, seen)
            if guessing and email.casefold() not in directory.users:
                raise Refused(f"{email} is not in the portal, and no column says add", hint=_SAY)
            wish = _wish(row, email, directory, source)
        except Refused as error:
            verdicts.append(RowVerdict(line, email, "refused", error.message, error.hint or ""))
            continue
        seen[email.casefold()] = line
        wishes[wish.email.casefold()] = wish
        verdicts.append(RowVerdict(line, email, "planned"))
    desired = desired_of(wishes.values(), parking, no_access_set)
    return BulkReading(desired, tuple(verdicts), unknown)


def with_plan(reading: BulkReading, plan: Plan) -> tuple[RowVerdict, ...]:
    """The verdicts once the plan is known: no change, stopped by a guardrail, or what happens."""
    touched: dict[str, list[str]] = {}
    for change in plan.changes:
        kinds = touched.setdefault(change.subject.casefold(), [])
        kinds.append(change.kind.value)
    stopped = {
        subject.casefold(): verdict
        for verdict in plan.guardrails
        if verdict.stops
        for subject in verdict.subjects
    }
    told = {
        change.subject.casefold(): change.warnings[-1]
        for change in plan.reported
        if change.warnings
    }
    return tuple(_with_plan(row, touched, stopped, told) for row in reading.verdicts)


def _with_plan(
    row: RowVerdict,
    touched: Mapping[str, list[str]],
    stopped: Mapping[str, object],
    told: Mapping[str, str],
) -> RowVerdict:
    key = row.email.casefold()
    if row.verdict == "refused":
        return row
    if key in stopped:
        verdict = stopped[key]
        message, hint = getattr(verdict, "message", ""), getattr(verdict, "hint", "")
        return replace(row, verdict="refused", message=message, hint=hint)
    if key not in touched:
        return replace(row, verdict="no change", message=told.get(key, ""))
    return replace(row, message=", ".join(dict.fromkeys(touched[key])))


def columns_of(header: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each known column is, and the headers that are none."""
    aliases = {alias: name for name, many in HEADERS.items() for alias in many}
    columns: dict[str, int] = {}
    unknown: list[str] = []
    for at, title in enumerate(header):
        name = aliases.get(_folded(title))
        if name is None:
            unknown += [title] if title.strip() else []
        elif name in columns:
            raise Refused(f"two columns mean {name}: {header[columns[name]]!r} and {title!r}")
        else:
            columns[name] = at
    if "email" not in columns:
        hint = did_you_mean("email", header) or "one column must be called email"
        raise Refused("the file has no e-mail column", hint=hint)
    return columns, tuple(unknown)


def mapped(header: Sequence[str], mapping: Mapping[str, str]) -> tuple[str, ...]:
    """The header with titles in words we know: a column means what somebody says it means.

    A title mapped to nothing is left out. Refused for titles and meanings that do not exist.
    """
    told = {_folded(title): name.strip() for title, name in mapping.items()}
    titles = {_folded(title) for title in header}
    for title, name in mapping.items():
        if _folded(title) not in titles:
            raise Refused(f"the file has no column {title!r}", hint=named_among(title, header))
        if name.strip() and name.strip() not in HEADERS:
            hint = did_you_mean(name, HEADERS) or f"one of {', '.join(HEADERS)}"
            raise Refused(f"no column means {name!r}", hint=hint)
    return tuple(told.get(_folded(title), title) for title in header)


def _folded(title: str) -> str:
    return re.sub(r"[\W_]", "", title.casefold())


def _refuse_row(row: Mapping[str, str], email: str, seen: Mapping[str, int]) -> None:
    if not looks_like_email(email):
        raise Refused(f"{email!r} is not an e-mail address")
    if email.casefold() in seen:
        raise Refused(f"{email} is already on line {seen[email.casefold()]}", hint="keep one row")
    for name, value in row.items():
        if value[:1] in FORMULA_STARTS and value not in NOTHING and name not in ("phone", "reason"):
            raise Refused(f"{name} starts like a formula: {value[:20]!r}", hint="write plain text")


def _wish(row: Mapping[str, str], email: str, directory: Directory, source: Source) -> DesiredUser:
    action = row.get("action", "").casefold()
    if action not in ACTIONS:
        hint = did_you_mean(action, ACTIONS[:-1]) or f"one of {', '.join(ACTIONS[:-1])}"
        raise Refused(f"unknown action {action!r}", hint=hint)
    source = source._replace(reason=row.get("reason") or source.reason)
    if action == "offboard":
        return offboard_user(email, directory, source)
    if action == "remove":
        return remove_user(email, directory, source)
    ask, like = _ask(row), row.get("like", "")
    if action == "change" or (not action and email.casefold() in directory.users):
        return change_user(email, ask, directory, source, like)
    return add_user(email, ask, directory, source, like)


def _ask(row: Mapping[str, str]) -> Ask:
    return Ask(
        permission_set=_cell(row, "permission_set"),
        seat=_cell(row, "seat"),
        main_team=_cell(row, "main_team"),
        extra_teams=_names(row, "extra_teams"),
        add_teams=_names(row, "add_teams") or (),
        drop_teams=_names(row, "drop_teams") or (),
        fields={name: row[name] for name in PROFILE_FIELDS if row.get(name)},
        first_name=row.get("first_name", ""),
        last_name=row.get("last_name", ""),
        send_welcome_email=_flag(row, "send_welcome_email"),
        reason=row.get("reason", ""),
    )


def _cell(row: Mapping[str, str], name: str) -> str | None:
    """None for an empty cell, "" for an explicit nothing."""
    value = row.get(name, "")
    if not value:
        return None
    return "" if value.casefold() in NOTHING else value


def _names(row: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    """Names separated by ; or | or line breaks; a comma may belong to a name."""
    value = _cell(row, name)
    if value is None:
        return None
    return tuple(part.strip() for part in re.split(r"[;|\n]", value) if part.strip())


def _flag(row: Mapping[str, str], name: str) -> bool:
    value = row.get(name, "").casefold()
    if value not in _TRUE | _FALSE:
        raise Refused(f"{name} must be yes or no, not {value!r}")
    return value in _TRUE
