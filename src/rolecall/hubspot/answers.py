"""Turns an answer that is not a success into the error that says what to do. No I/O."""

from __future__ import annotations

import msgspec

from rolecall.hubspot import errors
from rolecall.hubspot.errors import Failure, HubSpotError
from rolecall.hubspot.sender import Reply
from rolecall.hubspot.wire import ErrorBody, NestedError
from rolecall.kit.redact import redacted

_BODY = msgspec.json.Decoder(ErrorBody)
_LOOSE = msgspec.json.Decoder(dict[str, object])
NO_BODY = ErrorBody()
SHOWN = 500  # characters of HubSpot's message we keep

NO_SEAT = "NO_SEAT_AVAILABLE_FOR_ROLE_COMBINATION"
NOT_ACTIVATED = "USER_NOT_ON_ANY_HUBS"


def error_body(reply: Reply) -> ErrorBody:
    """HubSpot's error envelope; an empty one where the answer is HTML, empty or cut off."""
    try:
        return _BODY.decode(reply.body)
    except msgspec.DecodeError:
        return _loosely(reply.body)


def _loosely(body: bytes) -> ErrorBody:
    """What can be read of an envelope whose fields have unexpected types."""
    try:
        found = _LOOSE.decode(body)
    except msgspec.DecodeError:
        return NO_BODY
    names = ("message", "status", "category", "subCategory", "correlationId", "policyName")
    text = {name: value for name in names if isinstance(value := found.get(name), str)}
    return msgspec.convert(text, ErrorBody)


def failure_of(reply: Reply, method: str, path: str) -> Failure:
    """The facts of a failed call, redacted; `path` is a template."""
    body = error_body(reply)
    return Failure(
        method=method,
        path=path,
        status=reply.status,
        category=body.category or body.error_type or body.error or "",
        sub_category=body.sub_category or "",
        correlation_id=body.correlation_id or reply.headers.get("x-hubspot-correlation-id", ""),
        policy=policy_of(body),
        message=redacted(body.message or body.error_description or "")[:SHOWN],
        details=tuple(redacted(text) for text in _nested(body.errors or ()))
        if reply.is_json
        else (looks_like(reply),),
        fields=tuple(one.in_ for one in body.errors or () if one.in_),
    )


def policy_of(body: ErrorBody) -> str:
    """Which limit a 429 speaks of: TEN_SECONDLY_ROLLING, SECONDLY, DAILY, or as HubSpot names it."""
    if body.policy_name:
        return body.policy_name
    message = (body.message or "").lower()
    if "ten_secondly" in message:
        return "TEN_SECONDLY_ROLLING"
    if "secondly" in message:
        return "SECONDLY"
    return "DAILY" if "daily" in message else ""


def _nested(found: tuple[NestedError, ...]) -> list[str]:
    return [
        " ".join(part for part in (nested.code, nested.sub_category, nested.message) if part)
        for nested in found
    ]


def error_of(reply: Reply, method: str, path: str) -> HubSpotError:
    """The error an answer with status 4xx stands for (429 and 5xx are the connection's)."""
    body = error_body(reply)
    failure = failure_of(reply, method, path)
    if reply.status == 401:
        return _unauthorized(body, failure)
    if reply.status == 403:
        return _forbidden(body, failure)
    if reply.status == 404:
        return errors.NotFound(_said("Not found", failure), failure)
    if reply.status == 409:
        return errors.Conflict(_said("It exists already", failure), failure)
    return _invalid(failure, reply.body)


def _said(what: str, failure: Failure, *, status: bool = False) -> str:
    """One line: what it means, HubSpot's own words, and the call with its correlation id."""
    words = f"; HubSpot says: {failure.message}" if failure.message else ""
    facts = (f"status {failure.status}", *failure.details) if status else failure.details
    if facts:
        words += f" ({'; '.join(facts)})"
    call = f"{failure.method} {failure.path}"
    trace = f", {failure.correlation_id}" if failure.correlation_id else ""
    return f"{what}{words} [{call}{trace}]"


def _unauthorized(body: ErrorBody, failure: Failure) -> HubSpotError:
    expired_at = next(iter((body.context or {}).get("expire time", ())), "")
    # A token HubSpot cannot decode is "expired since 1970".
    if body.category == "EXPIRED_AUTHENTICATION" and not expired_at.startswith("1970"):
        return errors.TokenExpired(
            _said("The token's time is over", failure),
            failure,
            hint="give the portal a new token",
        )
    return errors.BadToken(
        _said("HubSpot does not accept the token", failure),
        failure,
        hint="check the token: expired, revoked, mistyped, or of another portal",
    )


def no_token(failure: Failure) -> HubSpotError:
    """What was given as a token cannot be one; nothing was sent."""
    return errors.BadToken(
        "The token is empty or has characters that no HubSpot token has",
        failure,
        hint="copy the token again, without quotes or line breaks",
    )


def _forbidden(body: ErrorBody, failure: Failure) -> HubSpotError:
    required = required_scopes(body)
    if required or body.category == "MISSING_SCOPES":
        any_of = " or ".join(required) or "unknown; see HubSpot's words"
        return errors.MissingScopes(
            _said(f"The token lacks a scope (any one of: {any_of})", failure),
            failure,
            hint="add the scope to the key or app, then check the portal again",
            required=required,
        )
    return errors.Forbidden(_said("HubSpot does not allow this", failure), failure)


def required_scopes(body: ErrorBody) -> tuple[str, ...]:
    """Scopes of which any one suffices, under both names HubSpot has used."""
    contexts = [body.context, *(nested.context for nested in body.errors or ())]
    found: list[str] = []
    for context in contexts:
        for name in ("requiredGranularScopes", "requiredScopes"):
            found += (context or {}).get(name, ())
    return tuple(dict.fromkeys(found))


def _invalid(failure: Failure, body: bytes) -> HubSpotError:
    text = body.decode(errors="replace")
    if NO_SEAT in text:
        return errors.NoSeat(
            _said("No free seat", failure),
            failure,
            hint="free or buy a seat; right after a removal, wait a minute",
        )
    if NOT_ACTIVATED in text:
        return errors.NotActivated(_said("The user never accepted an invitation", failure), failure)
    if "have access to" in failure.message:
        return errors.FeatureMissing(
            _said("The portal's edition does not have this", failure), failure
        )
    return errors.Invalid(_said("HubSpot refuses the request", failure), failure)


def grant_lost(failure: Failure) -> HubSpotError:
    """The refresh token works no more."""
    return errors.GrantLost(
        _said("The app is no longer installed, or its refresh token was revoked", failure),
        failure,
        hint="install the app in the portal again",
    )


def never_left(method: str, path: str, why: str) -> HubSpotError:
    """The request was not sent, so nothing happened."""
    failure = Failure(method, path)
    hint = "check the address of the API, the network and the proxy"
    return errors.Unreachable(
        _said(f"HubSpot cannot be reached: {why}", failure), failure, hint=hint
    )


def no_answer(method: str, path: str, why: str, *, writes: bool) -> HubSpotError:
    """No whole answer came: unknown for a write, to be tried later for a read."""
    failure = Failure(method, path)
    if writes:
        return unknown(failure, why)
    return errors.Unreachable(
        _said(f"HubSpot did not answer: {why}", failure),
        failure,
        hint="check the network and the proxy, then try again",
    )


def unknown(failure: Failure, why: str) -> HubSpotError:
    """A write that may have happened."""
    return errors.UnknownOutcome(
        _said(f"Sent, but the outcome is unknown ({why})", failure),
        failure,
        hint="read back what is there before doing it again",
    )


def unavailable(failure: Failure, retry_after: float | None = None) -> HubSpotError:
    """HubSpot is down, moving the portal, or has it locked."""
    what, hint = _TROUBLES.get(failure.status or 0, _DOWN)
    return errors.Unavailable(
        _said(what, failure, status=True), failure, hint=hint, retry_after=retry_after
    )


_DOWN = (
    "HubSpot cannot answer now",
    "try again in some minutes; https://status.hubspot.com tells of outages",
)
_TROUBLES = {
    423: ("HubSpot has it locked", "locks last for moments; try again"),
    477: ("HubSpot is migrating the portal", "try again in some hours"),
}


def too_many(failure: Failure, retry_after: float | None) -> HubSpotError:
    """A 429; which limit is in `failure.policy`."""
    if failure.policy == "DAILY":
        return day_spent(failure, retry_after)
    return errors.RateLimited(
        _said("HubSpot's rate limit is reached", failure),
        failure,
        hint="something else uses up the calls of this key or portal; try again in a minute",
        retry_after=retry_after,
    )


def day_spent(failure: Failure, retry_after: float | None) -> HubSpotError:
    """The calls all private apps of the portal share are spent for today."""
    return errors.DailyLimitReached(
        _said("HubSpot API shared rate limit reached", failure),
        failure,
        hint="it starts again at the portal's midnight; adjust your other private apps",
        retry_after=retry_after,
    )


def version_missing(failure: Failure) -> HubSpotError:
    """No version known to us has this."""
    return errors.VersionMissing(
        _said("No API version known to us offers this in this portal", failure), failure
    )


def unreadable(failure: Failure, what: str) -> HubSpotError:
    """An answer that is not what HubSpot promises."""
    if what == HTML:
        hint = "does a proxy, or a wrong API address, answer in HubSpot's place?"
    else:
        hint = "try again later; if it stays, HubSpot's API has changed"
    said = _said(f"HubSpot's answer makes no sense: {what}", failure, status=bool(failure.status))
    return errors.Unreadable(said, failure, hint=hint)


HTML = "an HTML page"


def looks_like(reply: Reply) -> str:
    """A few words on a body that is not JSON."""
    if not reply.body:
        return "an empty body"
    start = reply.body[:64].lstrip().lower()
    if start.startswith((b"<html", b"<!doctype")):
        return HTML
    return f"{len(reply.body)} bytes that are no JSON"
