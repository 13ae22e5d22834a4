"""A mail server of tests: takes mails over SMTP on a free port, refuses what it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class MailSink:
    """What arrived, and what recipients are answered with from now on."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answer: bytes = b"250 ok"  # to every RCPT

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it says goodbye."""
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await writer.drain()
                body = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(message_from_bytes(body[:-5], policy=default))
            writer.write((self.answer if verb == b"RCPT" else b"250 ok") + b"\r\n")
            await writer.drain()
            if verb == b"QUIT":
                break
        writer.close()

    def about(self, address: str) -> list[EmailMessage]:
        """What arrived for one address."""
        return [one for one in self.mails if address in one["To"]]


@asynccontextmanager
async def a_mail_sink() -> AsyncIterator[MailSink]:
    """Listen on this machine."""
    sink = MailSink()
    server = await asyncio.start_server(sink.talk, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    async with server:
        yield sink
