"""Each rule fires on its cases and stays silent on the look-alikes."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from msgspec import structs

from rolecall.domain.finding import Finding, Severity
from rolecall.domain.person import Link, Person, Situation
from rolecall.domain.snapshot import RecordOwner, User, UserState
from rolecall.insights import AccessException, ElevationFact, Facts, Thresholds, evaluate, excepted
from rolecall.kit.errors import Refused
from rolecall.policy.thresholds import thresholds_from
from tests.support.portals import NOW, a_snapshot, a_user, an_event, days_ago

LIMITS = Thresholds()
NO_FACTS = Facts()


def found(*users: User, facts: Facts = NO_FACTS, **snapshot: object) -> list[Finding]:
    """Findings of a portal with these users beside ten plain ones."""
    plain = [a_user(900 + n) for n in range(10)]
    return list(evaluate(a_snapshot([*users, *plain], **snapshot), facts, LIMITS, NOW))


def hits(rule: str, findings: list[Finding]) -> list[str]:
    """Ids of the subjects of one rule."""
    return sorted(one.subject_id for one in findings if one.rule == rule)


def test_plain_portal_has_no_findings() -> None:
    """A portal where nothing is wrong yields nothing."""
    assert [] == found()


class TestSuperAdmins:
    def test_too_many(self) -> None:
        """Beyond the limit the least justified are findings: not named, no such title, newest."""
        titled = {"profile": {"hs_job_title": "IT Administrator"}}
        admins = [
            a_user(1, super_admin=True, created_at=days_ago(10)),
            a_user(2, super_admin=True, created_at=days_ago(5), **titled),
            a_user(3, super_admin=True, created_at=days_ago(300)),
            a_user(4, super_admin=True, created_at=days_ago(2)),
        ]
        allowed = Facts(allowed_super_admins=frozenset({admins[3].email.casefold()}))

        assert ["4"] == hits("super-admin.sprawl", found(*admins))
        assert ["1"] == hits("super-admin.sprawl", found(*admins, facts=allowed))
        assert ["1", "2", "3"] == hits("super-admin.not-named", found(*admins, facts=allowed))

    def test_few_enough(self) -> None:
        """Three Super Admins are enough for any portal; deactivated ones do not count."""
        admins = [a_user(n, super_admin=True) for n in range(1, 4)]
        gone = a_user(5, super_admin=True, state=UserState.DEACTIVATED)

        assert [] == hits("super-admin.sprawl", found(*admins, gone))
        assert [] == hits("super-admin.not-named", found(*admins, gone))


class TestDormant:
    def test_idle(self) -> None:
        """A user idle beyond the limit is dormant, a Super Admin gravely so."""
        idle = a_user(1, last_active_at=days_ago(91))
        admin = a_user(2, last_active_at=days_ago(200), super_admin=True)

        findings = [one for one in found(idle, admin) if one.rule == "user.dormant"]

        assert [("2", Severity.HIGH), ("1", Severity.MEDIUM)] == [
            (one.subject_id, one.severity) for one in findings
        ]
        assert findings[0].evidence[0].source == "crm:hs_last_active"

    @pytest.mark.parametrize(
        "changes",
        [
            {"last_active_at": days_ago(89)},
            {"last_active_at": days_ago(300), "state": UserState.DEACTIVATED},
            {"last_active_at": days_ago(300), "state": UserState.SERVICE},
            {"last_active_at": days_ago(300), "state": UserState.REMOVED},
        ],
    )
    def test_look_alikes(self, changes: dict[str, object]) -> None:
        """Recent, deactivated, removed and service users are not dormant."""
        assert [] == hits("user.dormant", found(a_user(1, **changes)))

    def test_extension_user_is_left_out(self) -> None:
        """Whoever works by extension is unknown, not idle."""
        idle = a_user(1, last_active_at=days_ago(300))
        findings = found(idle, facts=Facts(extension_users=frozenset({"1"})))

        assert [] == hits("user.dormant", findings) + hits("seat.unused", findings)

    def test_nothing_is_claimed_without_a_source(self) -> None:
        """No activity property and no log-in feed: nobody is dormant."""
        users = [a_user(n, last_active_at=None, last_active_source="") for n in range(5)]
        findings = evaluate(a_snapshot(users), Facts(), LIMITS, NOW)

        assert () == findings

    def test_login_feed_speaks_as_far_as_it_was_read(self) -> None:
        """Silence in a feed of 30 days proves 30 days, in a feed of 120 days 120."""
        users = [a_user(n, last_active_at=None, last_active_source="") for n in range(3)]
        short = Facts(login_feed_since=days_ago(30))
        long = Facts(login_feed_since=days_ago(120))

        assert [] == hits("user.dormant", list(evaluate(a_snapshot(users), short, LIMITS, NOW)))
        assert ["0", "1", "2"] == hits(
            "user.dormant", list(evaluate(a_snapshot(users), long, LIMITS, NOW))
        )

    def test_newer_login_beats_older_property(self) -> None:
        """A log-in in the feed counts although the property is behind."""
        idle = a_user(1, last_active_at=days_ago(300))
        login = an_event("LOGIN_SUCCEEDED", days_ago(2), feed="login", actor_id="1")

        assert [] == hits("user.dormant", found(idle, facts=Facts(events=(login,))))


class TestNeverCame:
    GHOST = a_user(1, last_active_at=None, created_at=days_ago(60), state=UserState.INVITED)

    def test_invitation_unanswered(self) -> None:
        """An old invitation nobody answered, or may have been sent, is a finding."""
        sent = found(self.GHOST, facts=Facts(invitations={"1": True}))

        assert ["1"] == hits("user.invited-never-came", sent)
        assert ["1"] == hits("user.invited-never-came", found(self.GHOST))

    def test_no_invitation_sent(self) -> None:
        """Without an invitation the finding says created, never signed in."""
        findings = found(self.GHOST, facts=Facts(invitations={"1": False}))

        assert ["1"] == hits("user.created-never-signed-in", findings)
        assert [] == hits("user.invited-never-came", findings)

    def test_feed_tells_what_the_record_does_not(self) -> None:
        """Without a creation date the feed bounds it; a feed reaching back proves no invitation."""
        ghost = structs.replace(self.GHOST, created_at=None)
        bounded = Facts(security_feed_since=days_ago(30))
        added = an_event("ADD_USER", days_ago(60), object_id="1")
        full = Facts(security_feed_since=days_ago(300), events=(added,))

        assert [] == hits("user.invited-never-came", found(ghost))
        assert ["1"] == hits("user.invited-never-came", found(ghost, facts=bounded))
        assert ["1"] == hits("user.created-never-signed-in", found(ghost, facts=full))

    def test_look_alikes(self) -> None:
        """A fresh invitation, and somebody who did come, are no findings."""
        fresh = structs.replace(self.GHOST, id="2", created_at=days_ago(5))
        came = a_user(3, created_at=days_ago(60), last_active_at=days_ago(50))

        assert [] == hits("user.invited-never-came", found(fresh, came))


class TestRecords:
    def test_gone_owners(self) -> None:
        """Deactivated and removed owners with records, or named in some, are findings."""
        users = [
            a_user(1, state=UserState.DEACTIVATED, owner_id="o1"),
            a_user(2, state=UserState.DEACTIVATED, owner_id="o2"),
            a_user(3, owner_id="o3"),
        ]
        owners = (
            *(RecordOwner("o1", "1", archived=True), RecordOwner("o2", "2", archived=True)),
            *(RecordOwner("o3", "3"), RecordOwner("o4", "77", "old@acme.test", archived=True)),
            *(RecordOwner("o5", "78", archived=True), RecordOwner("q", None, queue=True)),
        )
        counts = {"o1": 12, "o2": 0, "o3": 9, "o4": 3, "o5": None, "q": 7}

        facts = Facts(owned_records=counts, named_records={"o2": 2})
        findings = found(*users, owners=owners, facts=facts)

        assert ["1", "2"] == hits("records.owner-deactivated", findings)
        assert ["77"] == hits("records.owner-gone", findings)


class TestTeams:
    def test_no_team(self) -> None:
        """Only active, settled users in no team at all; never in a portal without teams."""
        alone = a_user(1, main_team_id=None)
        extra = a_user(2, main_team_id=None, extra_team_ids=("10",))
        fresh = a_user(3, main_team_id=None, created_at=days_ago(2))
        gone = a_user(4, main_team_id=None, state=UserState.DEACTIVATED)

        assert ["1"] == hits("user.no-team", found(alone, extra, fresh, gone))
        assert [] == hits("user.no-team", found(alone, teams=()))


class TestDomains:
    def test_personal_and_outside(self) -> None:
        """Free mail is personal, any other stranger outside; subdomains and partners are at home."""
        users = (
            *(a_user(1, "x@gmail.com"), a_user(2, "y@agency.test")),
            *(a_user(3, "z@de.acme.test"), a_user(4, "p@agency.test", seat_names=("Partner",))),
        )
        findings = found(*users)

        assert ["1"] == hits("email.personal-domain", findings)
        assert ["2"] == hits("email.outside-domain", findings)


class TestDuplicates:
    def test_same_human(self) -> None:
        """Same name at two domains, and one mailbox written two ways."""
        users = (
            a_user(1, "jörg.weiß@acme.test", first_name="Jörg", last_name="Weiß"),
            a_user(2, "joerg.weiss@old-acme.test", first_name="Joerg", last_name="Weiss"),
            a_user(3, "kim@acme.test", first_name="Kim", last_name="Lee"),
            a_user(4, "kim+test@acme.test", first_name="Kim", last_name="Test"),
        )

        assert ["2", "4"] == hits("person.duplicate", found(*users))

    def test_same_phone(self) -> None:
        """Same name and phone within one domain are one human."""
        phone = {"profile": {"hs_main_phone": "+34 600 000 001"}}
        users = (
            a_user(1, "maria.garcia@acme.test", first_name="María", last_name="García", **phone),
            a_user(2, "mgarcia@acme.test", first_name="Maria", last_name="Garcia", **phone),
        )

        assert 1 == len(hits("person.duplicate", found(*users)))

    def test_namesakes(self) -> None:
        """Two mailboxes in one domain, linked to two people, or one deactivated: no duplicate."""
        users = (
            a_user(1, "t.muller@acme.test", first_name="Tom", last_name="Muller"),
            a_user(2, "tom.muller@acme.test", first_name="Tom", last_name="Muller"),
            a_user(3, "eva.roth@acme.test", first_name="Eva", last_name="Roth"),
            a_user(4, "eva.roth@sub.test", first_name="Eva", last_name="Roth"),
            a_user(5, "ida.holm@acme.test", first_name="Ida", last_name="Holm"),
            a_user(
                *(6, "ida.holm@old.test"),
                first_name="Ida",
                last_name="Holm",
                state=UserState.DEACTIVATED,
            ),
        )
        links = {n: Link(42, n, Situation.LINKED, f"p{n}") for n in ("3", "4")}

        assert [] == hits("person.duplicate", found(*users, facts=Facts(links=links)))

    def test_linked_to_one_person(self) -> None:
        """Two users linked to one person are one human whatever they are called."""
        links = {n: Link(42, n, Situation.LINKED, "p") for n in ("1", "2")}
        findings = found(a_user(1), a_user(2), facts=Facts(links=links))

        assert 1 == len(hits("person.duplicate", findings))


def test_several_sets() -> None:
    """Two sets are a finding, one is not."""
    findings = found(
        a_user(1, permission_set_ids=("100", "101")), a_user(2, permission_set_ids=("100",))
    )

    assert ["1"] == hits("permission-sets.several", findings)


def test_paid_seat_unused() -> None:
    """Paid and idle; not free seats, deactivated users or unknown seats."""
    idle = {"last_active_at": days_ago(70)}
    users = (
        *(a_user(1, **idle), a_user(2, seat_names=("View-Only",), **idle)),
        *(a_user(3, state=UserState.DEACTIVATED, **idle), a_user(4, seat_names=None, **idle)),
    )

    assert ["1"] == hits("seat.unused", found(*users))


def test_shared_logins() -> None:
    """Addresses that name a function; not humans called Sales or with a name in the address."""
    users = (
        *(a_user(1, "info@acme.test"), a_user(2, "sales.emea@acme.test")),
        *(a_user(3, "it.ferrari@acme.test", first_name="It", last_name="Ferrari"),),
        *(a_user(4, "infante@acme.test"), a_user(5, "salesh@acme.test")),
    )

    assert ["1", "2"] == hits("login.shared", found(*users))


def test_shared_by_places() -> None:
    """Three countries on one day are several people, two are a traveller."""
    events = tuple(
        an_event(
            *("LOGIN_SUCCEEDED", days_ago(1 + n / 100)),
            feed="login",
            actor_id=user,
            details={"country": country},
        )
        for n, (user, country) in enumerate(
            [("1", "de"), ("1", "fr"), ("1", "sg"), ("2", "de"), ("2", "fr")]
        )
    )

    assert ["1"] == hits("login.shared", found(a_user(1), a_user(2), facts=Facts(events=events)))


def test_integration_users() -> None:
    """Addresses and titles of integrations; not humans who are called so."""
    titled = {"profile": {"hs_job_title": "Integration user of RevOps"}}
    writer = {"profile": {"hs_job_title": "Writer"}}
    users = (
        *(a_user(1, "zap.x@acme.test", **titled), a_user(2, "dialer-bot@acme.test")),
        a_user(3, "sync.blum@acme.test", first_name="Sync", last_name="Blum", **writer),
        *(a_user(4, "abbott@acme.test"), a_user(5, "crm-sync@acme.test")),
    )
    findings = found(*users, facts=Facts(service_owners={"5": "anna@acme.test"}))

    assert ["1", "2"] == hits("integration-user.no-owner", findings)


def test_service_users() -> None:
    """A service user needs somebody who answers for it, and no team, seat or activity."""
    users = [
        a_user(n, "x@appserviceaccount.test", state=UserState.SERVICE, main_team_id=None)
        for n in (1, 2)
    ]
    findings = found(*users, facts=Facts(service_owners={"1": "anna@acme.test"}))

    assert [("service-user.no-owner", "2")] == [(one.rule, one.subject_id) for one in findings]


def test_leavers_and_orphans() -> None:
    """A leaver's user is critical; an orphan shows once people are known."""
    people = (
        Person("a", ("one@acme.test",), "One", ends_on=date(2026, 10, 31)),
        Person("b", ("two@acme.test",), "Two", ends_on=date(2026, 12, 31)),
    )
    links = {
        "1": Link(42, "1", Situation.LINKED, "a"),
        "2": Link(42, "2", Situation.LINKED, "b"),
        "3": Link(42, "3", Situation.UNMATCHED),
    }
    findings = found(*(a_user(n) for n in (1, 2, 3)), facts=Facts(people=people, links=links))

    assert ["1"] == hits("person.left", findings)
    assert ["3"] == hits("person.unmatched", findings)
    assert Severity.CRITICAL == findings[0].severity


def test_exceptions_hide_until_they_end() -> None:
    """A running exception hides its finding; an ended one shows it and itself."""
    alone = a_user(1, main_team_id=None)
    running = AccessException(alone.email, "user.no-team", until=NOW + timedelta(days=1))
    ended = replace(running, until=days_ago(1))
    snapshot = a_snapshot([alone, *(a_user(n) for n in range(5, 9))])

    assert () == evaluate(snapshot, Facts(exceptions=(running,)), LIMITS, NOW)
    assert 1 == len(excepted(snapshot, Facts(exceptions=(running,)), LIMITS, NOW))
    assert {"user.no-team", "exception.expired"} == {
        one.rule for one in evaluate(snapshot, Facts(exceptions=(ended,)), LIMITS, NOW)
    }


def test_overdue_elevation() -> None:
    """Only an elevation past its end and grace, still in place."""
    past, running = days_ago(1), NOW + timedelta(hours=1)
    elevations = (
        *(ElevationFact("1", "8x8", past), ElevationFact("2", "8x8", running)),
        ElevationFact("3", "8x8", past, returned_at=past),
    )
    findings = found(*(a_user(n) for n in (1, 2, 3)), facts=Facts(elevations=elevations))

    assert ["1"] == hits("elevation.overdue", findings)


def test_every_finding_speaks() -> None:
    """Each finding carries evidence with a source, a why and a mend."""
    users = (
        *(a_user(1, "info@gmail.com", main_team_id=None, last_active_at=days_ago(500)),),
        *(a_user(2, permission_set_ids=("100", "101")),),
    )
    findings = found(*users)

    assert len(findings) >= 5
    assert all(one.why and one.mend and one.evidence for one in findings)
    assert all(line.source for one in findings for line in one.evidence)


def test_thresholds_refuse_what_they_do_not_know() -> None:
    """Unknown names and wrong kinds are told at once, all together."""
    assert 30 == thresholds_from({"dormant_days": 30}).dormant_days
    with pytest.raises(Refused, match=r"unknown threshold dormant_hours; .*takes a number"):
        thresholds_from({"dormant_hours": 3, "max_super_admins": "many"})


def test_large_portal_is_quick() -> None:
    """50,000 users are judged in about a second."""
    users = [
        a_user(n, last_active_at=days_ago(n % 65), permission_set_ids=("100",))
        for n in range(50_000)
    ]
    snapshot = a_snapshot(users)
    begun = time.process_time()
    findings = evaluate(snapshot, Facts(), LIMITS, NOW)

    assert len(findings) > 1000
    assert time.process_time() - begun < 5  # about one second on an idle machine
