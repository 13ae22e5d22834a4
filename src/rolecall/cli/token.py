"""`rolecall token`: tokens for REST, SCIM and MCP, shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.asking import ask_as_operator
from rolecall.cli.numbers import DAYS
from rolecall.cli.output import hint, json_option, print_json, print_table, say, tell
from rolecall.domain.operator import ALL_PORTALS, TokenScope

if TYPE_CHECKING:
    pass

SCOPES = [scope.value for scope in TokenScope]


@click.group(epilog="Example: rolecall token create ci --scope read --portal acme --days 90")
def token() -> None:
    """API tokens: made once in clear, bounded by scopes, portals and an end."""


@token.command(epilog="Example: rolecall token create ci --scope plan:propose --portal acme")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What it may do; may be repeated.",
)
@click.option("--portal", "portals", multiple=True, help="Only for these; default every one.")
@click.option("--days", type=DAYS, help="Ends after so many days.")
@json_option
def create(
    name: str, scopes: tuple[str, ...], portals: tuple[str, ...], days: int | None, as_json: bool
) -> None:
    """Make a token; stdout gets the secret, once."""
    from rolecall.services.operators.tokens import create_token

    async def use(app: Any, actor: Any) -> Any:
        hub_ids = await _hub_ids(app, actor, portals)
        ends = app.clock.now() + timedelta(days=days) if days else None
        chosen = [TokenScope(scope) for scope in scopes]
        return await create_token(app, actor, name, chosen, hub_ids, expires_at=ends)

    made = ask_as_operator(use)
    if as_json:
        from rolecall.services.operators.shapes import new_token_shape

        print_json(new_token_shape(made))
        return
    tell(made.secret)
    say(f"{made.token.name} ({made.token.id}): {', '.join(sorted(scopes))}")
    hint("keep it now; it is never shown again")


@token.command(epilog="Example: rolecall token rotate 0198c1d2-... --days 365")
@click.argument("token_id", metavar="ID")
@click.option("--days", type=DAYS, help="Ends after so many days; default no end.")
@json_option
def rotate(token_id: str, days: int | None, as_json: bool) -> None:
    """Give a token a new secret, once on stdout; the former one ends at once.

    A SCIM client stays the same client, with everybody it pushed.
    """
    from rolecall.services.operators.tokens import rotate_token

    async def use(app: Any, actor: Any) -> Any:
        ends = app.clock.now() + timedelta(days=days) if days else None
        return await rotate_token(app, actor, token_id, expires_at=ends)

    made = ask_as_operator(use)
    if as_json:
        from rolecall.services.operators.shapes import new_token_shape

        print_json(new_token_shape(made))
        return
    tell(made.secret)
    say(f"{made.token.name} has a new secret; keep it now, it is never shown again")


@token.command("list", epilog="Example: rolecall token list")
@json_option
def list_(as_json: bool) -> None:
    """Tokens, newest first; never their secrets."""
    from rolecall.services.operators.tokens import list_tokens

    found = ask_as_operator(list_tokens)
    if as_json:
        from rolecall.services.operators.shapes import token_shape

        print_json([token_shape(one) for one in found])
        return
    rows = [
        (one.name, one.id, f"...{one.hint}", tuple(sorted(one.scopes)), one.expires_at,
         one.last_used_at, one.revoked_at)
        for one in found
    ]  # fmt: skip
    print_table(("NAME", "ID", "ENDS IN", "SCOPES", "EXPIRES", "LAST USED", "REVOKED"), rows)


@token.command(epilog="Example: rolecall token revoke 0198c1d2-...")
@click.argument("token_id", metavar="ID")
@json_option
def revoke(token_id: str, as_json: bool) -> None:
    """End a token for good, at once."""
    from rolecall.services.operators.tokens import revoke_token

    ended = ask_as_operator(lambda app, actor: revoke_token(app, actor, token_id))
    if as_json:
        from rolecall.services.operators.shapes import token_shape

        print_json(token_shape(ended))
        return
    say(f"revoked {token_id}")


async def _hub_ids(app: Any, actor: Any, names: tuple[str, ...]) -> list[int]:
    from rolecall.services.connections.portals import portal_named

    found = [(await portal_named(app, actor, name)).hub_id for name in names]
    return found or [ALL_PORTALS]
