"""The cookies of the console: the session, a log-in under way, a sentence for the next page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from rolecall.kit.redact import redacted

SAID_SECONDS = 60
BINDING_SECONDS = 600  # a log-in at the provider must be finished by then
LONGEST = 600  # characters of a sentence for the next page


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and flags; `__Host-` needs https, so plain http on this machine has plain names."""

    https: bool

    def name(self, what: str) -> str:
        """The name of one of our cookies."""
        return f"__Host-rolecall-{what}" if self.https else f"rolecall-{what}"

    def read(self, request: Request, what: str) -> str:
        """The value a browser brought, "" for none."""
        return request.cookies.get(self.name(what), "")

    def put(self, answer: Response, what: str, value: str, seconds: int | None = None) -> None:
        """Set a cookie no script can read and no other site's form brings."""
        answer.set_cookie(
            self.name(what),
            value,
            max_age=seconds,
            path="/",
            secure=self.https,
            httponly=True,
            samesite="lax",
        )

    def drop(self, answer: Response, what: str) -> None:
        """Take a cookie away."""
        answer.delete_cookie(
            self.name(what), path="/", secure=self.https, httponly=True, samesite="lax"
        )

    def say(self, answer: Response, sentence: str) -> None:
        """A sentence the next page shows once."""
        self.put(answer, "said", quote(redacted(sentence)[:LONGEST]), SAID_SECONDS)

    def said(self, request: Request) -> str:
        """The sentence the page before left."""
        return unquote(self.read(request, "said"))[:LONGEST]
