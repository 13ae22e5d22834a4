"""`rolecall operator`: who may sign in to Rolecall, with which role in which portal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.asking import ask_as_operator
from rolecall.cli.output import hint, json_option, print_json, print_table, say, tell
from rolecall.cli.running import ask
from rolecall.domain.actor import Role
from rolecall.domain.operator import ALL_PORTALS
from rolecall.kit.errors import Refused

if TYPE_CHECKING:
    from rolecall.domain.operator import Operator
    from rolecall.services.app import App

ROLES = [role.value for role in Role]
ROLE_HELP = "ROLE, or ROLE@PORTAL for one portal: " + ", ".join(ROLES)


@click.group(epilog="Example: rolecall operator invite kim@acme.test --role approver@acme")
def operator() -> None:
    """Operators sign in to the console; what they may do depends on their roles per portal."""


@operator.command(epilog="Example: rolecall operator first")
@json_option
def first(as_json: bool) -> None:
    """The link that makes the first operator; useless as soon as there is one."""
    from rolecall.services.operators.operators import first_operator_link

    async def use(app: Any, actor: Any) -> str | None:
        link = await first_operator_link(app, actor)
        return _address(app, link.token) if link else None

    found = ask(use)
    if as_json:
        print_json({"link": found})
        return
    if found is None:
        say("there are operators already")
        hint("`rolecall operator invite E-MAIL` makes another")
        return
    tell(found)
    say("opens once, within 24 hours")


@operator.command(epilog="Example: rolecall operator invite kim@acme.test --role reviewer@acme")
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, help=ROLE_HELP)
@click.option("--name", default="", help="Their name, as shown.")
@json_option
def invite(email: str, roles: tuple[str, ...], name: str, as_json: bool) -> None:
    """Make an operator; stdout gets the link with which they choose a password."""
    from rolecall.services.operators import operators

    async def use(app: Any, actor: Any) -> tuple[Operator, str]:
        held = await _roles(app, actor, roles)
        made, link = await operators.invite(app, actor, email, held, name=name)
        return made, _address(app, link.token)

    _tell_link(*ask_as_operator(use), as_json)
    say(f"invited {email}; the link opens once, within a week")


@operator.command(epilog="Example: rolecall operator roles kim@acme.test --role admin@acme")
@click.argument("email")
@click.option("--role", "roles", multiple=True, help=ROLE_HELP + "; none takes all away.")
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@json_option
def roles(email: str, roles: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Replace an operator's roles; effective with their next request."""
    from rolecall.services.operators.operators import set_roles

    async def use(app: Any, actor: Any) -> Operator:
        held = await _roles(app, actor, roles)
        found = await _named(app, actor, email)
        return await set_roles(app, actor, found.id, held, reason=reason)

    changed = ask_as_operator(use)
    if _printed(changed, as_json):
        return
    say(f"{changed.email}: {', '.join(_shown(changed)) or 'no role'}")


@operator.command(epilog="Example: rolecall operator link kim@acme.test")
@click.argument("email")
@click.option("--user", "unix_user", default="", help="Another UNIX user than yours.")
@json_option
def link(email: str, unix_user: str, as_json: bool) -> None:
    """Make your UNIX user the same person as an operator, so approvals count for one."""
    from rolecall.services.operators.operators import link_local_user

    linked = ask(lambda app, actor: link_local_user(app, actor, email, unix_user))
    if _printed(linked, as_json):
        return
    say(f"local:{linked.local_user} is {linked.email}")


@operator.command("list", epilog="Example: rolecall operator list --json")
@json_option
def list_(as_json: bool) -> None:
    """Operators with their roles, second factor and last sign-in."""
    from rolecall.services.operators.operators import list_operators

    found = ask_as_operator(list_operators)
    if as_json:
        from rolecall.services.operators.shapes import operator_shape

        print_json([operator_shape(one) for one in found])
        return
    rows = [
        (one.email, one.name, tuple(_shown(one)), one.second_factor, one.local_user,
         one.disabled, one.signed_in_at)
        for one in found
    ]  # fmt: skip
    print_table(("E-MAIL", "NAME", "ROLES", "2FA", "LOCAL", "DISABLED", "LAST SIGN-IN"), rows)


@operator.command(epilog="Example: rolecall operator disable kim@acme.test --reason 'left'")
@click.argument("email")
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@json_option
def disable(email: str, reason: str, as_json: bool) -> None:
    """Shut an operator out: sessions, tokens and links end at once."""
    _disable(email, True, reason, as_json)


@operator.command(epilog="Example: rolecall operator enable kim@acme.test")
@click.argument("email")
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@json_option
def enable(email: str, reason: str, as_json: bool) -> None:
    """Let a disabled operator sign in again."""
    _disable(email, False, reason, as_json)


@operator.command("password-link", epilog="Example: rolecall operator password-link kim@acme.test")
@click.argument("email")
@click.option("--forget-second-factor", is_flag=True, help="Their phone is lost.")
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@json_option
def password_link(email: str, forget_second_factor: bool, reason: str, as_json: bool) -> None:
    """A link with which an operator chooses a new password, for two hours, once."""
    from rolecall.services.operators import operators

    async def use(app: Any, actor: Any) -> tuple[Operator, str]:
        found = await _named(app, actor, email)
        if forget_second_factor:
            await operators.reset_second_factor(app, actor, found.id, reason)
        made = await operators.password_link(app, actor, found.id)
        return await _named(app, actor, email), _address(app, made.token)

    _tell_link(*ask_as_operator(use), as_json)
    say(f"for {email}; opens once, within 2 hours")


def _tell_link(one: Operator, address: str, as_json: bool) -> None:
    """A link on stdout, alone or within its operator."""
    from rolecall.services.operators.shapes import linked_shape

    if as_json:
        print_json(linked_shape(one, address))
    else:
        tell(address)


def _printed(one: Operator, as_json: bool) -> bool:
    """Whether JSON was asked for; then it is out."""
    from rolecall.services.operators.shapes import operator_shape

    if as_json:
        print_json(operator_shape(one))
    return as_json


def _disable(email: str, disabled: bool, reason: str, as_json: bool) -> None:
    from rolecall.services.operators.operators import set_disabled

    async def use(app: Any, actor: Any) -> Operator:
        found = await _named(app, actor, email)
        return await set_disabled(app, actor, found.id, disabled, reason=reason)

    changed = ask_as_operator(use)
    if not _printed(changed, as_json):
        say(f"{email} is {'disabled' if disabled else 'enabled'}")


async def _named(app: Any, actor: Any, email: str) -> Operator:
    from rolecall.services.operators.operators import list_operators

    found = {one.email.casefold(): one for one in await list_operators(app, actor)}
    if email.casefold() not in found:
        raise Refused(f"there is no operator {email}", hint="see `rolecall operator list`")
    return found[email.casefold()]


async def _roles(app: Any, actor: Any, written: tuple[str, ...]) -> dict[int, frozenset[Role]]:
    from rolecall.services.connections.portals import portal_named

    held: dict[int, frozenset[Role]] = {}
    for one in written:
        word, _, name = one.partition("@")
        if word not in ROLES:
            raise Refused(f"there is no role {word!r}", hint=f"roles: {', '.join(ROLES)}")
        hub_id = (await portal_named(app, actor, name)).hub_id if name else ALL_PORTALS
        held[hub_id] = held.get(hub_id, frozenset()) | {Role(word)}
    return held


def _address(app: App, token: str) -> str:
    """Where the link is opened; `serve` on this machine where no public URL is set."""
    from rolecall.cli.serve import SERVED_HERE
    from rolecall.services.operators.links import address_of

    return address_of(app, token, SERVED_HERE)


def _shown(one: Operator) -> list[str]:
    return [
        f"{role.value}@{hub_id}" if hub_id else role.value
        for hub_id, some in sorted(one.roles.items())
        for role in sorted(some)
    ]
