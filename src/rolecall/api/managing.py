"""API tokens and webhooks. Secrets are in one answer each, which nobody keeps."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from rolecall.api.answers import NO_STORE, errors, told, zoned
from rolecall.api.bodies import TokenToMake, WebhookToMake
from rolecall.api.calling import Caller
from rolecall.api.models import (
    Answer,
    DeliveryModel,
    NewTokenModel,
    NewWebhookModel,
    Page,
    TokenModel,
    WebhookModel,
)
from rolecall.api.paging import Paged
from rolecall.domain.operator import TokenScope
from rolecall.domain.webhook import Webhook, WebhookDelivery
from rolecall.kit.errors import Refused
from rolecall.services.operators.shapes import new_token_shape, token_shape
from rolecall.services.operators.tokens import create_token, list_tokens, revoke_token
from rolecall.services.telling.lost import lost_notices, send_test, tell_again
from rolecall.services.telling.webhooks import (
    add_webhook,
    list_deliveries,
    list_webhooks,
    remove_webhook,
    replay_delivery,
)

router = APIRouter(responses=errors())


@router.get("/tokens", operation_id="listTokens", tags=["tokens"], response_model=Page[TokenModel])
async def tokens(call: Caller, window: Paged) -> Response:
    """One's own tokens; an admin of all portals sees everybody's."""
    return told(window.of(await list_tokens(call.app, call.actor), token_shape))


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
    expires_at = zoned(body.expires_at, "expires_at") if body.expires_at else None
    scopes = [TokenScope(one) for one in body.scopes]
    made = await create_token(
        call.app, call.actor, body.name, scopes, body.portals, expires_at=expires_at
    )
    return told(new_token_shape(made), 201, NO_STORE)


@router.delete("/tokens/{token}", operation_id="revokeToken", tags=["tokens"], status_code=204)
async def revoke(call: Caller, token: str) -> Response:
    """End a token for good."""
    await revoke_token(call.app, call.actor, token)
    return Response(None, 204)


@router.get(
    "/webhooks", operation_id="listWebhooks", tags=["webhooks"], response_model=Page[WebhookModel]
)
async def webhooks(call: Caller, window: Paged) -> Response:
    """Where notices are posted."""
    return told(window.of(await list_webhooks(call.app, call.actor), _webhook))


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
async def deliveries(
    call: Caller,
    webhook: str,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    after: str | None = None,
) -> Response:
    """What was posted to an address, newest first."""
    page = await list_deliveries(call.app, call.actor, webhook, after=after, limit=limit)
    return told({"items": [_delivery(one) for one in page.items], "next": page.after})


@router.post(
    "/deliveries/{delivery}/replay",
    operation_id="replayDelivery",
    tags=["webhooks"],
    response_model=DeliveryModel,
)
async def replay(call: Caller, delivery: str) -> Response:
    """Post a notice again, with the same delivery id."""
    return told(_delivery(await replay_delivery(call.app, call.actor, delivery)))


@router.get(
    "/portals/{portal}/notices/lost",
    operation_id="listLostNotices",
    tags=["notices"],
    response_model=Page[Answer],
)
async def lost(call: Caller, portal: str, window: Paged) -> Response:
    """What of a portal's notices of the last month reached nobody, newest first."""
    hub_id = await call.hub_id(portal)
    return told(window.of(await lost_notices(call.app, call.actor, hub_id), asdict))


@router.post(
    "/portals/{portal}/notices/{delivery}/again",
    operation_id="repeatNotice",
    tags=["notices"],
    status_code=204,
)
async def again(call: Caller, portal: str, delivery: str) -> Response:
    """Try a notice that was given up as if it were new."""
    hub_id = await call.hub_id(portal)
    await tell_again(call.app, call.actor, hub_id, delivery)
    return Response(None, 204)


@router.post(
    "/portals/{portal}/notices/test",
    operation_id="sendTestNotice",
    tags=["notices"],
    status_code=202,
    response_model=Answer,
)
async def test(call: Caller, portal: str) -> Response:
    """Queue a notice that says it is a test, on every way out that is set up."""
    await send_test(call.app, call.actor, await call.hub_id(portal))
    return told({"queued": True}, 202)


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
