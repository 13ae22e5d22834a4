"""What findings need beside the snapshot, as frozen values the caller gathered; knows no source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rolecall.domain.person import Link, Person
from rolecall.domain.snapshot import FeedEvent
from rolecall.permissions.access import Resolver
from rolecall.permissions.pack import Pack
from rolecall.policy.document import CustomRule


@dataclass(frozen=True, slots=True)
class AccessException:
    """A dated, owned, justified leave to break a rule; `user` is an e-mail, or * for everybody."""

    user: str
    finding: str  # rule id
    owner: str = ""
    reason: str = ""
    until: datetime | None = None  # exclusive; None = without end


@dataclass(frozen=True, slots=True)
class ElevationFact:
    """A time-boxed elevation that was applied; `returned_at` None while it is in place."""

    user_id: str
    pack: str
    ends_at: datetime
    returned_at: datetime | None = None
    plan_id: str = ""


@dataclass(frozen=True, slots=True)
class OwnAct:
    """One write our journal holds: to whom, when, and which feed events it explains."""

    subject_id: str
    at: datetime
    explains: frozenset[str]  # feed event types
    by_hand: bool = False  # a manual task of ours: whoever did it, it was planned
    since: datetime | None = None  # when a task was handed out
    leaves: bool = False  # the user was parked, deactivated or removed by it
    returns: bool = False  # and called back by this one


@dataclass(frozen=True, slots=True)
class OwnActors:
    """Whom HubSpot's feeds name for our writes, as far as it is known: since when, and who."""

    ids: frozenset[str] = frozenset()  # none: the credential tells nobody, so anybody may be us
    since: datetime | None = None

    def may_be_us(self, event: FeedEvent) -> bool:
        """Whether an event could be a write of ours; before the present credential anybody's."""
        early = self.since is not None and event.at < self.since
        return early or not self.ids or not event.actor_id or event.actor_id in self.ids


@dataclass(frozen=True, slots=True)
class OutsideChange:
    """One slot of one user that differs from before, and no plan of ours explains it.

    `slot` is permission_sets, main_team, extra_teams or seats; `kind` the change that would take
    it back. It happened between the snapshots of `since` and `at`.
    """

    user_id: str
    slot: str
    kind: str
    before: tuple[str, ...]  # ids, seats by name
    after: tuple[str, ...]
    before_shown: str
    after_shown: str
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class AppFact:
    """A connected app with the scopes it was granted and those its pack asks for."""

    id: str
    name: str
    scopes: frozenset[str]
    needed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Attestation:
    """A named person's word for a setting no API shows."""

    holds: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """Inputs of the findings; everything absent means not known, never none.

    `events` are feed events, oldest or newest first; `login_feed_since` is the moment from which
    log-ins are known completely (None = the feed was not read), `security_feed_since` likewise.
    `owned_records` counts records by the Owner property, `named_records` those that name the owner
    in another user property. Mappings are by settings user id unless the comment says otherwise.
    """

    events: tuple[FeedEvent, ...] = ()
    login_feed_since: datetime | None = None
    security_feed_since: datetime | None = None
    owned_records: Mapping[str, int | None] = field(default_factory=dict)  # by owner id
    named_records: Mapping[str, int | None] = field(default_factory=dict)  # by owner id, see below
    people: tuple[Person, ...] = ()
    links: Mapping[str, Link] = field(default_factory=dict)
    business_domains: frozenset[str] = frozenset()  # empty = derived from the portal
    allowed_super_admins: frozenset[str] = frozenset()  # e-mails, case-folded
    invitations: Mapping[str, bool] = field(default_factory=dict)  # welcome e-mail sent or not
    extension_users: frozenset[str] = frozenset()  # work by extension or mobile app
    service_owners: Mapping[str, str] = field(
        default_factory=dict
    )  # who answers for a service user
    access: Resolver | None = None  # None = nothing is known of permissions
    ends: Mapping[str, datetime] = field(default_factory=dict)  # end of access, where there is one
    own_acts: tuple[OwnAct, ...] = ()  # what our journal says we did, oldest first
    outside_changes: tuple[OutsideChange, ...] = ()  # by snapshots, whatever the feeds tell
    own_actors: OwnActors = OwnActors()  # whom the feeds name for our writes
    apps: tuple[AppFact, ...] = ()
    integration_packs: Mapping[str, Pack] = field(default_factory=dict)
    two_factor: Attestation | None = None  # what an admin signed off
    custom_rules: tuple[CustomRule, ...] = ()
    reviewed_at: datetime | None = None  # end of the last access review
    connected_at: datetime | None = None  # when the portal was added here
    exceptions: tuple[AccessException, ...] = ()
    elevations: tuple[ElevationFact, ...] = ()
