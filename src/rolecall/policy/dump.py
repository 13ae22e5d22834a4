"""A snapshot as access.yaml text whose plan is empty. Writes text only; never a file."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from rolecall.domain.snapshot import Snapshot, Team, User, UserState
from rolecall.policy.document import PROFILE_FIELDS, Mode, Section
from rolecall.policy.grants_nodes import known_zone
from rolecall.policy.hours import to_lines
from rolecall.policy.people_nodes import looks_like_email
from rolecall.policy.structure import sound_parents

DUMP_MODES: Mapping[Section, Mode] = {
    Section.USERS: Mode.EXACT,
    Section.PERMISSION_SETS: Mode.EXACT,
    Section.TEAMS: Mode.EXACT,
    Section.TEAM_STRUCTURE: Mode.EXACT,
    Section.SEATS: Mode.EXACT,
    Section.PROFILE: Mode.IGNORE,
}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*")
# What YAML 1.1 readers other than ours would turn into something else than text.
_WORDS = frozenset(
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "inf", "nan", "~"]
)


def dump(
    snapshot: Snapshot,
    portal: str,
    *,
    profile: bool = False,
    modes: Mapping[Section, Mode] | None = None,
) -> str:
    """The portal as it is; planning this text against the same snapshot changes nothing.

    `profile` adds job title, phone, time zone and working hours and lets the file own them.
    """
    manage = dict(modes or DUMP_MODES)
    if profile and modes is None:
        manage[Section.PROFILE] = Mode.EXACT
    writer = _Writer(snapshot, profile=profile)
    lines = [*_head(snapshot, portal), "manage:"]
    lines += [f"  {section.value}: {manage[section].value}" for section in Section]
    lines += writer.team_lines() + writer.people_lines()
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A YAML scalar that reads back as exactly this text in YAML 1.1 and 1.2."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    code = ord(char)
    if char.isprintable() and code not in (0xFEFF, 0xFFFE, 0xFFFF) and not 0xD800 <= code <= 0xDFFF:
        return char
    if code > 0xFFFF:
        return f"\\U{code:08X}"
    return f"\\u{code:04X}" if code > 0xFF else f"\\x{code:02X}"


def _head(snapshot: Snapshot, portal: str) -> list[str]:
    service = sum(user.state is UserState.SERVICE for user in snapshot.users)
    lines = [
        f"# Who has what in this portal, as of {snapshot.sealed_at:%Y-%m-%d %H:%M} UTC.",
        "# Modes: ignore | report | add-only | exact. exact takes away what is not written here.",
    ]
    if service:
        lines.append(f"# Left out: {service} service users of apps, which no plan touches.")
    if not snapshot.complete:
        lines.append("# The snapshot was incomplete; people may be missing here.")
    return [*lines, "version: 1", f"portal: {quoted(portal)}"]


class _Writer:
    """Writes names as plain text where they are unique and as {name, id} where they repeat."""

    def __init__(self, snapshot: Snapshot, *, profile: bool) -> None:
        self.snapshot = snapshot
        self.profile = profile
        self.sets = {one.id: one.name for one in snapshot.permission_sets}
        self.teams = {team.id: team for team in snapshot.teams}
        self.set_names = Counter(one.name for one in snapshot.permission_sets)
        self.team_names = Counter(team.name for team in snapshot.teams)

    def team_lines(self) -> list[str]:
        """The tree; teams in a circle or with an unknown parent stand at the top."""
        parents = sound_parents(self.snapshot)
        children: dict[str | None, list[Team]] = defaultdict(list)
        for team in sorted(self.snapshot.teams, key=lambda one: (one.name.casefold(), one.id)):
            children[parents[team.id]].append(team)
        if not children:
            return ["teams: {}"]
        return ["teams:", *self._level(children, None, "  ")]

    def _level(
        self, children: Mapping[str | None, list[Team]], parent: str | None, indent: str
    ) -> list[str]:
        level = children.get(parent, [])
        if all(self._unique(team) for team in level):
            return self._as_mapping(children, level, indent)
        lines: list[str] = []
        for team in level:
            name = f"name: {quoted(team.name)}" if team.name.strip() else ""
            ident = "" if self._unique(team) else f"id: {quoted(team.id)}"
            told = [part for part in (name, ident) if part]
            lines.append(f"{indent}- {told[0]}")
            lines += [f"{indent}  {part}" for part in told[1:]]
            if children.get(team.id):
                lines += [f"{indent}  teams:", *self._level(children, team.id, f"{indent}    ")]
        return lines

    def _as_mapping(
        self, children: Mapping[str | None, list[Team]], level: Iterable[Team], indent: str
    ) -> list[str]:
        lines: list[str] = []
        for team in level:
            below = self._level(children, team.id, f"{indent}  ") if children.get(team.id) else []
            lines += [f"{indent}{quoted(team.name)}:{'' if below else ' {}'}", *below]
        return lines

    def _unique(self, team: Team) -> bool:
        return self.team_names[team.name] == 1 and bool(team.name.strip())

    def people_lines(self) -> list[str]:
        """One line per user, by e-mail; service users and what has no e-mail are left out."""
        users = [
            user
            for user in self.snapshot.users
            if user.present and user.state is not UserState.SERVICE and looks_like_email(user.email)
        ]
        if not users:
            return ["people: {}"]
        users.sort(key=lambda user: user.email.casefold())
        return ["people:", *(f"  {quoted(user.email)}: {self._entry(user)}" for user in users)]

    def _entry(self, user: User) -> str:
        parts = ["super_admin: true"] if user.super_admin else []
        if user.state is UserState.DEACTIVATED:
            parts.append("deactivated: true")
        parts += self._sets(user) + self._seats(user) + self._memberships(user)
        if self.profile:
            parts += self._fields(user)
        return "{" + ", ".join(parts) + "}"

    def _sets(self, user: User) -> list[str]:
        names = [self._set(one) for one in user.permission_set_ids]
        return _one_or_many("permission_set", names)

    def _set(self, ident: str) -> str:
        name = self.sets.get(ident, "")
        return quoted(name) if self.set_names[name] == 1 and name.strip() else _ref(name, ident)

    def _seats(self, user: User) -> list[str]:
        return _one_or_many("seat", [quoted(name) for name in user.seat_names or ()])

    def _memberships(self, user: User) -> list[str]:
        parts = [f"main_team: {self._team(user.main_team_id)}"] if user.main_team_id else []
        extra = [self._team(team) for team in user.extra_team_ids]
        return [*parts, f"extra_teams: [{', '.join(extra)}]"] if extra else parts

    def _team(self, ident: str) -> str:
        team = self.teams.get(ident)
        if team is None:
            return _ref("", ident)
        return quoted(team.name) if self._unique(team) else _ref(team.name, ident)

    def _fields(self, user: User) -> list[str]:
        parts = []
        for key, name in PROFILE_FIELDS.items():
            value = user.profile.get(name, "")
            if not _tellable(key, value):
                continue
            lines = to_lines(value) if key == "working_hours" else None
            shown = f"[{', '.join(map(quoted, lines))}]" if lines else quoted(value)
            parts.append(f"{key}: {shown}")
        return parts


def _tellable(key: str, value: str) -> bool:
    """Whether the file can say the value; what it cannot say it leaves alone."""
    if key == "time_zone":
        return known_zone(value)
    if key == "working_hours":
        return value.startswith("[")
    return bool(value.strip())


def _one_or_many(key: str, names: list[str]) -> list[str]:
    if len(names) == 1:
        return [f"{key}: {names[0]}"]
    return [f"{key}s: [{', '.join(names)}]"] if names else []


def _ref(name: str, ident: str) -> str:
    return (
        f"{{name: {quoted(name)}, id: {quoted(ident)}}}"
        if name.strip()
        else f"{{id: {quoted(ident)}}}"
    )
