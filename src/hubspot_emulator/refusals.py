"""Refusals several resources share, in the words public evidence has for them."""

from __future__ import annotations

from hubspot_emulator.wire import ApiError

NO_SEAT = "AppUserErrors.NO_SEAT_AVAILABLE_FOR_ROLE_COMBINATION"
NOT_ON_ANY_HUBS = "USER_NOT_ON_ANY_HUBS"


def no_seat(about: str = "No seat is available for this role combination.") -> ApiError:
    """400 while seat bookkeeping settles or the stock is used up (live probe, August 2026)."""
    return ApiError(400, about, sub_category=NO_SEAT, errors=[{"message": about, "code": NO_SEAT}])


def not_on_any_hubs() -> ApiError:
    """400 for names of somebody who never accepted an invitation (live probe, August 2026)."""
    return ApiError(
        400,
        "Unable to update user details.",
        errors=[
            {
                "message": "The user is not on any hubs.",
                "code": NOT_ON_ANY_HUBS,
                "context": {"reason": [NOT_ON_ANY_HUBS]},
            }
        ],
    )


def locked() -> ApiError:
    """423: wait two seconds or more, says HubSpot's error page."""
    return ApiError(423, "The resource is locked, retry later", category="LOCKED")


def unparsable(where: str, name: str) -> ApiError:
    """400 for a path or query parameter of the wrong type; recorded without a category."""
    message = f"Unable to parse value for {where} parameter: {name}"
    return ApiError(400, message, category_switch="bad_parameter_category")


def invalid(message: str, field: str | None = None) -> ApiError:
    """400 VALIDATION_ERROR, naming the field where there is one."""
    errors = [{"message": message, "in": field}] if field else []
    return ApiError(400, message, errors=errors)


def not_built(kind: str, missing: list[str]) -> ApiError:
    """400 for a body that lacks required fields, as HubSpot's Java says it."""
    names = ", ".join(missing)
    return ApiError(
        400,
        "Invalid input JSON on line 1, column 1:"
        f" Cannot build {kind}, some of required attributes are not set [{names}]",
    )
