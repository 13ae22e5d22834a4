"""Rows with validity intervals, repositories, units of work, the audit chain, migrations.

How to add a noun: one module with its tables (`Table(..., metadata, ...)`) and a frozen
`Repository` subclass that takes and gives domain values; a property of `View` in
`unit_of_work.py`; a migration drafted by `scripts/migration.py "Add ..."`; a test over both
databases with the `database` fixture (docs/decisions/0002). Columns are what is asked for, the
whole value lies beside them as JSON (`to_json`, `from_json`).
"""

from rolecall.store.audit import AuditLine, AuditQuery
from rolecall.store.credentials import Credential
from rolecall.store.database import Database
from rolecall.store.feeds import FeedCursor, FeedQuery
from rolecall.store.keys import KeyRing, forget_old_keys, load_keys, open_keys, rotate_keys
from rolecall.store.leases import Lease
from rolecall.store.oauth import OAuthCredentials
from rolecall.store.operators import Lock
from rolecall.store.outbox import Notice
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
    "AuditLine", "AuditQuery", "Credential", "Database", "FactChange", "FeedCursor", "FeedQuery",
    "ItemQuery", "KeyRing", "KnownVersions", "Lease", "Lock", "Notice", "OAuthCredentials", "Reached",
    "RequestQuery", "Sealed",
    "SharedQuota", "SnapshotHead", "SyncPage", "UnitOfWork", "UserQuery", "UserVersion", "Verdict",
    "View", "forget_old_keys", "load_keys", "open_keys", "rotate_keys",
]  # fmt: skip
