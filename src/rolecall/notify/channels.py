"""The wires notices travel on; one try each, the outbox repeats what failed."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiosmtplib
import httpx2

from rolecall.domain.notice import Notice
from rolecall.kit.clock import Clock
from rolecall.kit.errors import Refused, Retryable
from rolecall.notify.pinning import Pinned
from rolecall.notify.render import as_email, as_webhook, signature

SECONDS = 15.0  # a chat service that needs longer is down for our purposes


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt of one notice on one channel; `id` stays the same over attempts."""

    id: str
    notice: Notice


class Channel(Protocol):
    """Something that can carry a notice."""

    @property
    def name(self) -> str:
        """What deliveries of this channel are kept under."""
        ...

    async def send(self, delivery: Delivery) -> None:
        """Carry it; Retryable when the other side may recover, Refused when it never will."""
        ...


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """SMTP with STARTTLS or TLS; the password is never shown."""

    host: str
    port: int
    sender: str
    to: tuple[str, ...] = ()
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    start_tls: bool | None = None
    name: str = "email"

    async def send(self, delivery: Delivery) -> None:
        """Send one mail to the notice's own addressees, else to the channel's."""
        to = delivery.notice.to or self.to
        if not to:
            raise Refused("a notice has nobody to go to", hint="set ROLECALL_NOTIFY_EMAIL_TO")
        try:
            mail = as_email(delivery.notice, self.sender, to)
        except ValueError as error:
            raise Refused(f"no mail can be made of a notice: {error}") from error
        # The same on every attempt: a server that took it before the line broke knows it again.
        mail["Message-ID"] = f"<{delivery.id}@{self.sender.rpartition('@')[2].rstrip('>')}>"
        try:
            await aiosmtplib.send(
                mail,
                hostname=self.host,
                port=self.port,
                username=self.username,
                password=self.password,
                use_tls=self.tls,
                start_tls=self.start_tls,
                timeout=SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            if _is_final(error):
                raise Refused(f"the mail server refused a mail: {error}") from error
            raise Retryable(f"the mail server {self.host} did not take a mail: {error}") from error


@dataclass(frozen=True, slots=True)
class HttpChannel:
    """A webhook of Slack, Microsoft Teams or anybody; the URL is a secret and never shown.

    With `render` None the body is our own signed JSON. `guard` judges where the address leads.
    """

    name: str
    url: str = field(repr=False)
    client: httpx2.AsyncClient
    clock: Clock
    render: Callable[[Notice], dict[str, Any]] | None = None
    secret: bytes = field(default=b"", repr=False)
    guard: Callable[[str], Awaitable[Pinned]] | None = None

    async def send(self, delivery: Delivery) -> None:
        """Post the notice; 2xx is delivered, 408, 429 and 5xx may recover, the rest never will."""
        body, headers = self._request(delivery)
        place = await self.guard(self.url) if self.guard is not None else Pinned(self.url)
        try:
            answer = await self.client.post(
                place.url,
                content=body,
                headers={**headers, **place.headers},
                timeout=SECONDS,
                extensions=place.extensions,
            )
        except httpx2.HTTPError as error:
            raise Retryable(f"{self.name} did not answer: {type(error).__name__}") from error
        if answer.status_code in {408, 429} or answer.status_code >= 500:
            raise Retryable(
                f"{self.name} answered {answer.status_code}", retry_after=_after(answer)
            )
        if not answer.is_success:
            raise Refused(
                f"{self.name} answered {answer.status_code}",
                hint="check the webhook's address; it may have been deleted there",
            )

    def _request(self, delivery: Delivery) -> tuple[bytes, dict[str, str]]:
        headers = {"content-type": "application/json"}
        if self.render is not None:
            return json.dumps(self.render(delivery.notice)).encode(), headers
        now = self.clock.now()
        stamp = int(now.timestamp())
        body = as_webhook(delivery.notice, delivery.id, now)
        headers["x-rolecall-delivery"] = delivery.id
        headers["x-rolecall-timestamp"] = str(stamp)
        if self.secret:
            headers["x-rolecall-signature"] = signature(self.secret, stamp, body)
        return body, headers


def _is_final(error: Exception) -> bool:
    """Whether the server said never (5xx); 4xx is greylisting, a refused password can be mended."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(one.code >= 500 for one in error.recipients)
    refused = (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError)
    return isinstance(error, refused) and error.code >= 500


def _after(answer: httpx2.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdigit() else None
