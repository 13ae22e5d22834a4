"""The two faces of the client: `Reader` for everybody, `Writer` for `provision` alone."""

from __future__ import annotations

from rolecall.hubspot.account import AccountReads
from rolecall.hubspot.crm import CrmReads, CrmWrites
from rolecall.hubspot.feeds import FeedReads
from rolecall.hubspot.owners import OwnerReads
from rolecall.hubspot.teams import TeamReads, TeamWrites
from rolecall.hubspot.users import UserReads, UserWrites


class Reader(AccountReads, UserReads, TeamReads, OwnerReads, CrmReads, FeedReads):
    """Reads one portal over an open Connection; never changes anything there."""

    __slots__ = ()


class Writer(UserWrites, TeamWrites, CrmWrites):
    """Changes one portal; a lost answer is UnknownOutcome, settled only by reading back."""

    __slots__ = ()
