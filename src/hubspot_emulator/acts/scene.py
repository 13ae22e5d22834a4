"""One act asked for: who does what in which portal, with the fields of the request read strictly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hubspot_emulator.world import Identity, Membership, Portal, World

Effect = dict[str, Any]


@dataclass(slots=True)
class Scene:
    """An act's surroundings; reading a field of the wrong kind is a ValueError that names it."""

    world: World
    portal: Portal
    now: datetime
    actor: int
    fields: dict[str, Any]

    def text(self, name: str) -> str:
        """A required text field."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not value:
            raise ValueError(f"the act needs {name!r}, a text")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """An optional yes or no."""
        value = self.fields.get(name, default)
        if not isinstance(value, bool):
            raise ValueError(f"{name!r} must be true or false")
        return value

    def user(self) -> tuple[Identity, Membership]:
        """The user named by settings id or e-mail in the field `user`."""
        user_id = user_id_of(self.world, self.fields.get("user"))
        member = self.portal.members.get(user_id)
        if member is None:
            raise ValueError(f"portal {self.portal.id} has no user {self.fields.get('user')!r}")
        return self.world.identities[user_id], member

    def ids(self, name: str, known: dict[int, Any]) -> list[int] | None:
        """A list of ids of the portal; None when the field was not sent."""
        values = self.fields.get(name)
        if values is None:
            return None
        found = [int(one) for one in values]
        unknown = [one for one in found if one not in known]
        if unknown:
            raise ValueError(f"{name}: the portal has no {unknown}")
        return found


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done; `fields` are those it reads, with what they mean."""

    name: str
    about: str
    carry_out: Callable[[Scene], Effect]
    fields: dict[str, str] = field(default_factory=dict)


def user_id_of(world: World, word: Any) -> int:
    """The settings id an id or e-mail stands for; 0 when nobody has it."""
    text = str(word or "")
    if text.isdecimal():
        return int(text)
    identity = world.identity(text)
    return 0 if identity is None else identity.id
