"""Signing in and out: passwords with codes, sessions, limits; the same answer for every failure.

Secrets are compared in constant time and outside transactions; a try is counted before it is
judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from rolecall.domain.actor import Actor
from rolecall.domain.events import Event
from rolecall.domain.operator import Operator, Session
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.kit.ids import uuid7
from rolecall.services.app import App
from rolecall.services.operators.second_factor import code_accepted
from rolecall.services.operators.tries import count_try, keys_of
from rolecall.signin.bearer import hash_of, new_secret
from rolecall.store import UnitOfWork

KIND = "rcs"
SEEN_EVERY = timedelta(minutes=1)  # a page full of requests writes once
STRANGER = Actor("nobody", "nobody", via="console")


class SignInRefused(Refused):
    """The e-mail, the password or the code is wrong."""

    http_status = 401


class CodeNeeded(NeedsPerson):
    """The password is right; the second factor is still to come."""

    http_status = 401


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session; the token goes into the browser's cookie and nowhere else."""

    operator: Operator
    session: Session
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a try comes from: network address and browser, as far as known."""

    address: str = ""
    browser: str = ""

    @property
    def about(self) -> str:
        """For the list of one's own sessions."""
        return ", ".join(part for part in (self.browser[:120], self.address) if part)


NOBODY_KNOWN = Visitor()


async def sign_in(
    app: App,
    email: str,
    password: str,
    *,
    code: str = "",
    visitor: Visitor = NOBODY_KNOWN,
    former_token: str = "",
) -> SignedIn:
    """Begin a session for who knows the password and, where set up, the code.

    `former_token` is the browser's cookie so far: it ends, so a session is never fixed.
    Raises SignInRefused (always the same words), CodeNeeded, TooManyTries.
    """
    email = _storable(email)
    keys = keys_of(email, visitor.address)
    await count_try(app, keys)
    async with app.database.read() as view:
        operator = await view.operators.by_email(email)
        lock = await view.operators.lock_of(operator.id) if operator else None
    right = await app.passwords.verify(lock.password_hash if lock else None, password)
    if not right or operator is None or operator.disabled:
        raise await _refused(app, email, "wrong password")
    if operator.second_factor:
        if not code:
            raise CodeNeeded("enter the code of your authenticator app")
        if not await code_accepted(app, operator, code):
            raise await _refused(app, email, "wrong code")
    if lock and lock.password_hash and app.passwords.outdated(lock.password_hash):
        await _renew_hash(app, operator, password)
    return await begin_session(app, operator, visitor, former_token, forgive=keys[:-1])


async def begin_session(
    app: App,
    operator: Operator,
    visitor: Visitor,
    former_token: str = "",
    *,
    forgive: tuple[str, ...] = (),
) -> SignedIn:
    """A fresh session with a fresh token; the browser's former one ends."""
    async with app.database.begin(operator.actor(), "signed in") as work:
        if former_token:
            former = await work.sessions.find(hash_of(former_token))
            if former:
                await work.sessions.end(former.id, work.now)
        signed = await _session(app, work, operator, visitor)
        await work.sign_in_tries.forgive(forgive)
    return signed


async def _session(app: App, work: UnitOfWork, operator: Operator, visitor: Visitor) -> SignedIn:
    token = new_secret(KIND)
    ends = work.now + timedelta(hours=app.choices.security.session_hours)
    session = Session(uuid7(), operator.id, work.now, work.now, ends, visitor.about)
    await work.sessions.add(session, hash_of(token))
    seen = replace(operator, signed_in_at=work.now)
    await work.operators.change(seen)
    details = {"from": session.about}
    work.record(Event.OPERATOR_SESSION_STARTED, subject=operator.email, details=details)
    return SignedIn(seen, session, token)


async def actor_of_session(app: App, token: str) -> tuple[Actor, Session] | None:
    """Whom a browser's cookie stands for; None when it is unknown, ended, idle or too old.

    Roles are read anew each time, so what an admin takes away is gone with the next request.
    """
    if not token.startswith(f"{KIND}_"):
        return None
    async with app.database.read() as view:
        session = await view.sessions.find(hash_of(token))
        operator = await view.operators.get(session.operator_id) if session else None
        now = view.now
    if session is None or operator is None or operator.disabled:
        return None
    idle = timedelta(minutes=app.choices.security.idle_minutes)
    if now >= session.ends_at or now - session.seen_at >= idle:
        return None
    if now - session.seen_at >= SEEN_EVERY:
        async with app.database.work() as work:
            await work.sessions.saw(session.id, now)
    return operator.actor(), session


async def sign_out(app: App, token: str) -> None:
    """End the session of a cookie; an unknown one is as good as ended."""
    async with app.database.read() as view:
        session = await view.sessions.find(hash_of(token))
        operator = await view.operators.get(session.operator_id) if session else None
    if session is None or operator is None:
        return
    async with app.database.begin(operator.actor(), "signed out") as work:
        if await work.sessions.end(session.id, work.now):
            work.record(Event.OPERATOR_SESSION_ENDED, subject=operator.email)


def _storable(email: str) -> str:
    """What both databases can look up: no half surrogates, no NUL."""
    return email.encode("utf-8", "replace").decode().replace("\x00", "?")


async def _refused(app: App, email: str, why: str) -> SignInRefused:
    """The one answer to every failure; what was wrong is told to the audit trail alone."""
    async with app.database.begin(STRANGER, why) as work:
        work.record(Event.OPERATOR_SESSION_REFUSED, subject=email[:254])
    return SignInRefused(
        "e-mail, password or code is wrong", hint="an admin can send you a new password link"
    )


async def _renew_hash(app: App, operator: Operator, password: str) -> None:
    fresh = await app.passwords.hash(password)
    async with app.database.work() as work:
        await work.operators.set_password(operator.id, fresh)
