"""What sync is given by bootstrap: doors to portals, and the bounds of one run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from rolecall.domain.portal import CredentialKind, Portal

if TYPE_CHECKING:
    # This module is loaded by every command; the client is loaded by those that open a door.
    from rolecall.hubspot import Observer, Reader, Sender


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential that is not stored yet; `fields` are what the store will encrypt."""

    kind: CredentialKind
    fields: dict[str, str] = field(repr=False)


class Doors(Protocol):
    """Opens a Reader on a portal; nothing given out here can write to HubSpot."""

    def reader(
        self, portal: Portal, observe: Observer | None = None
    ) -> AbstractAsyncContextManager[Reader]:
        """A connected portal, with its stored credential, shared limits and known versions."""
        ...

    def sender(self) -> AbstractAsyncContextManager[Sender]:
        """The bare network, for what happens before there is a token."""
        ...

    def trial(
        self, credential: NewCredential, api_base: str, observe: Observer | None = None
    ) -> AbstractAsyncContextManager[Reader]:
        """A credential that is only tried; nothing is remembered of it."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far one run goes; the defaults are those of settings."""

    feed_days: int = 30
    feed_pages: int = 20
    absence_proofs: int = 200
    probe_hours: int = 24
    # A run left behind by a crash or a spent quota is continued for this long: until the portal's
    # next midnight and then some. Older pages would mix two days that share no moment.
    resume_hours: int = 30
    # Searches one run spends on counting what gone owners left behind; the rest waits its turn.
    leftover_searches: int = 12
    user_properties: tuple[str, ...] = ()  # of HubSpot's own, read beside the usual ones


@dataclass(frozen=True, slots=True)
class Step:
    """Progress for a person: what is being read, how far; `total` None = not known."""

    part: str
    done: int
    total: int | None = None
    note: str = ""
    finished: bool = False
    wait: float = 0.0  # seconds until it goes on by itself


Progress = Callable[[Step], None]


def silent(_: Step) -> None:
    """Progress nobody watches."""
