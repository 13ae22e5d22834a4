"""What our SCIM service says about itself: resources, capabilities, and what it tolerates.

Seats and permission sets of the portal are published as the canonical values of `entitlements`
and `roles`, so that an administrator sees in the schema what may be sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field, create_model
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    EnterpriseUser,
    ETag,
    Filter,
    Group,
    Patch,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    User,
)

from rolecall.services.scim.kept import Published

MOST_RESULTS = 200

CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=MOST_RESULTS),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=True),
    etag=ETag(supported=True),
    authentication_schemes=[
        AuthenticationScheme(
            name="Bearer token",
            description="A token with the scope scim: rolecall token create",
            type=AuthenticationScheme.Type.oauthbearertoken,
            primary=True,
        )
    ],
)
# What Okta and Entra send beyond the specification.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


def provider_of(published: Published) -> ScimProvider:
    """The service for one portal, its seats and permission sets named as canonical values."""
    user = _user_model(published.seats, published.permission_sets)
    return ScimProvider(
        models=[user, EnterpriseUser, Group],
        resource_types=[
            ResourceType.from_resource(user[EnterpriseUser]),
            ResourceType.from_resource(Group),
        ],
        config=CONFIG,
        policy=POLICY,
    )


def _user_model(seats: Sequence[str], sets: Sequence[str]) -> Any:
    """The library's User whose entitlements and roles know this portal's values.

    Addresses are text: the library refuses names such as `.test` that a laptop lives on, and
    whether HubSpot takes an address is not for us to say.
    """
    email = _valued(User.Emails, ())
    entitlement = _valued(User.Entitlements, seats)
    role = _valued(User.Roles, sets)
    return create_model(
        "User",
        __base__=User,
        __module__=__name__,
        emails=(list[email] | None, None),  # type: ignore[valid-type]
        entitlements=(list[entitlement] | None, None),  # type: ignore[valid-type]
        roles=(list[role] | None, None),  # type: ignore[valid-type]
    )


def _valued(base: Any, values: Sequence[str]) -> Any:
    examples = list(values) or None
    value: Any = (str | None, Field(None, examples=examples))
    return create_model(base.__name__, __base__=base, __module__=__name__, value=value)
