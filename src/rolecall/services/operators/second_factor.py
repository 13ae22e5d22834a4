"""The second factor of an operator: set up by a code, each code taken once, recovery codes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rolecall.domain.actor import Actor
from rolecall.domain.events import Event
from rolecall.domain.operator import Operator
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.operators.tries import count_try, keys_of
from rolecall.services.rights import NotAllowed
from rolecall.signin.codes import (
    new_recovery_codes,
    new_totp_secret,
    provisioning_uri,
    recovery_hash,
    step_of,
)
from rolecall.store import UnitOfWork, View
from rolecall.store.errors import NotThere

SECRET, PENDING = "totp", "totp_pending"


class CodeWrong(Refused):
    """The code is wrong, or was used before."""


@dataclass(frozen=True, slots=True)
class SecondFactorSetup:
    """What an authenticator app needs; shown until the first code is entered."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


async def own_operator(view: View, actor: Actor) -> Operator:
    """The operator somebody is; raises NotAllowed for the command line, tokens and machines."""
    kind, _, name = actor.id.partition(":")
    found = None
    if kind == "operator":
        found = await view.operators.get(name)
    elif kind == "local":
        found = await view.operators.by_local_user(name)
    if found is None:
        raise NotAllowed(
            f"{actor.name or actor.id} is not an operator",
            hint="link the command line to one with `rolecall operator link EMAIL`",
        )
    return found


async def begin_second_factor(app: App, actor: Actor) -> SecondFactorSetup:
    """A new secret to scan; nothing changes until `confirm_second_factor`.

    Refused while there is one: an open browser alone must not be enough to put another in its place.
    """
    secret = new_totp_secret()
    async with app.database.begin(actor, "sets up a second factor") as work:
        operator = await own_operator(work, actor)
        _refuse_second(operator)
        owner = secret_owner(operator.id)
        held = await _secrets(work, owner)
        await work.credentials.save_secret(owner, {**held, PENDING: secret}, work.now)
    return SecondFactorSetup(secret, provisioning_uri(secret, operator.email))


async def confirm_second_factor(app: App, actor: Actor, code: str) -> tuple[str, ...]:
    """Turn the scanned secret on; the recovery codes, shown this once.

    Raises CodeWrong when the code does not fit the secret being set up.
    """
    codes = new_recovery_codes()
    async with app.database.begin(actor, "set up a second factor") as work:
        operator = await own_operator(work, actor)
        _refuse_second(operator)
        owner = secret_owner(operator.id)
        pending = (await _secrets(work, owner)).get(PENDING, "")
        step = step_of(pending, code, work.now) if pending else None
        if step is None:
            raise CodeWrong("the code does not fit", hint="check the clock of your phone")
        await work.credentials.save_secret(owner, {SECRET: pending}, work.now)
        hashes = tuple(recovery_hash(one, operator.id) for one in codes)
        await work.operators.set_recovery(operator.id, hashes)
        await work.operators.take_step(operator.id, step)
        await work.operators.change(replace(operator, second_factor=True))
        work.record(Event.OPERATOR_FACTOR_CHANGED, subject=operator.email, details={"factor": "on"})
    return codes


def _refuse_second(operator: Operator) -> None:
    if operator.second_factor:
        raise Refused("there is a second factor already", hint="turn it off first, by a code of it")


async def drop_second_factor(app: App, actor: Actor, code: str) -> None:
    """Turn one's own second factor off, by a last code; raises CodeWrong."""
    async with app.database.read() as view:
        operator = await own_operator(view, actor)
    await count_try(app, keys_of(operator.email, operator.actor_id))
    if not await code_accepted(app, operator, code):
        raise CodeWrong("the code does not fit or was used before")
    async with app.database.begin(actor, "turned the second factor off") as work:
        await forget_factor(work, operator)


async def forget_factor(work: UnitOfWork, operator: Operator) -> None:
    """Take an operator's second factor away in this transaction."""
    await work.credentials.remove_secret(secret_owner(operator.id))
    await work.operators.set_recovery(operator.id, ())
    await work.operators.change(replace(operator, second_factor=False))
    work.record(Event.OPERATOR_FACTOR_CHANGED, subject=operator.email, details={"factor": "off"})


async def code_accepted(app: App, operator: Operator, code: str) -> bool:
    """Whether a code is right and was never used; using it up is part of asking."""
    async with app.database.work() as work:
        secret = (await _secrets(work, secret_owner(operator.id))).get(SECRET, "")
        step = step_of(secret, code, work.now) if secret else None
        if step is not None:
            return await work.operators.take_step(operator.id, step)
        return await work.operators.take_recovery(operator.id, recovery_hash(code, operator.id))


def secret_owner(operator_id: str) -> str:
    """Under which name the encrypted secret of an operator lies."""
    return f"operator:{operator_id}"


async def _secrets(view: View, owner: str) -> dict[str, str]:
    try:
        return dict((await view.credentials.load_secret(owner)).fields)
    except NotThere:
        return {}
