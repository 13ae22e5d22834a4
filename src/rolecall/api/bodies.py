"""What the REST face is told: strict bodies, so a typo is an error and never ignored."""

from __future__ import annotations

from base64 import b64decode
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rolecall.kit.errors import Refused

Text = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(max_length=320, pattern=r"^[^\x00]*$")]
Whole = Annotated[str, StringConstraints(max_length=2_000_000, pattern=r"^[^\x00]*$")]


class Body(BaseModel):
    """Something we are told; unknown members are refused."""

    model_config = ConfigDict(extra="forbid", strict=False)


class Access(Body):
    """Access as people name it; left out = leave alone, "" = take away."""

    permission_set: Name | None = None
    seat: Name | None = None
    main_team: Name | None = None
    extra_teams: list[Name] | None = None
    add_teams: list[Name] = []
    drop_teams: list[Name] = []
    profile_fields: dict[Name, Text] = {}
    access_profile: Name = ""
    like: Name = ""
    until: date | None = None
    reason: Text = ""


class UserChange(Access):
    """What to change about one user."""

    overwrite_sets: bool = False


class UsersChange(Access):
    """The same change for a selection; `overwrite_sets` are e-mails."""

    emails: Annotated[list[Name], Field(min_length=1, max_length=10_000)]
    overwrite_sets: list[Name] = []


class UsersToRemove(Body):
    """Users to be removed at once, without parking."""

    emails: Annotated[list[Name], Field(min_length=1, max_length=1_000)]
    reason: Text = ""


class UserToAdd(Access):
    """A new user."""

    email: Name
    first_name: Name = ""
    last_name: Name = ""
    send_welcome_email: bool = False
    contractor: bool = False
    sponsor: Name = ""


class OffboardBody(Body):
    """Who takes the leaver's records: by object type, or "" for all of them."""

    successors: dict[Name, Name] = {}
    rule: Literal["", "manager", "team-lead", "round-robin"] = ""
    keep_records: bool = False
    reason: Text = ""


class BatchRead(Body):
    """Users by settings id or e-mail."""

    inputs: Annotated[list[Name], Field(max_length=100)]


class UserSearch(Body):
    """Users by exact values of any field or CRM property, and a text."""

    query: Text = ""
    properties: dict[Name, Text] = {}
    sort: Literal["email", "name", "state", "last_active", "created"] = "email"
    descending: bool = False
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    after: Name | None = None


class PolicyText(Body):
    """An access.yaml, or nothing for the one in force.

    `overwrite_sets` are e-mails whose several permission sets may be replaced by one.
    """

    text: Whole | None = None
    overwrite_sets: Annotated[list[Name], Field(max_length=1_000)] = []
    reason: Text = ""


class Approve(Body):
    """A yes; the digest is what was looked at."""

    digest: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{8,64})?$")] = ""
    reason: Text = ""


class FileBody(Body):
    """A file: its text, or its bytes in base64."""

    text: Whole = ""
    base64: Annotated[str, StringConstraints(max_length=4_000_000)] = ""
    file_name: Name = ""
    reason: Text = ""

    def data(self) -> bytes:
        """The bytes; raises Refused for what is no base64, or for both forms at once."""
        if self.text and self.base64:
            raise Refused("a file is sent as text or as base64, not both")
        if self.text or not self.base64:
            return self.text.encode()
        try:
            return b64decode(self.base64, validate=True)
        except ValueError:
            raise Refused("this is no base64", hint="RFC 4648, with padding") from None


class UsersFile(FileBody):
    """A file of users; `mapping` is header -> column, where a header is not understood."""

    mapping: dict[Name, Name] | None = None


class Reason(Body):
    """Why."""

    reason: Text = ""


class TokenToMake(Body):
    """A token of the caller's owner."""

    name: Name
    scopes: list[str]
    portals: list[int] = [0]
    expires_at: datetime | None = None


class WebhookToMake(Body):
    """Where to post which topics; none = all."""

    url: Name
    topics: list[Name] = []
    hub_id: int | None = None


class RequestToFile(Body):
    """What somebody asks for."""

    profile: Name
    reason: Text
    subject: Name = ""
    days: Annotated[int, Field(ge=1, le=3_650)] | None = None
    starts_at: datetime | None = None
    first_name: Name = ""
    last_name: Name = ""
    break_glass: bool = False
    requester: Name = ""


class RequestAnswer(Body):
    """Yes or no."""

    approve: bool
    reason: Text = ""
