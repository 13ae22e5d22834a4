"""The teams API (2026-09): the tree, memberships, and every write to either."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from rolecall.hubspot.bodies import Inputs, Member, MemberType, NewTeam, TeamUpdate
from rolecall.hubspot.connection import Connected
from rolecall.hubspot.errors import NotFound
from rolecall.hubspot.operation import Operation
from rolecall.hubspot.paging import pages
from rolecall.hubspot.versions import TEAMS
from rolecall.hubspot.wire import BatchResult, Listed, TeamMember, TeamNode
from rolecall.kit.paging import Page

PAGE = 100

LIST = Operation("GET", TEAMS, "", Listed[TeamNode], collection=True)
READ = Operation("GET", TEAMS, "/{teamId}", TeamNode)
CREATE = Operation("POST", TEAMS, "", TeamNode, collection=True)
PATCH = Operation("PATCH", TEAMS, "/{teamId}", TeamNode)
DELETE = Operation("DELETE", TEAMS, "/{teamId}", type(None))
MEMBERS = Operation("GET", TEAMS, "/{teamId}/members", Listed[TeamMember])
ADD_MEMBER = Operation("POST", TEAMS, "/{teamId}/members", type(None))
ADD_MEMBERS = Operation("POST", TEAMS, "/{teamId}/members/batch", BatchResult[TeamMember])
REMOVE_MEMBER = Operation("DELETE", TEAMS, "/{teamId}/members/{userId}", type(None))


class TeamReads(Connected):
    """Reads of the teams API; VersionMissing where the portal has only older versions."""

    __slots__ = ()

    def teams_tree(
        self, *, limit: int = PAGE, after: str | None = None, prefetch: int = 2
    ) -> AsyncIterator[Page[TeamNode]]:
        """Every team with its parent, but no members."""
        return pages(self.connection, LIST, limit=limit, after=after, prefetch=prefetch)

    async def team(self, team_id: str) -> TeamNode | None:
        """One team; None only on HubSpot's own 404."""
        try:
            return await self.connection.call(READ, team_id)
        except NotFound:
            return None

    def team_members(
        self, team_id: str, *, limit: int = PAGE, after: str | None = None
    ) -> AsyncIterator[Page[TeamMember]]:
        """The members of one team; DEFAULT = main team, EXTRA = extra team."""
        return pages(self.connection, MEMBERS, team_id, limit=limit, after=after)


class TeamWrites(Connected):
    """Writes of the teams API; each is sent once, never repeated blindly."""

    __slots__ = ()

    async def create_team(self, body: NewTeam) -> TeamNode:
        """Make a team (201)."""
        return await self.connection.call(CREATE, body=body)

    async def patch_team(self, team_id: str, body: TeamUpdate) -> TeamNode:
        """Rename or move a team."""
        return await self.connection.call(PATCH, team_id, body=body)

    async def delete_team(self, team_id: str) -> None:
        """Delete a team (204)."""
        await self.connection.call(DELETE, team_id)

    async def add_member(self, team_id: str, member: Member) -> None:
        """Put one user into a team (201)."""
        await self.connection.call(ADD_MEMBER, team_id, body=member)

    async def add_members(self, team_id: str, members: Iterable[Member]) -> BatchResult[TeamMember]:
        """Put several users into a team; look at `errors` of the answer."""
        return await self.connection.call(ADD_MEMBERS, team_id, body=Inputs(tuple(members)))

    async def remove_member(self, team_id: str, user_id: str, kind: MemberType) -> None:
        """Take one user out of a team (204); HubSpot wants to know which membership."""
        await self.connection.call(REMOVE_MEMBER, team_id, user_id, query={"type": kind})
