"""What OAuth endpoints answer to wrong requests: HubSpot's status words, RFC 6749 beside them."""

from __future__ import annotations

from dataclasses import dataclass

from hubspot_emulator.wire import Answer, ApiError


class OAuthRefused(Exception):
    """A token request that is refused; `refusal` says how to say it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason to refuse; v1 prints status and message, newer versions error words too."""

    status: str
    message: str
    error: str

    classic: str = ""  # what v1 says, where it is known to say it differently

    def bare(self, version: str) -> Answer:
        """400 with nothing but the words of this version, as several clients reported it."""
        return Answer(400, self._words(version))

    def enveloped(self, version: str) -> ApiError:
        """The same words in the error envelope that the published documents promise."""
        words = self._words(version)
        return ApiError(400, words["message"], extra=words)

    def _words(self, version: str) -> dict[str, str]:
        if version == "v1":
            return {"status": self.status, "message": self.classic or self.message}
        words = {"error": self.error, "error_description": self.message}
        return {**words, "status": self.status, "message": self.message}


BAD_GRANT_TYPE = Refusal(
    "BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type"
)
BAD_CLIENT_ID = Refusal("BAD_CLIENT_ID", "missing or unknown client id", "invalid_client")
BAD_CLIENT_SECRET = Refusal(
    "BAD_CLIENT_SECRET", "missing or invalid client secret", "invalid_client"
)
BAD_AUTH_CODE = Refusal("BAD_AUTH_CODE", "missing or unknown auth code", "invalid_grant")
EXPIRED_AUTH_CODE = Refusal("EXPIRED_AUTH_CODE", "the auth code has expired", "invalid_grant")
BAD_REDIRECT_URI = Refusal("BAD_REDIRECT_URI", "missing or invalid redirect uri", "invalid_grant")
BAD_CODE_VERIFIER = Refusal(
    "BAD_CODE_VERIFIER", "missing or invalid code verifier", "invalid_grant"
)
BAD_REFRESH_TOKEN = Refusal(
    "BAD_REFRESH_TOKEN",
    "refresh token is invalid, expired or revoked",
    "invalid_grant",
    classic="missing or unknown refresh token",
)
BAD_HUB = Refusal("BAD_HUB", "missing or unknown hub id", "access_denied")
BAD_SCOPE = Refusal("BAD_SCOPE", "missing or unknown scope", "invalid_scope")
NO_TOKEN = Refusal("BAD_REQUEST", "missing token", "invalid_request")
BAD_BODY = Refusal(
    "BAD_REQUEST",
    "the body must be application/x-www-form-urlencoded, secrets in it and not in the URL",
    "invalid_request",
)
