"""Every write to one portal, in one face; only `provision` may import this module."""

from __future__ import annotations

from rolecall.hubspot.crm import CrmWrites
from rolecall.hubspot.teams import TeamWrites
from rolecall.hubspot.users import UserWrites


class Writer(UserWrites, TeamWrites, CrmWrites):
    """Changes one portal; a lost answer is UnknownOutcome, settled only by reading back."""

    __slots__ = ()
