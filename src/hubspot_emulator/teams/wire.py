"""Teams on the wire: rows of both APIs, and what bodies say of members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hubspot_emulator.bodies import object_of, text
from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.refusals import invalid, not_built

if TYPE_CHECKING:
    from hubspot_emulator.world import Team

Kind = Literal["DEFAULT", "EXTRA"]


@dataclass(frozen=True, slots=True)
class Belonging:
    """One user in one team: as main team (DEFAULT) or extra team (EXTRA)."""

    user_id: int
    kind: Kind

    def row(self) -> dict[str, Any]:
        """The membership as the Teams API prints it."""
        return {"userId": str(self.user_id), "type": self.kind}


@dataclass(frozen=True, slots=True)
class TeamWish:
    """A body about a team; None = not sent, or sent as null, which `nulled` tells of the parent."""

    name: str | None = None
    parent_id: str | None = None
    nulled: bool = False
    members: tuple[Belonging, ...] = ()


def team_row(team: Team) -> dict[str, Any]:
    """A team of the tree; it never tells its members."""
    row: dict[str, Any] = {"id": str(team.id), "name": team.name}
    if team.parent_id is not None:
        row["parentTeamId"] = str(team.parent_id)
    return row


def flat_row(team: Team, main: list[int], extra: list[int]) -> dict[str, Any]:
    """A team of the user provisioning API; it never tells its parent."""
    return {
        "id": str(team.id),
        "name": team.name,
        "userIds": [str(one) for one in main],
        "secondaryUserIds": [str(one) for one in extra],
    }


def read_team(body: Any, *, creating: bool) -> TeamWish:
    """The body of a create or update; a create needs name and members."""
    fields = object_of(body)
    if creating:
        missing = [name for name in ("name", "members") if fields.get(name) is None]
        if missing:
            raise not_built("TeamCreateRequest", missing)
    members = fields.get("members") or []
    if not isinstance(members, list):
        raise invalid("members must be an array", "members")
    return TeamWish(
        text(fields, "name"),
        text(fields, "parentTeamId"),
        "parentTeamId" in fields and fields["parentTeamId"] is None,
        tuple(read_member(one) for one in members),
    )


def read_member(body: Any) -> Belonging:
    """One `{userId, type}`; both are required."""
    fields = object_of(body)
    missing = [name for name in ("userId", "type") if fields.get(name) is None]
    if missing:
        raise not_built("TeamMemberRequest", missing)
    user_id = as_id(str(fields["userId"]))
    if user_id is None:
        raise invalid(f"User {fields['userId']} does not exist", "userId")
    return Belonging(user_id, read_kind(fields["type"]))


def read_kind(kind: Any) -> Kind:
    """DEFAULT or EXTRA; ApiError 400 for any other word."""
    if kind == "DEFAULT":
        return "DEFAULT"
    if kind == "EXTRA":
        return "EXTRA"
    raise invalid(f"Invalid enum constant '{kind}' for class TeamMembershipType", "type")
