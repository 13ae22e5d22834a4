"""How often one may try to prove oneself, by the database's time; a try counts before it is judged."""

from __future__ import annotations

from rolecall.kit.errors import Retryable
from rolecall.services.app import App

WINDOW = 15 * 60.0  # seconds over which tries are counted
# Of one e-mail from one address: typing errors. Of one e-mail from everywhere: enough that a
# stranger cannot lock somebody out at leisure. From one address: an office behind one router.
LIMITS = (5, 100, 30)


class TooManyTries(Retryable):
    """Too many tries to sign in; the next ones are not looked at."""

    http_status = 429


def keys_of(email: str, address: str) -> tuple[str, ...]:
    """What tries are counted by: e-mail and address together, e-mail, address."""
    who = email.casefold()[:254]
    return (f"pair:{who} {address}", f"email:{who}", f"address:{address}")


async def count_try(app: App, keys: tuple[str, ...]) -> None:
    """Count a try for each key; raises TooManyTries beyond a limit."""
    async with app.database.work() as work:
        await work.sign_in_tries.note(keys)
        counts = [await work.sign_in_tries.count(key, WINDOW) for key in keys]
    if any(count > limit for count, limit in zip(counts, LIMITS, strict=False)):
        raise TooManyTries("too many tries to sign in", hint="wait 15 minutes", retry_after=WINDOW)


async def forget_tries(app: App) -> int:
    """Drop tries that no limit looks at any more; how many. For the wake-up, once an hour."""
    async with app.database.work() as work:
        return await work.sign_in_tries.forget(WINDOW)
