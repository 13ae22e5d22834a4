"""Every way HubSpot says no, as the error that tells what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.hubspot import answers, errors
from rolecall.hubspot.sender import Reply
from rolecall.kit.errors import NeedsPerson, Refused, Retryable

JSON = {"content-type": "application/json;charset=utf-8"}
TRACE = "0199e5aa-0000-7000-8000-000000000001"


def _error(status: int, body: Any) -> errors.HubSpotError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return answers.error_of(Reply(status, JSON, raw), "GET", "/settings/users/2026-09")


# Bodies as recorded or documented by HubSpot, shortened to what matters.
RECORDED = [
    (
        401,
        {"message": "Authentication credentials not found.", "category": "INVALID_AUTHENTICATION"},
        errors.BadToken,
        NeedsPerson,
    ),
    (
        401,
        {
            "message": "The OAuth token used to make this call expired 75 second(s) ago.",
            "category": "EXPIRED_AUTHENTICATION",
            "context": {"expire time": ["2026-03-10T23:04:41.164Z"]},
        },
        errors.TokenExpired,
        NeedsPerson,
    ),
    (
        401,
        {
            "message": "The OAuth token used to make this call expired 20705 day(s) ago.",
            "category": "EXPIRED_AUTHENTICATION",
            "context": {"expire time": ["1970-01-01T00:00:00Z"]},
        },
        errors.BadToken,
        NeedsPerson,
    ),
    (
        403,
        {
            "category": "MISSING_SCOPES",
            "errors": [{"context": {"requiredGranularScopes": ["account-info.security.read"]}}],
        },
        errors.MissingScopes,
        NeedsPerson,
    ),
    (
        403,
        {"message": "This API can't be called using an OAuth access token"},
        errors.Forbidden,
        Refused,
    ),
    (404, {"status": "error", "message": "resource not found"}, errors.NotFound, Refused),
    (409, {"message": "Contact already exists.", "category": "CONFLICT"}, errors.Conflict, Refused),
    (
        400,
        {"message": "Account doesn't have access to roles.", "category": "VALIDATION_ERROR"},
        errors.FeatureMissing,
        NeedsPerson,
    ),
    (
        400,
        {"subCategory": "AppUserErrors.NO_SEAT_AVAILABLE_FOR_ROLE_COMBINATION"},
        errors.NoSeat,
        NeedsPerson,
    ),
    (
        400,
        {"errors": [{"message": "nope", "code": "USER_NOT_ON_ANY_HUBS"}]},
        errors.NotActivated,
        Refused,
    ),
    (400, {"message": "Invalid input JSON on line 1"}, errors.Invalid, Refused),
    (400, {"validationResults": [], "message": "not valid"}, errors.Invalid, Refused),
]


class TestErrors:
    @pytest.mark.parametrize(("status", "body", "kind", "root"), RECORDED)
    def test_each_recorded_body_becomes_its_error(
        self, status: int, body: dict[str, Any], kind: type[Exception], root: type[Exception]
    ) -> None:
        """Recorded answers are classified by what the caller must do, with the facts kept."""
        error = _error(status, body | {"correlationId": TRACE})

        assert type(error) is kind
        assert isinstance(error, root)
        assert error.correlation_id == TRACE
        assert error.failure.status == status
        assert TRACE in str(error)
        assert "GET /settings/users/2026-09" in str(error)

    def test_missing_scopes_names_them_under_both_keys(self) -> None:
        """Old and new names of the list of scopes are read; any one suffices."""
        old = _error(403, {"errors": [{"context": {"requiredScopes": ["a", "b"]}}]})
        new = _error(403, {"context": {"requiredGranularScopes": ["c"]}})

        assert isinstance(old, errors.MissingScopes)
        assert old.required == ("a", "b")
        assert isinstance(new, errors.MissingScopes)
        assert new.required == ("c",)

    @given(st.sampled_from([400, 401, 403, 404, 409, 414, 422]), st.binary(max_size=80))
    def test_no_body_crashes_it(self, status: int, body: bytes) -> None:
        """Whatever bytes come with a refusal, it becomes one of our errors."""
        error = _error(status, body)

        assert isinstance(error, errors.HubSpotError)
        assert error.status == status

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["message", "category", "errors", "context", "status"]), inner
                )
            ),
            max_leaves=8,
        )
    )
    def test_no_json_crashes_it(self, body: Any) -> None:
        """JSON of any shape, with fields of any type, becomes one of our errors."""
        assert isinstance(_error(400, body), errors.HubSpotError)

    def test_tokens_in_hubspots_words_are_masked(self) -> None:
        """A token that HubSpot echoes reaches neither message nor facts."""
        secret = "pat-na1-12345678-aaaa-bbbb"
        error = _error(400, {"message": f"bad token {secret}", "errors": [{"message": secret}]})

        assert secret not in str(error)
        assert secret not in repr(error.failure)


class TestLimitsOf429:
    @pytest.mark.parametrize(
        ("body", "policy"),
        [
            ({"policyName": "TEN_SECONDLY_ROLLING"}, "TEN_SECONDLY_ROLLING"),
            (
                {"message": "You have reached your ten_secondly_rolling limit."},
                "TEN_SECONDLY_ROLLING",
            ),
            (
                {"message": "You have reached your secondly limit.", "category": "RATE_LIMITS"},
                "SECONDLY",
            ),
            ({"message": "You have reached your daily limit.", "policyName": "DAILY"}, "DAILY"),
            ({"message": "You have reached your daily limit."}, "DAILY"),
            ({}, ""),
        ],
    )
    def test_the_policy_is_read_from_name_or_words(self, body: dict[str, str], policy: str) -> None:
        """Bodies of 2022 and 2026 both tell which limit it was."""
        reply = Reply(429, JSON, json.dumps(body).encode())

        assert answers.failure_of(reply, "GET", "/x").policy == policy

    def test_daily_is_its_own_error(self) -> None:
        """A spent day can be told from a burst."""
        failure = errors.Failure("GET", "/x", 429, policy="DAILY")

        assert isinstance(answers.too_many(failure, None), errors.DailyLimitReached)
        assert isinstance(
            answers.too_many(errors.Failure("GET", "/x", 429), None), errors.RateLimited
        )


class TestLostAnswers:
    def test_a_write_without_answer_is_unknown(self) -> None:
        """Sent and unanswered: neither retryable nor refused, only read back."""
        error = answers.no_answer("POST", "/x", "ReadTimeout", writes=True)

        assert isinstance(error, errors.UnknownOutcome)
        assert not isinstance(error, Retryable | NeedsPerson | Refused)

    def test_reads_and_what_never_left_can_be_repeated(self) -> None:
        """No effect is possible, so the same call may be tried again."""
        read = answers.no_answer("GET", "/x", "ReadTimeout", writes=False)
        write = answers.never_left("POST", "/x", "ConnectError")

        assert isinstance(read, Retryable)
        assert isinstance(write, Retryable)


class TestTree:
    def test_the_tree_at_the_head_names_every_error(self) -> None:
        """The drawing in the module docstring and the classes agree."""
        drawn = errors.__doc__ or ""
        classes = [
            name
            for name, found in vars(errors).items()
            if isinstance(found, type)
            and issubclass(found, errors.HubSpotError)
            and not name.startswith("_")
        ]

        assert [name for name in classes if name not in drawn] == []
