"""SCIM resources as what the services act on, and back; the whole resource is kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from scim2_models import EnterpriseUser, Meta, Resource

from rolecall.domain.scim import ScimRecord
from rolecall.services.scim.pushing import PushedGroup
from rolecall.services.scim.wishes import PushedUser

# Never kept: a secret, what the server itself tells, and what is read only.
_NOT_KEPT = frozenset({"password", "meta", "id", "groups", "schemas"})


def user_of(resource: Any) -> PushedUser:
    """A user as far as it matters; `active` is true where it is not said."""
    name = resource.name
    enterprise = resource[EnterpriseUser] if _is_enterprise(resource) else None
    address = _primary(resource.addresses)
    manager = enterprise.manager if enterprise else None
    kept = {"user_type": resource.user_type, "locale": resource.locale}
    if enterprise:
        kept |= {
            "employee_number": enterprise.employee_number,
            "division": enterprise.division,
            "cost_center": enterprise.cost_center,
        }
    return PushedUser(
        user_name=resource.user_name or "",
        emails=tuple(str(one.value) for one in _by_primary(resource.emails) if one.value),
        external_id=resource.external_id or "",
        active=resource.active is not False,
        first_name=(name.given_name if name else "") or "",
        last_name=(name.family_name if name else "") or "",
        job_title=resource.title or "",
        department=(enterprise.department if enterprise else "") or "",
        company=(enterprise.organization if enterprise else "") or "",
        country=(address.country if address else "") or "",
        location=(address.locality if address else "") or "",
        manager_id=(manager.value if manager else "") or "",
        roles=_values(resource.roles),
        entitlements=_values(resource.entitlements),
        attributes={key: value for key, value in kept.items() if value},
    )


def group_of(resource: Any) -> PushedGroup:
    """A group: members once each, in order."""
    members = dict.fromkeys(one.value for one in resource.members or () if one.value)
    return PushedGroup(resource.display_name or "", tuple(members), resource.external_id or "")


def body_of(resource: Resource[Any]) -> str:
    """The resource as it is kept."""
    told = resource.model_dump()
    return json.dumps({key: one for key, one in told.items() if key not in _NOT_KEPT})


def resource_of(model: type[Resource[Any]], record: ScimRecord) -> Resource[Any]:
    """A kept resource with its id and version; the server adds its location."""
    told = json.loads(record.body)
    schemas = [key for key in told if key.startswith("urn:")]
    resource = model.model_validate(
        {**told, "schemas": [str(model.__schema__), *schemas], "id": record.id}
    )
    resource.meta = Meta(
        resource_type=record.kind,
        created=record.created_at,
        last_modified=record.modified_at,
        version=version_of(record),
    )
    return resource


def version_of(record: ScimRecord) -> str:
    """The entity tag of a kept resource."""
    return f'W/"{record.version}"'


def _is_enterprise(resource: Any) -> bool:
    return EnterpriseUser in resource.get_extension_models().values()


def _by_primary(values: Iterable[Any] | None) -> list[Any]:
    return sorted(values or (), key=lambda one: not one.primary)


def _primary(values: Iterable[Any] | None) -> Any:
    return next(iter(_by_primary(values)), None)


def _values(values: Iterable[Any] | None) -> tuple[str, ...] | None:
    """The values of a multi-valued attribute; None where it was not sent at all."""
    if values is None:
        return None
    return tuple(one.value for one in values if one.value)
