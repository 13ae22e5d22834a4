"""Operators: the first one, invitations, roles per portal, links to the command line, passwords.

Somebody manages an operator only in portals of which they are admin themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import ALL_PORTALS, LinkPurpose, Operator, Session, TokenScope
from rolecall.kit.errors import Refused
from rolecall.kit.ids import uuid7
from rolecall.services.app import App
from rolecall.services.operators.links import NewLink, make_link, peek_link, use_link, useless
from rolecall.services.operators.second_factor import forget_factor, own_operator
from rolecall.services.operators.sign_in import (
    NOBODY_KNOWN,
    SignedIn,
    SignInRefused,
    Visitor,
    begin_session,
)
from rolecall.services.operators.tries import count_try, keys_of
from rolecall.services.rights import NotAllowed, need, need_scope, need_writing
from rolecall.signin.passwords import password_problem
from rolecall.store import UnitOfWork, View
from rolecall.store.errors import AlreadyThere, NotThere

Roles = Mapping[int, frozenset[Role]]
ALL = "installation"  # what the first operator's link is about
NEVER_IN_EMAILS = frozenset(' ,;<>"()')  # what makes one address two, or a name of one
PASSWORD_LINKS = (LinkPurpose.INVITATION, LinkPurpose.PASSWORD)


async def first_operator_link(app: App, actor: Actor) -> NewLink | None:
    """A link for whoever starts this installation; None when there are operators already.

    A new link makes the former one useless.
    """
    need(actor, Role.ADMIN, ALL_PORTALS, "make the first operator", TokenScope.MANAGE)
    async with app.database.begin(actor, "first start") as work:
        if await work.operators.count():
            return None
        await work.links.withdraw(ALL, work.now, (LinkPurpose.FIRST_OPERATOR,))
        return await make_link(work, LinkPurpose.FIRST_OPERATOR, subject=ALL)


async def become_first_operator(
    app: App,
    token: str,
    *,
    email: str,
    name: str,
    password: str,
    visitor: Visitor = NOBODY_KNOWN,
) -> SignedIn:
    """The first operator, admin of every portal, signed in; raises LinkUseless, Refused."""
    checked_email(email)
    _check_password(password, email)
    await peek_link(app, token)
    hashed = await app.passwords.hash(password)
    roles = {ALL_PORTALS: frozenset({Role.ADMIN})}
    operator = Operator(uuid7(), email, app.clock.now(), name, roles)
    async with app.database.begin(operator.actor(), "first start") as work:
        await use_link(work, token, LinkPurpose.FIRST_OPERATOR)
        if await work.operators.count():
            raise useless()
        await work.operators.add(operator)
        await work.operators.set_password(operator.id, hashed)
        _tell_roles(work, operator)
    return await begin_session(app, operator, visitor)


async def invite(
    app: App, actor: Actor, email: str, roles: Roles, *, name: str = ""
) -> tuple[Operator, NewLink]:
    """A new operator with these roles (by hub id, 0 = every portal) and the link to sign in with.

    Raises AlreadyThere when somebody has the e-mail, NotAllowed for portals one does not manage.
    """
    need_writing(app, "invite operators")
    checked_email(email)
    _need_managing(actor, roles, f"invite {email}")
    operator = Operator(uuid7(), email, app.clock.now(), name, _kept(roles))
    async with app.database.begin(actor, f"invited {email}") as work:
        if await work.operators.by_email(email):
            raise AlreadyThere(
                f"There is an operator {email} already", hint="change their roles instead"
            )
        await work.operators.add(operator)
        link = await make_link(work, LinkPurpose.INVITATION, subject=operator.id, email=email)
        work.record(Event.OPERATOR_INVITATION_SENT, subject=email, details=_told(operator.roles))
        work.notify("operator.invited", {"to": email, "operator": operator.id})
    return operator, link


async def password_link(app: App, actor: Actor, operator_id: str) -> NewLink:
    """A link with which an operator chooses a new password; former ones become useless."""
    need_writing(app, "send password links")
    async with app.database.begin(actor, "new password link") as work:
        operator = await _managed(work, actor, operator_id, "send a password link to")
        await work.links.withdraw(operator.id, work.now, PASSWORD_LINKS)
        link = await make_link(
            work, LinkPurpose.PASSWORD, subject=operator.id, email=operator.email
        )
        work.record(Event.OPERATOR_INVITATION_SENT, subject=operator.email)
    return link


async def accept_link(
    app: App, token: str, password: str, *, name: str = "", visitor: Visitor = NOBODY_KNOWN
) -> SignedIn:
    """Choose a password by an invitation or password link, and sign in; other sessions end.

    Raises LinkUseless, Refused for a weak password. Whoever has a second factor signs in with
    it afterwards: the link alone does not open a session then.
    """
    link = await peek_link(app, token)
    _check_password(password, link.email)
    hashed = await app.passwords.hash(password)
    async with app.database.read() as view:
        operator = await view.operators.get(link.subject)
    if operator is None or operator.disabled:
        raise useless()
    operator = replace(operator, name=name or operator.name)
    async with app.database.begin(operator.actor(), "chose a password") as work:
        await use_link(work, token, *PASSWORD_LINKS)
        await work.links.withdraw(operator.id, work.now, PASSWORD_LINKS)
        await work.operators.change(operator)
        await work.operators.set_password(operator.id, hashed)
        await work.sessions.end_all(operator.id, work.now)
        work.record(Event.OPERATOR_PASSWORD_CHANGED, subject=operator.email)
    if operator.second_factor:
        raise SignInRefused("the password is set", hint="sign in with it and your code")
    return await begin_session(app, operator, visitor)


async def change_password(
    app: App, actor: Actor, old: str, new: str, *, session_id: str = ""
) -> None:
    """One's own new password; every other session ends. Raises SignInRefused, Refused."""
    async with app.database.read() as view:
        operator = await own_operator(view, actor)
        lock = await view.operators.lock_of(operator.id)
    await count_try(app, keys_of(operator.email, operator.actor_id))
    if not await app.passwords.verify(lock.password_hash, old):
        raise SignInRefused("the present password is wrong")
    _check_password(new, operator.email)
    hashed = await app.passwords.hash(new)
    async with app.database.begin(actor, "changed the password") as work:
        await work.operators.set_password(operator.id, hashed)
        await work.sessions.end_all(operator.id, work.now, but=session_id)
        work.record(Event.OPERATOR_PASSWORD_CHANGED, subject=operator.email)


async def set_roles(
    app: App, actor: Actor, operator_id: str, roles: Roles, *, reason: str = ""
) -> Operator:
    """Replace an operator's roles; one's own may only shrink, and one admin of all must stay.

    Raises NotAllowed for portals one does not manage, NotThere.
    """
    need_writing(app, "change roles")
    async with app.database.begin(actor, reason or "changed roles") as work:
        operator = await _managed(work, actor, operator_id, "change the roles of", whole=False)
        _need_managing(actor, _differing(operator.roles, roles), f"give {operator.email} roles")
        after = replace(operator, roles=_kept(roles))
        await _keep_an_admin(work, operator, after)
        await work.operators.change(after)
        _tell_roles(work, after)
    return after


async def set_disabled(
    app: App, actor: Actor, operator_id: str, disabled: bool, *, reason: str = ""
) -> Operator:
    """Shut an operator out, sessions and tokens at once, or let them in again."""
    need_writing(app, "disable operators")
    async with app.database.begin(actor, reason or "changed who may sign in") as work:
        operator = await _managed(work, actor, operator_id, "disable")
        after = replace(operator, disabled=disabled)
        await _keep_an_admin(work, operator, after)
        await work.operators.change(after)
        if disabled:
            await work.sessions.end_all(operator.id, work.now)
            await work.api_tokens.revoke_all(operator.id, work.now)
            await work.links.withdraw(operator.id, work.now)
        details = {"disabled": "yes" if disabled else "no"}
        work.record(Event.OPERATOR_ACCESS_CHANGED, subject=operator.email, details=details)
    return after


async def reset_second_factor(app: App, actor: Actor, operator_id: str, reason: str) -> None:
    """Take a lost second factor away; their sessions end."""
    need_writing(app, "reset second factors")
    if not reason.strip():
        raise Refused("resetting a second factor needs a reason")
    async with app.database.begin(actor, reason) as work:
        operator = await _managed(work, actor, operator_id, "reset the second factor of")
        await forget_factor(work, operator)
        await work.sessions.end_all(operator.id, work.now)


async def link_local_user(app: App, actor: Actor, email: str, unix_user: str = "") -> Operator:
    """Make a UNIX user of this machine the same person as an operator; "" undoes it.

    Only the command line may: whoever reads the database there may do all anyway.
    """
    if not actor.id.startswith("local:"):
        raise NotAllowed("only the command line links itself to an operator")
    name = unix_user or actor.id.removeprefix("local:")
    async with app.database.begin(actor, f"{name} is {email}") as work:
        operator = await work.operators.by_email(email)
        if operator is None:
            raise NotThere(f"There is no operator {email}", hint="see `rolecall operator list`")
        linked = replace(operator, local_user=name)
        await work.operators.change(linked)
        work.record(Event.OPERATOR_LINK_MADE, subject=email, details={"local_user": name})
    return linked


async def linked_actor(app: App, actor: Actor) -> Actor:
    """The command line's actor with the e-mail of the operator it is linked to, if any."""
    kind, _, name = actor.id.partition(":")
    if kind != "local":
        return actor
    async with app.database.read() as view:
        operator = await view.operators.by_local_user(name)
    return replace(actor, email=operator.email) if operator else actor


async def list_operators(app: App, actor: Actor) -> tuple[Operator, ...]:
    """The operators one may manage: all, or those with a role in one's own portals."""
    need_scope(actor, TokenScope.MANAGE, "list operators")
    mine = {hub_id for hub_id in actor.roles if actor.holds(Role.ADMIN, hub_id)}
    if not mine:
        raise NotAllowed(f"{actor.name or actor.id} may not list operators")
    async with app.database.read() as view:
        found = await view.operators.all()
    return tuple(one for one in found if ALL_PORTALS in mine or mine & set(one.roles))


async def own_sessions(app: App, actor: Actor) -> tuple[Session, ...]:
    """One's own signed-in browsers, newest first."""
    async with app.database.read() as view:
        operator = await own_operator(view, actor)
        return await view.sessions.of(operator.id, view.now)


async def end_session(app: App, actor: Actor, session_id: str) -> None:
    """End one of one's own sessions; NotThere for anybody else's."""
    async with app.database.begin(actor, "ended a session") as work:
        operator = await own_operator(work, actor)
        mine = {session.id for session in await work.sessions.of(operator.id, work.now)}
        if session_id not in mine:
            raise NotThere("There is no such session")
        await work.sessions.end(session_id, work.now)
        work.record(Event.OPERATOR_SESSION_ENDED, subject=operator.email)


def checked_email(email: str) -> str:
    """The e-mail as given; raises Refused for what is none."""
    name, at, domain = email.rpartition("@")
    plain = email.isprintable() and len(email) <= 254 and not set(email) & NEVER_IN_EMAILS
    if not (name and at and "." in domain and plain):
        raise Refused(f"{email!r} is not an e-mail address", hint="such as kim@acme.test")
    return email


async def _managed(
    view: View, actor: Actor, operator_id: str, what: str, *, whole: bool = True
) -> Operator:
    """An operator one manages: in every portal of theirs, or (not `whole`) in one of them.

    Raises NotThere where one manages none of their portals, so nobody learns who there is.
    """
    need_scope(actor, TokenScope.MANAGE, what + " an operator")
    operator = await view.operators.get(operator_id)
    held = [actor.holds(Role.ADMIN, hub_id) for hub_id in operator.roles] if operator else []
    over_all = actor.holds(Role.ADMIN, ALL_PORTALS)
    if operator is None or not (over_all or any(held)):
        raise NotThere(f"There is no operator {operator_id}")
    if whole and not (over_all or all(held)):
        raise NotAllowed(
            f"{actor.name or actor.id} may not {what} {operator.email}",
            hint="they hold roles in portals of which you are not an admin",
        )
    return operator


def _need_managing(actor: Actor, roles: Roles, what: str) -> None:
    need_scope(actor, TokenScope.MANAGE, what)
    for hub_id in roles:
        need(actor, Role.ADMIN, hub_id, what, TokenScope.MANAGE)
    if not roles and not any(actor.holds(Role.ADMIN, hub_id) for hub_id in actor.roles):
        raise NotAllowed(f"{actor.name or actor.id} may not {what}")


def _differing(before: Roles, after: Roles) -> Roles:
    """The portals whose roles change, with what they were or become."""
    portals = before.keys() | after.keys()
    none: frozenset[Role] = frozenset()
    return {
        hub_id: before.get(hub_id, none) | after.get(hub_id, none)
        for hub_id in portals
        if before.get(hub_id, none) != after.get(hub_id, none)
    }


def _kept(roles: Roles) -> dict[int, frozenset[Role]]:
    return {hub_id: frozenset(some) for hub_id, some in roles.items() if some}


async def _keep_an_admin(work: UnitOfWork, before: Operator, after: Operator) -> None:
    """Refuse the change that would leave nobody to manage the installation."""
    if not _manages_all(before) or _manages_all(after):
        return
    others = [one for one in await work.operators.all() if one.id != after.id]
    if not any(_manages_all(one) for one in others):
        raise Refused(
            f"{after.email} is the last admin of all portals",
            hint="make somebody else an admin of all portals first",
        )


def _manages_all(operator: Operator) -> bool:
    return not operator.disabled and Role.ADMIN in operator.roles.get(ALL_PORTALS, ())


def _check_password(password: str, email: str) -> None:
    problem = password_problem(password, email)
    if problem:
        raise Refused(problem, hint="take a sentence, or what a password manager makes")


def _tell_roles(work: UnitOfWork, operator: Operator) -> None:
    details = _told(operator.roles)
    work.record(Event.OPERATOR_ACCESS_CHANGED, subject=operator.email, details=details)


def _told(roles: Roles) -> dict[str, str]:
    return {
        f"portal {hub_id}" if hub_id else "all portals": ", ".join(sorted(some))
        for hub_id, some in sorted(roles.items())
    }
