"""API tokens and webhooks. Secrets are in one answer each, which nobody keeps."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from rolecall.api.answers import errors, told
from rolecall.api.calling import Caller
from rolecall.api.models import (
    DeliveryModel,
    NewTokenModel,
    NewWebhookModel,
    Page,
    TokenModel,
    TokenToMake,
    WebhookModel,
    WebhookToMake,
)
from rolecall.domain.operator import ApiToken, TokenScope
from rolecall.domain.webhook import Webhook, WebhookDelivery
from rolecall.kit.errors import Refused
from rolecall.services.operators.tokens import create_token, list_tokens, revoke_token
from rolecall.services.telling.webhooks import (
    add_webhook,
    list_deliveries,
    list_webhooks,
    remove_webhook,
    replay_delivery,
)

NO_STORE = {"cache-control": "no-store"}
router = APIRouter(responses=errors())


@router.get("/tokens", operation_id="listTokens", tags=["tokens"], response_model=Page[TokenModel])
async def tokens(call: Caller) -> Response:
    """One's own tokens; an admin of all portals sees everybody's."""
    found = await list_tokens(call.app, call.actor)
    return told({"items": [_token(one) for one in found]})


@router.post(
    "/tokens",
    operation_id="createToken",
    tags=["tokens"],
    status_code=201,
    response_model=NewTokenModel,
    responses=errors(body=True),
)
async def create(call: Caller, body: TokenToMake) -> Response:
    """A token; the secret is in this answer alone. A token cannot make tokens."""
    unknown = sorted(set(body.scopes) - {scope.value for scope in TokenScope})
    if unknown:
        known = ", ".join(scope.value for scope in TokenScope)
        raise Refused(f"{unknown[0][:40]!r} is no scope", hint=f"scopes: {known}")
    if body.expires_at is not None and body.expires_at.tzinfo is None:
        raise Refused("expires_at needs a time zone", hint="2027-01-31T08:00:00Z")
    scopes = [TokenScope(one) for one in body.scopes]
    made = await create_token(
        call.app, call.actor, body.name, scopes, body.portals, expires_at=body.expires_at
    )
    return told({**_token(made.token), "secret": made.secret}, 201, NO_STORE)


@router.delete("/tokens/{token}", operation_id="revokeToken", tags=["tokens"], status_code=204)
async def revoke(call: Caller, token: str) -> Response:
    """End a token for good."""
    await revoke_token(call.app, call.actor, token)
    return Response(None, 204)


@router.get(
    "/webhooks", operation_id="listWebhooks", tags=["webhooks"], response_model=Page[WebhookModel]
)
async def webhooks(call: Caller) -> Response:
    """Where notices are posted."""
    found = await list_webhooks(call.app, call.actor)
    return told({"items": [_webhook(one) for one in found]})


@router.post(
    "/webhooks",
    operation_id="addWebhook",
    tags=["webhooks"],
    status_code=201,
    response_model=NewWebhookModel,
    responses=errors(body=True),
)
async def add(call: Caller, body: WebhookToMake) -> Response:
    """Post notices of these topics to an address; posts are signed with the secret shown here."""
    made = await add_webhook(call.app, call.actor, body.url, body.topics, body.hub_id)
    return told({**_webhook(made.webhook), "secret": made.secret}, 201, NO_STORE)


@router.delete(
    "/webhooks/{webhook}", operation_id="removeWebhook", tags=["webhooks"], status_code=204
)
async def remove(call: Caller, webhook: str) -> Response:
    """Stop posting to an address."""
    await remove_webhook(call.app, call.actor, webhook)
    return Response(None, 204)


@router.get(
    "/webhooks/{webhook}/deliveries",
    operation_id="listDeliveries",
    tags=["webhooks"],
    response_model=Page[DeliveryModel],
)
async def deliveries(call: Caller, webhook: str) -> Response:
    """What was posted to an address, newest first, at most 100."""
    found = await list_deliveries(call.app, call.actor, webhook)
    return told({"items": [_delivery(one) for one in found]})


@router.post(
    "/deliveries/{delivery}/replay",
    operation_id="replayDelivery",
    tags=["webhooks"],
    response_model=DeliveryModel,
)
async def replay(call: Caller, delivery: str) -> Response:
    """Post a notice again, with the same delivery id."""
    return told(_delivery(await replay_delivery(call.app, call.actor, delivery)))


def _token(one: ApiToken) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "scopes": sorted(one.scopes),
        "portals": sorted(one.portals),
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "last_used_at": one.last_used_at,
        "revoked_at": one.revoked_at,
        "hint": one.hint,
    }


def _webhook(one: Webhook) -> dict[str, Any]:
    return {
        "id": one.id,
        "url": one.url,
        "topics": list(one.topics),
        "hub_id": one.hub_id,
        "created_at": one.created_at,
    }


def _delivery(one: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "topic": one.topic,
        "state": one.state.value,
        "attempts": one.attempts,
        "created_at": one.created_at,
        "next_at": one.next_at,
        "error": one.error,
    }
