"""Settings users on the wire: what each API version shows, and what it reads from a body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hubspot_emulator.bodies import object_of, text, texts
from hubspot_emulator.refusals import invalid, not_built

if TYPE_CHECKING:
    from hubspot_emulator.world import Identity, Membership

_WRITABLE = ("firstName", "lastName", "roleId", "primaryTeamId", "secondaryTeamIds", "seatNames")
_CREATE = ("email", "sendWelcomeEmail", *_WRITABLE)
_NO_SEATS = "2026-03"  # the one version whose request bodies know no seatNames


@dataclass(frozen=True, slots=True)
class Wish:
    """Fields of a body; None = not sent (null counts as not sent)."""

    first_name: str | None = None
    last_name: str | None = None
    role_id: str | None = None
    main_team_id: str | None = None
    extra_team_ids: tuple[str, ...] | None = None
    seat_names: tuple[str, ...] | None = None

    @property
    def names(self) -> bool:
        """Whether the person's name is part of the wish."""
        return self.first_name is not None or self.last_name is not None


@dataclass(frozen=True, slots=True)
class Invitation:
    """The body of a create."""

    email: str
    welcome_email: bool
    wish: Wish


def has_seats(version: str) -> bool:
    """Whether seatNames can be written in this version."""
    return version != _NO_SEATS


def user_row(
    identity: Identity, member: Membership, version: str, *, item: bool = False, names: bool = True
) -> dict[str, Any]:
    """One user; absent optionals are dropped, never null (recorded March 2026).

    `item` is the answer of a read or an update: 2026-03 has seatNames in list and create only.
    """
    row: dict[str, Any] = {"id": str(identity.id), "email": identity.email}
    if names and identity.first_name:
        row["firstName"] = identity.first_name
    if names and identity.last_name:
        row["lastName"] = identity.last_name
    sets = [str(one) for one in member.permission_set_ids]
    if sets:
        row["roleId"] = sets[0]
    row["roleIds"] = sets
    if member.main_team_id is not None:
        row["primaryTeamId"] = str(member.main_team_id)
    if member.extra_team_ids:
        row["secondaryTeamIds"] = [str(one) for one in member.extra_team_ids]
    if member.seat_names and (has_seats(version) or not item):
        row["seatNames"] = list(member.seat_names)
    row["superAdmin"] = member.super_admin
    return row


def read_invitation(body: Any, version: str, *, welcome_required: bool, strict: bool) -> Invitation:
    """The body of a create; ApiError 400 naming what is missing, wrong or unknown."""
    fields = object_of(body)
    _known_only(fields, _CREATE, version, strict=strict)
    needed = ["email", "sendWelcomeEmail"] if welcome_required else ["email"]
    missing = [name for name in needed if fields.get(name) is None]
    if missing:
        raise not_built("UserProvisionRequest", missing)
    welcome = fields.get("sendWelcomeEmail", False)
    if not isinstance(welcome, bool):
        raise invalid("sendWelcomeEmail must be a boolean", "sendWelcomeEmail")
    return Invitation(text(fields, "email") or "", welcome, _wish(fields, version))


def read_update(body: Any, version: str, *, strict: bool) -> Wish:
    """The body of an update; everything is optional."""
    fields = object_of(body)
    _known_only(fields, _WRITABLE, version, strict=strict)
    return _wish(fields, version)


def _wish(fields: dict[str, Any], version: str) -> Wish:
    return Wish(
        first_name=text(fields, "firstName"),
        last_name=text(fields, "lastName"),
        role_id=text(fields, "roleId"),
        main_team_id=text(fields, "primaryTeamId"),
        extra_team_ids=texts(fields, "secondaryTeamIds"),
        seat_names=texts(fields, "seatNames") if has_seats(version) else None,
    )


def _known_only(
    fields: dict[str, Any], known: tuple[str, ...], version: str, *, strict: bool
) -> None:
    writable = known if has_seats(version) else tuple(n for n in known if n != "seatNames")
    unknown = sorted(set(fields) - set(writable))
    if strict and unknown:
        raise invalid(f"Unrecognized field: {', '.join(unknown)}", unknown[0])
