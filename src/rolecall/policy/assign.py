"""Who should have what: file, rules, people and stored assignments settled per slot.

Rank decides (domain.assignment.Origin); equal rank with different values is a dispute that
changes nothing; what ended falls to the next rank; nothing left means park, never remove.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.finding import Evidence, Finding, Severity
from rolecall.domain.person import Person
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.collector import collector_held
from rolecall.policy.claims import NO_VETO, Layer, Settled, as_user, settle
from rolecall.policy.desired import Desired, DesiredTeam, DesiredUser, Source, Wanted
from rolecall.policy.document import Mode, PersonEntry, Policy, Presence, Section
from rolecall.policy.gather import PARKED, Claims, has_ended
from rolecall.policy.moments import zone_named
from rolecall.policy.names import Names, names_of
from rolecall.policy.problems import PolicyProblems, Problem
from rolecall.policy.rulebook import rulebook
from rolecall.policy.structure import resolve_tree

_CARRIED_OUT = (Mode.ADD_ONLY, Mode.EXACT)


@collector_held()
def assign(
    policy: Policy,
    snapshot: Snapshot,
    people: Sequence[Person],
    stored: Sequence[Assignment],
    now: datetime,
) -> Desired:
    """Everything that should be in the portal now; raises PolicyProblems for unknown names."""
    tree, names = resolve_names(policy, snapshot)
    claims = Claims(policy, names, rulebook(policy.rules), zone_named(snapshot.time_zone), now)
    _meet_every_name(claims)
    no_access = policy.parking.no_access_set
    no_access_set = names.permission_set(no_access) if no_access else None
    if names.problems:
        raise PolicyProblems(names.problems)
    work = _Work(claims, {user.email.casefold(): user.id for user in snapshot.users})
    users = work.settle_all(_subjects(snapshot, people), stored)
    return Desired(
        users=users,
        teams=tree,
        manage=policy.manage,
        parking=policy.parking,
        no_access_set=no_access_set,
        findings=tuple(work.findings) + _vanished(claims, snapshot),
    )


def check_names(policy: Policy, snapshot: Snapshot) -> tuple[Problem, ...]:
    """Every name of the policy the portal does not have, with its place."""
    _, names = resolve_names(policy, snapshot)
    zone = zone_named(snapshot.time_zone)
    _meet_every_name(Claims(policy, names, rulebook(()), zone, snapshot.sealed_at))
    if policy.parking.no_access_set:
        names.permission_set(policy.parking.no_access_set)
    return tuple(sorted(names.problems))


def resolve_names(
    policy: Policy, snapshot: Snapshot
) -> tuple[tuple[DesiredTeam, ...] | None, Names]:
    """The file's tree against the portal, and the names as the file's modes make them known."""
    problems: list[Problem] = []
    mode = policy.mode(Section.TEAM_STRUCTURE)
    tree = None
    if policy.teams is not None and mode is not Mode.IGNORE:
        tree = resolve_tree(policy.teams, snapshot, problems)
    usable = tree if mode in _CARRIED_OUT else None
    names = names_of(snapshot, usable, exact_tree=mode is Mode.EXACT)
    names.problems.extend(problems)
    return tree, names


def _meet_every_name(claims: Claims) -> None:
    """Resolve every name the file holds once, so that all problems are told together."""
    source = Source(Origin.RULE, "")
    grants = [*claims.policy.profiles.values(), *(rule.grants for rule in claims.policy.rules)]
    grants += [entry.grants for entry in claims.policy.people.values()]
    for one in grants:
        claims.of_grants(one, source)


def _subjects(snapshot: Snapshot, people: Sequence[Person]) -> dict[str, Person]:
    """Each person by the e-mail of their user here, or else by their first e-mail."""
    present = {user.email.casefold() for user in snapshot.users if user.present}
    found: dict[str, Person] = {}
    for person in people:
        folded = [email.casefold() for email in person.emails]
        key = next((email for email in folded if email in present), next(iter(folded), None))
        if key is not None:
            found.setdefault(key, person)
    return found


@dataclass(slots=True)
class _Work:
    """One run over all subjects, and the findings it leaves."""

    claims: Claims
    ids: dict[str, str]  # settings id by case-folded e-mail
    findings: list[Finding] = field(default_factory=list)
    answers: dict[int, tuple[Layer, Settled]] = field(default_factory=dict)

    def settle_all(
        self, subjects: dict[str, Person], stored: Sequence[Assignment]
    ) -> dict[str, DesiredUser]:
        """Everybody somebody says anything about, by case-folded e-mail."""
        held: dict[str, list[Assignment]] = defaultdict(list)
        for one in stored:
            held[one.subject.casefold()].append(one)
        people = self.claims.policy.people
        users: dict[str, DesiredUser] = {}
        for key in dict.fromkeys((*people, *subjects, *held)):
            user = self._settle(key, subjects.get(key), people.get(key), held.get(key, ()))
            if user is not None:
                users[key] = user
        return users

    def _settle(
        self,
        key: str,
        person: Person | None,
        entry: PersonEntry | None,
        held: Sequence[Assignment],
    ) -> DesiredUser | None:
        layers = self.claims.of_person(person) if person else []
        if entry is None and not held:
            return self._plain(key, person, layers) if layers and person else None
        settled, by_file = self._ranked(layers, entry, held)
        shown = entry.email if entry else _shown(key, person)
        user = as_user(shown, self._told(key, shown, settled))
        user = _with_facts(user, person, entry, named=by_file)
        return self._present_or_ended(user, entry, held)

    def _plain(self, key: str, person: Person, layers: list[Layer]) -> DesiredUser | None:
        """Most people: rules alone, and the same answer for all who meet the same rules."""
        settled = self._settled_once(layers)
        if not settled.single and not settled.disputes:
            return None
        shown = _shown(key, person)
        if settled.disputes:
            self._told(key, shown, settled)
        return as_user(shown, settled, person.first_name, person.last_name)

    def _settled_once(self, layers: list[Layer]) -> Settled:
        if len(layers) > 1:
            return settle(layers)
        known = self.answers.get(id(layers[0]))
        if known is None:
            known = (layers[0], settle(layers))  # keeps the layer, so its id is not reused
            self.answers[id(layers[0])] = known
        return known[1]

    def _ranked(
        self, layers: list[Layer], entry: PersonEntry | None, held: Sequence[Assignment]
    ) -> tuple[Settled, bool]:
        """Winners over every rank, and whether the file itself says anything now."""
        leaver = [layer for layer in layers if _is_leaver(layer)]
        ranked = [(Origin.LEAVER, layer) for layer in leaver]
        ranked += [(Origin.RULE, layer) for layer in layers if layer not in leaver]
        by_file = bool(ranked)
        if entry is not None:
            by_file = True
            if not (self.claims.is_over(entry) or self.claims.is_early(entry)):
                ranked.append((Origin.PEOPLE, self.claims.of_entry(entry)))
        stored, veto = self.claims.of_stored(held) if held else ([], NO_VETO)
        ranked = sorted([*ranked, *stored], key=lambda pair: pair[0])
        return settle([layer for _, layer in ranked], veto), by_file

    def _present_or_ended(
        self, user: DesiredUser, entry: PersonEntry | None, held: Sequence[Assignment]
    ) -> DesiredUser | None:
        """Presence for those who hold something without it being said, and for what ended."""
        if user.presence is not None or Slot.USER in user.disputed:
            return user
        if entry is not None and self.claims.is_early(entry):
            return replace(user, named=False)
        for wanted in (user.permission_sets, user.seats, user.main_team):
            if wanted is not None and wanted.values:
                return replace(user, presence=Wanted((Presence.PRESENT.value,), wanted.source))
        if user.extra_teams:
            source = next(iter(user.extra_teams.values()))
            return replace(user, presence=Wanted((Presence.PRESENT.value,), source))
        return self._ended(user, entry, held)

    def _ended(
        self, user: DesiredUser, entry: PersonEntry | None, held: Sequence[Assignment]
    ) -> DesiredUser | None:
        if entry is not None and self.claims.is_over(entry):
            reason = f"until {entry.until} is over and nothing else gives access"
            source = Source(Origin.PEOPLE, reason, f"line {entry.line}")
            return replace(user, presence=Wanted(PARKED, source))
        for one in held:
            if one.slot is Slot.USER and has_ended(one, self.claims.now):
                reason = f"access ended {one.ends_at:%Y-%m-%d} and nothing else gives any"
                source = Source(one.origin, reason, one.reference)
                return replace(user, presence=Wanted(PARKED, source))
        return user if user.named or user.fields else None

    def _told(self, key: str, shown: str, settled: Settled) -> Settled:
        """The winners again, after noting a finding per disputed slot."""
        for slot, claims in settled.disputes.items():
            sides = "; ".join(
                f"{', '.join(c.values) or 'nothing'} ({c.source.reason})" for c in claims
            )
            self.findings.append(
                Finding(
                    rule="policy.disputed",
                    severity=Severity.MEDIUM,
                    subject_kind="user",
                    subject_id=self.ids.get(key, key),
                    subject=shown,
                    message=f"{slot.value.replace('_', ' ')} is claimed differently: {sides}",
                    why="claims of equal rank contradict each other, so the slot stays as it is",
                    evidence=tuple(Evidence(c.source.reason, "access.yaml") for c in claims),
                )
            )
        return settled


def _is_leaver(layer: Layer) -> bool:
    wanted = layer.single.get(Slot.USER)
    return wanted is not None and wanted.source.origin is Origin.LEAVER


def _shown(key: str, person: Person | None) -> str:
    emails = person.emails if person else ()
    return next((email for email in emails if email.casefold() == key), key)


def _with_facts(
    user: DesiredUser, person: Person | None, entry: PersonEntry | None, *, named: bool
) -> DesiredUser:
    first, last = (person.first_name, person.last_name) if person else ("", "")
    if entry is None:
        return replace(user, first_name=first, last_name=last, named=named)
    return replace(
        user,
        first_name=entry.first_name or first,
        last_name=entry.last_name or last,
        super_admin=entry.super_admin,
        deactivated=entry.deactivated,
        send_welcome_email=entry.send_welcome_email,
        reason=entry.reason,
        named=named,
    )


def _vanished(claims: Claims, snapshot: Snapshot) -> tuple[Finding, ...]:
    """Stored assignments whose set, team or seat the portal no longer has."""
    return tuple(
        Finding(
            rule="policy.vanished",
            severity=Severity.MEDIUM,
            subject_kind="user",
            subject_id=one.subject,
            subject=one.subject,
            message=f"{one.slot.value.replace('_', ' ')} {one.value!r} no longer exists",
            why=f"{one.origin.name.lower()} {one.reference} still claims it; the claim is left out",
            evidence=(Evidence(f"not in snapshot {snapshot.id}", "snapshot", snapshot.sealed_at),),
        )
        for one in claims.vanished
    )
