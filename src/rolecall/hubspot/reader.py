"""Every read of one portal, in one face; changes nothing there."""

from __future__ import annotations

from rolecall.hubspot.account import AccountReads
from rolecall.hubspot.crm import CrmReads
from rolecall.hubspot.feeds import FeedReads
from rolecall.hubspot.owners import OwnerReads
from rolecall.hubspot.teams import TeamReads
from rolecall.hubspot.users import UserReads


class Reader(AccountReads, UserReads, TeamReads, OwnerReads, CrmReads, FeedReads):
    """Reads one portal over an open Connection."""

    __slots__ = ()
