"""Rows with validity intervals, repositories, units of work, the audit chain, migrations.

How to add a noun: one module with its tables (`Table(..., metadata, ...)`) and a frozen
`Repository` subclass that takes and gives domain values; a property of `View` in
`unit_of_work.py`; a migration drafted by `scripts/migration.py "Add ..."`; a test over both
databases with the `database` fixture (docs/decisions/0002). Columns are what is asked for, the
whole value lies beside them as JSON (`to_json`, `from_json`).

Names load when they are used: a command that lists users must not pay for plans and reviews.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.store.assignments import StoredAssignment
    from rolecall.store.audit import AuditLine, AuditQuery
    from rolecall.store.credentials import Credential
    from rolecall.store.database import Database
    from rolecall.store.evidence import ELEVATION, ExportImport, Statement
    from rolecall.store.feeds import FeedCursor, FeedQuery
    from rolecall.store.findings import Recorded, RuleException, StoredFinding
    from rolecall.store.handovers import HandedRecord
    from rolecall.store.journal import Due
    from rolecall.store.keys import KeyRing, forget_old_keys, load_keys, open_keys, rotate_keys
    from rolecall.store.leases import Lease
    from rolecall.store.oauth import OAuthCredentials
    from rolecall.store.operators import Lock
    from rolecall.store.outbox import Notice
    from rolecall.store.plans import StoredPlan
    from rolecall.store.policies import StoredPolicy
    from rolecall.store.quota import SharedQuota
    from rolecall.store.requests import RequestQuery
    from rolecall.store.reviews import ItemQuery
    from rolecall.store.snapshots import FactChange, Sealed, SnapshotHead
    from rolecall.store.syncs import Reached, SyncPage
    from rolecall.store.unit_of_work import UnitOfWork, View
    from rolecall.store.users import UserQuery, UserVersion
    from rolecall.store.verify_chain import Verdict
    from rolecall.store.versions import KnownVersions

__all__ = [
    "ELEVATION",
    "AuditLine",
    "AuditQuery",
    "Credential",
    "Database",
    "Due",
    "ExportImport",
    "FactChange",
    "FeedCursor",
    "FeedQuery",
    "HandedRecord",
    "ItemQuery",
    "KeyRing",
    "KnownVersions",
    "Lease",
    "Lock",
    "Notice",
    "OAuthCredentials",
    "Reached",
    "Recorded",
    "RequestQuery",
    "RuleException",
    "Sealed",
    "SharedQuota",
    "SnapshotHead",
    "Statement",
    "StoredAssignment",
    "StoredFinding",
    "StoredPlan",
    "StoredPolicy",
    "SyncPage",
    "UnitOfWork",
    "UserQuery",
    "UserVersion",
    "Verdict",
    "View",
    "forget_old_keys",
    "load_keys",
    "open_keys",
    "rotate_keys",
]  # fmt: skip

_HOMES = {
    "StoredAssignment": "assignments",
    "AuditLine": "audit",
    "AuditQuery": "audit",
    "Credential": "credentials",
    "Database": "database",
    "ELEVATION": "evidence",
    "ExportImport": "evidence",
    "Statement": "evidence",
    "FeedCursor": "feeds",
    "FeedQuery": "feeds",
    "Recorded": "findings",
    "RuleException": "findings",
    "StoredFinding": "findings",
    "HandedRecord": "handovers",
    "Due": "journal",
    "KeyRing": "keys",
    "forget_old_keys": "keys",
    "load_keys": "keys",
    "open_keys": "keys",
    "rotate_keys": "keys",
    "Lease": "leases",
    "OAuthCredentials": "oauth",
    "Lock": "operators",
    "Notice": "outbox",
    "StoredPlan": "plans",
    "StoredPolicy": "policies",
    "SharedQuota": "quota",
    "RequestQuery": "requests",
    "ItemQuery": "reviews",
    "FactChange": "snapshots",
    "Sealed": "snapshots",
    "SnapshotHead": "snapshots",
    "Reached": "syncs",
    "SyncPage": "syncs",
    "UnitOfWork": "unit_of_work",
    "View": "unit_of_work",
    "UserQuery": "users",
    "UserVersion": "users",
    "Verdict": "verify_chain",
    "KnownVersions": "versions",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
