"""The SCIM library's storage over our services: one per request, for one identity provider."""

from __future__ import annotations

from dataclasses import dataclass, field
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
from rolecall.scim.reading import (
    body_of,
    group_of,
    members_in,
    resource_of,
    user_of,
    version_of,
)
from rolecall.services.app import App
from rolecall.services.scim.clients import Pusher, ScimRunner
from rolecall.services.scim.pushing import drop_group, drop_user, push_group, push_user
from rolecall.store import View

USER = "User"
_NAMES = {USER: "username", "Group": "displayname"}


class Declined(SCIMException):
    """Refused with the reason of a service."""

    def __init__(self, error: RolecallError) -> None:
        told = f"{error.message} ({error.hint})" if error.hint else error.message
        super().__init__(detail=told)
        self.status = getattr(error, "http_status", 400 if isinstance(error, Refused) else 503)
        self.scim_type = "invalidValue" if self.status == 400 else ""


@dataclass
class PushStorage(AsyncScimStorage):
    """Reads what was pushed, and pushes what is written. `touched` names it for the log."""

    app: App
    runner: ScimRunner
    pusher: Pusher
    provider: ScimProvider
    touched: list[ScimRecord] = field(default_factory=list)

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,  # noqa: ARG002 -- theirs
    ) -> Resource[Any]:
        """One resource this client pushed."""
        async with self.app.database.read() as view:
            return self._resource(await self._record(view, resource_type, resource_id))

    async def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,  # noqa: ARG002 -- cursors are not announced
    ) -> SearchPage:
        """A page; plain pages and look-ups by name are the database's, the rest is filtered here."""
        kinds = [str(one.name) for one in resource_types]
        plain = search_request.filter is None and search_request.sort_by is None
        async with self.app.database.read() as view:
            if plain:
                start = search_request.start_index_0 or 0
                total, page = await view.scim.page(
                    self.pusher.client.id, kinds, start, search_request.count
                )
                return SearchPage(total, [self._resource(one) for one in page])
            records = await self._candidates(view, kinds, search_request)
        return _page([self._resource(one) for one in records], search_request)

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
        async with self.app.database.read() as view:
            former = await self._record(view, resource_type, str(resource.id))
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
        async with self.app.database.read() as view:
            record = await self._record(view, resource_type, resource_id)
        if expected_version is not None and expected_version != version_of(record):
            raise PreconditionFailedException
        self.touched.append(record)
        try:
            if record.kind == USER:
                await drop_user(self.app, self.runner, self.pusher, record)
            else:
                held = members_in(record)
                await drop_group(self.app, self.runner, self.pusher, record, held)
        except RolecallError as error:
            raise Declined(error) from error

    async def _pushed(
        self, kind: str, resource: Resource[Any], former: ScimRecord | None
    ) -> Resource[Any]:
        body = body_of(resource)
        try:
            if kind == USER:
                record = await push_user(
                    self.app, self.runner, self.pusher, user_of(resource), body, former
                )
            else:
                held = members_in(former) if former else ()
                record = await push_group(
                    self.app, self.runner, self.pusher, group_of(resource), body, former, held
                )
        except AlreadyThere as error:
            raise UniquenessException(detail=error.message) from error
        except OutOfDate as error:
            raise PreconditionFailedException from error
        except RolecallError as error:
            raise Declined(error) from error
        self.touched.append(record)
        return self._resource(record)

    async def _record(
        self, view: View, resource_type: ResourceType, resource_id: str
    ) -> ScimRecord:
        try:
            kind = str(resource_type.name)
            return await view.scim.get(self.pusher.client.id, kind, resource_id)
        except NotThere:
            raise NotFoundException(detail=f"{resource_type.name} {resource_id!r}") from None

    def _resource(self, record: ScimRecord) -> Resource[Any]:
        model: Any = self.provider.model_for(record.kind)
        return resource_of(model, record)

    async def _candidates(
        self, view: View, kinds: list[str], search_request: SearchRequest[Any]
    ) -> tuple[ScimRecord, ...]:
        """Everything the filter may match; by name or externalId where that is all it asks."""
        client = self.pusher.client
        if len(kinds) == 1 and (asked := _equality(search_request)):
            attribute, value = asked
            if attribute == _NAMES[kinds[0]]:
                found = await view.scim.by_name(client.hub_id, kinds[0], value)
                return tuple(one for one in found if one.client_id == client.id)
            if attribute == "externalid":
                return await view.scim.by_external_id(client.id, kinds[0], value)
            if attribute == "id":
                return await view.scim.known(client.id, kinds[0], [value])
        found_all: list[ScimRecord] = []
        for kind in kinds:
            found_all += await view.scim.all(client.id, kind)
        return tuple(found_all)


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
    wanted = asked.filter
    found = [one for one in resources if wanted is None or wanted.match(one)]
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
