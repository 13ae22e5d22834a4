"""The SCIM library's storage over our services: one per request, for one identity provider."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from scim2_models import (
    NotFoundException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
    ScimProvider,
    SearchRequest,
    UniquenessException,
)
from scim2_models.path import CompareOperator, Comparison
from scim2_server.storage import AsyncScimStorage, SearchPage

from rolecall.domain.scim import ScimRecord
from rolecall.kit.errors import AlreadyThere, NotThere, OutOfDate, Refused, RolecallError
from rolecall.kit.redact import redacted
from rolecall.scim.reading import body_of, group_of, resource_of, user_of, version_of
from rolecall.services.app import App
from rolecall.services.scim.clients import Pusher
from rolecall.services.scim.kept import (
    EXTERNAL_ID,
    ID,
    NAME,
    all_kept,
    kept_resource,
    kept_where,
    page_of_kept,
)
from rolecall.services.scim.planning import ScimRunner
from rolecall.services.scim.pushing import (
    PushedGroup,
    drop_group,
    drop_user,
    push_group,
    push_user,
)
from rolecall.services.scim.wishes import PushedUser

USER = "User"
BREATH = 50  # resources built between two looks at what else waits
# What the database looks up by itself, by the attribute's name in lower case.
_LOOKED_UP = {
    (USER, "username"): NAME,
    ("Group", "displayname"): NAME,
    (USER, "externalid"): EXTERNAL_ID,
    ("Group", "externalid"): EXTERNAL_ID,
    (USER, "id"): ID,
    ("Group", "id"): ID,
}


class Declined(SCIMException):
    """Refused with the reason of a service."""

    def __init__(self, error: RolecallError) -> None:
        told = f"{error.message} ({error.hint})" if error.hint else error.message
        super().__init__(detail=redacted(told))
        self.status = getattr(error, "http_status", 400 if isinstance(error, Refused) else 503)
        self.scim_type = "invalidValue" if self.status == 400 else ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a write asked for, known before anything could refuse it; for the log."""

    kind: str
    resource_id: str = ""
    asked: PushedUser | PushedGroup | None = None
    body: str = ""


@dataclass
class PushStorage(AsyncScimStorage):
    """Reads what was pushed, and pushes what is written. `attempt` tells the log what it was."""

    app: App
    runner: ScimRunner
    pusher: Pusher
    provider: ScimProvider
    attempt: Attempt | None = None

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,  # noqa: ARG002 -- theirs
    ) -> Resource[Any]:
        """One resource this client pushed."""
        return self._resource(await self._record(resource_type, resource_id))

    async def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,  # noqa: ARG002 -- cursors are not announced
    ) -> SearchPage:
        """A page; plain pages and look-ups by name are the database's, the rest is filtered here."""
        kinds = [str(one.name) for one in resource_types]
        if search_request.filter is None and search_request.sort_by is None:
            start = search_request.start_index_0 or 0
            total, page = await page_of_kept(
                self.app, self.pusher, kinds, start, search_request.count
            )
            return SearchPage(total, [self._resource(one) for one in page])
        found = []
        for at, one in enumerate(await self._candidates(kinds, search_request)):
            if at % BREATH == BREATH - 1:
                await asyncio.sleep(0)  # others are answered while a large portal is filtered
            resource = self._resource(one)
            if search_request.filter is None or search_request.filter.match(resource):
                found.append(resource)
        return _page(found, search_request)

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """Push a new user or group."""
        return await self._pushed(str(resource_type.name), resource, None)

    async def update(
        self,
        resource_type: ResourceType,
        resource: Resource[Any],
        *,
        expected_version: str | None = None,
    ) -> Resource[Any]:
        """Push a changed user or group, whole."""
        former = await self._record(resource_type, str(resource.id))
        if expected_version is not None and expected_version != version_of(former):
            raise PreconditionFailedException
        return await self._pushed(str(resource_type.name), resource, former)

    async def delete(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        expected_version: str | None = None,
    ) -> None:
        """Take a user away as the client says, or a group's effect."""
        record = await self._record(resource_type, resource_id)
        if expected_version is not None and expected_version != version_of(record):
            raise PreconditionFailedException
        self.attempt = Attempt(record.kind, record.id)
        drop = drop_user if record.kind == USER else drop_group
        try:
            await drop(self.app, self.runner, self.pusher, record)
        except RolecallError as error:
            raise Declined(error) from error

    async def _pushed(
        self, kind: str, resource: Resource[Any], former: ScimRecord | None
    ) -> Resource[Any]:
        body, mine = body_of(resource), former.id if former else ""
        try:
            if kind == USER:
                user = user_of(resource)
                self.attempt = Attempt(kind, mine, user, body)
                record = await push_user(self.app, self.runner, self.pusher, user, body, former)
            else:
                group = group_of(resource)
                self.attempt = Attempt(kind, mine, group, body)
                record = await push_group(self.app, self.runner, self.pusher, group, body, former)
        except AlreadyThere as error:
            raise UniquenessException(detail=error.message) from error
        except OutOfDate as error:
            raise PreconditionFailedException from error
        except RolecallError as error:
            raise Declined(error) from error
        self.attempt = replace(self.attempt, resource_id=record.id)
        return self._resource(record)

    async def _record(self, resource_type: ResourceType, resource_id: str) -> ScimRecord:
        kind = str(resource_type.name)
        try:
            return await kept_resource(self.app, self.pusher, kind, resource_id)
        except NotThere:
            raise NotFoundException(detail=f"{kind} {resource_id!r}") from None

    def _resource(self, record: ScimRecord) -> Resource[Any]:
        model: Any = self.provider.model_for(record.kind)
        return resource_of(model, record)

    async def _candidates(
        self, kinds: list[str], search_request: SearchRequest[Any]
    ) -> tuple[ScimRecord, ...]:
        """Everything the filter may match; by name or externalId where that is all it asks."""
        asked = _equality(search_request) if len(kinds) == 1 else None
        column = _LOOKED_UP.get((kinds[0], asked[0])) if asked else None
        if asked and column:
            return await kept_where(self.app, self.pusher, kinds[0], column, asked[1])
        return await all_kept(self.app, self.pusher, kinds)


def _equality(search_request: SearchRequest[Any]) -> tuple[str, str] | None:
    """The attribute and value of a filter that is one `eq` on a string."""
    asked = search_request.filter
    node = asked.ast if asked is not None else None
    if not isinstance(node, Comparison) or node.op != CompareOperator.eq:
        return None
    if not isinstance(node.value, str):
        return None
    return str(node.attr_path).rpartition(":")[2].casefold(), node.value


def _page(resources: list[Resource[Any]], asked: SearchRequest[Any]) -> SearchPage:
    found = list(resources)
    if asked.sort_by is not None:
        descending = asked.sort_order == SearchRequest.SortOrder.descending
        found.sort(key=lambda one: _sort_key(asked, one), reverse=descending)
    start = asked.start_index_0 or 0
    stop = None if asked.count is None else start + asked.count
    return SearchPage(len(found), found[start:stop])


def _sort_key(asked: SearchRequest[Any], resource: Resource[Any]) -> tuple[bool, Any, str]:
    """Missing values last, then by id."""
    value = asked.sort_value(resource)
    return value is None, "" if value is None else value, str(resource.id)
