"""Typed async client of HubSpot's access APIs: `Reader` reads; `writer.Writer` is for provision.

Imports only `kit`; what it needs of a store comes through `ports`.
"""

from __future__ import annotations

from rolecall.hubspot.account import TokenInfo
from rolecall.hubspot.auth import Auth, Bearer, OAuth
from rolecall.hubspot.connection import (
    API_BASE,
    Connection,
    Counts,
    Observer,
    Policy,
    Sent,
    Target,
    Waiting,
)
from rolecall.hubspot.limits import QuotaView
from rolecall.hubspot.memory import MemoryCredentials, MemoryLedger, MemoryVersions
from rolecall.hubspot.oauth import Challenge, Installation, OAuthApp, TokenEndpoint, authorize_url
from rolecall.hubspot.ports import (
    CredentialStore,
    OAuthTokens,
    QuotaLedger,
    Slot,
    TokenSlot,
    VersionFact,
    VersionMemory,
)
from rolecall.hubspot.reader import Reader
from rolecall.hubspot.sender import Sender

__all__ = [
    "API_BASE",
    "Auth",
    "Bearer",
    "Challenge",
    "Connection",
    "Counts",
    "CredentialStore",
    "Installation",
    "MemoryCredentials",
    "MemoryLedger",
    "MemoryVersions",
    "OAuth",
    "OAuthApp",
    "OAuthTokens",
    "Observer",
    "Policy",
    "QuotaLedger",
    "QuotaView",
    "Reader",
    "Sender",
    "Sent",
    "Slot",
    "Target",
    "TokenEndpoint",
    "TokenInfo",
    "TokenSlot",
    "VersionFact",
    "VersionMemory",
    "Waiting",
    "authorize_url",
]
