"""Which path each API family has in each version, newest first, and when a version ends.

The one place where version names are written. Sources: the public spec collection of 2026-08
and HubSpot's announcements: dated versions live 18 months, v3 has no end date yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one family: its path prefix, its end, and the fields it lacks."""

    name: str
    prefix: str
    ends: date | None = None  # None: HubSpot has announced no end
    lacks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Family:
    """An API whose paths move together; `probe` is its cheapest collection."""

    name: str
    versions: tuple[Version, ...]
    probe: str | None = None

    def offering(self, fields: frozenset[str]) -> tuple[Version, ...]:
        """The versions that have all these fields, newest first."""
        return tuple(v for v in self.versions if not fields & v.lacks)


ENDS: dict[str, date | None] = {
    "2026-09": date(2028, 3, 8),
    "2026-09-beta": date(2028, 3, 8),
    "2026-03": date(2027, 9, 30),
    "v3": date(2027, 9, 1),  # "in September 2027": the first day, to warn in time
    "v1": date(2027, 2, 16),  # OAuth v1 token endpoints, announced
}
NEWEST = ("2026-09", "2026-09-beta", "2026-03", "v3")


def _family(
    name: str,
    dated: str,
    v3: str | None,
    *,
    versions: tuple[str, ...] = NEWEST,
    lacks: dict[str, frozenset[str]] | None = None,
    probe: str | None = None,
) -> Family:
    paths = {v: dated.format(v) for v in versions if v != "v3"}
    if v3 is not None:
        paths["v3"] = v3
    missing = lacks or {}
    return Family(
        name,
        tuple(Version(v, path, ENDS[v], missing.get(v, frozenset())) for v, path in paths.items()),
        probe,
    )


# seatNames is not writable in 2026-03 (spec); v3 got it in August 2026.
USERS = _family(
    "users",
    "/settings/users/{}",
    "/settings/v3/users",
    lacks={"2026-03": frozenset({"seatNames"})},
    probe="?limit=1",
)
# Only 2026-09 lists seats and writes teams.
SEATS = _family(
    "seats", "/settings/users/{}/seats", None, versions=("2026-09", "2026-09-beta"), probe=""
)
TEAMS = _family(
    "teams", "/settings/teams/{}", None, versions=("2026-09", "2026-09-beta"), probe="?limit=1"
)
OWNERS = _family(
    "owners",
    "/crm/owners/{}",
    "/crm/v3/owners",
    versions=("2026-09", "2026-03", "v3"),
    probe="?limit=1",
)
OBJECTS = _family(
    "objects",
    "/crm/objects/{}",
    "/crm/v3/objects",
    probe="/users?limit=1",
)
PROPERTIES = _family(
    "properties",
    "/crm/properties/{}",
    "/crm/v3/properties",
    versions=("2026-09", "2026-03", "v3"),
    probe="/users",
)
ACCOUNT = _family(
    "account",
    "/account-info/{}",
    "/account-info/v3",
    versions=("2026-09", "2026-03", "v3"),
    probe="/details",
)
TOKEN = Family(
    "token",
    (
        Version("2026-09", "/oauth/2026-09/token", ENDS["2026-09"]),
        Version("2026-03", "/oauth/2026-03/token", ENDS["2026-03"]),
        Version("v3", "/oauth/v3/token", ENDS["v3"]),
        Version("v1", "/oauth/v1/token", ENDS["v1"]),
    ),
)
# Without versions: one form only, as every public client uses it.
TOKEN_INFO = Family("token_info", (Version("v2", "/oauth/v2/private-apps/get/access-token-info"),))

FAMILIES: tuple[Family, ...] = (
    USERS, SEATS, TEAMS, OWNERS, OBJECTS, PROPERTIES, ACCOUNT, TOKEN, TOKEN_INFO,
)  # fmt: skip
