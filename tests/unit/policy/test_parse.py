"""Reading access.yaml: what is understood, what is refused, and where it says the mistake is."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.policy.conditions import Condition, compiled, pattern_problem, shown
from rolecall.policy.document import Mode, Section
from rolecall.policy.hours import same_hours, to_hubspot, to_lines
from rolecall.policy.parse import parse_policy
from rolecall.policy.problems import PolicyProblems

DESIGN = """\
version: 1
portal: acme
manage:
  users: report
  permission_sets: exact
  teams: exact
  team_structure: report
  seats: add-only
  profile: ignore
teams:
  Sales: {EMEA Sales: {}, Deal Desk: {}}
guardrails: {max_removals: 5%, min_super_admins: 2, protected: [ceo@acme.test]}
profiles:
  sales-rep-emea: {permission_set: Sales Rep, seat: Sales Hub Professional, main_team: EMEA Sales}
rules:
  - {when: {department: Sales, country: [DE, FR]}, profile: sales-rep-emea}
people:
  anna@acme.test: {profile: sales-rep-emea, extra_teams: [Deal Desk], until: 2027-03-31, reason: covers for Ben}
  root@acme.test: {super_admin: true}
  ui@acme.test: {permission_sets: [Sales Rep, Exporter]}
exceptions:
  - {user: kim@acme.test, finding: sod.exports-and-billing, until: 2027-01-31, owner: cfo@acme.test, reason: year end}
"""


def problems(text: str) -> list[tuple[int, int, str]]:
    """Line, column and message of every problem of a text."""
    with pytest.raises(PolicyProblems) as caught:
        parse_policy(text)
    return [(one.line, one.column, one.message) for one in caught.value.problems]


class TestReading:
    """A good file."""

    def test_the_documented_example_is_understood(self) -> None:
        """Every section of the documented example arrives."""
        policy = parse_policy(DESIGN)

        assert policy.mode(Section.SEATS) is Mode.ADD_ONLY
        assert policy.people["anna@acme.test"].until == date(2027, 3, 31)
        assert policy.people["root@acme.test"].super_admin
        assert [ref.name for ref in policy.people["ui@acme.test"].grants.permission_sets or ()] == [
            "Sales Rep",
            "Exporter",
        ]
        assert policy.guardrails.max_removal_share == pytest.approx(0.05)
        assert policy.exceptions[0].owner == "cfo@acme.test"

    @pytest.mark.parametrize("prefix", ["\ufeff", ""])
    @pytest.mark.parametrize("ending", ["\n", "\r\n"])
    def test_byte_order_mark_and_line_endings_do_not_matter(self, prefix: str, ending: str) -> None:
        """Files of every editor read the same."""
        assert parse_policy(prefix + DESIGN.replace("\n", ending)) == parse_policy(DESIGN)

    def test_countries_stay_countries(self) -> None:
        """NO is Norway and 012 keeps its zero, whatever YAML 1.1 makes of them."""
        text = "version: 1\nrules:\n - {when: {country: NO, attributes.Code: 012}, seat: off}"
        rule = parse_policy(text).rules[0]

        assert [part.values for part in rule.when.parts] == [("NO",), ("012",)]
        assert rule.grants.seats is not None
        assert rule.grants.seats[0].name == "off"

    def test_null_takes_away_and_absence_says_nothing(self) -> None:
        """main_team: null differs from no main_team."""
        people = parse_policy("version: 1\npeople:\n  a@x.y: {main_team: ~}\n  b@x.y: {}\n").people

        assert people["a@x.y"].grants.main_team == ()
        assert people["b@x.y"].grants.main_team is None

    def test_undeclared_sections_are_only_reported(self) -> None:
        """Ownership is always somebody's explicit word."""
        assert {parse_policy("version: 1").mode(one) for one in Section} == {Mode.REPORT}

    @pytest.mark.parametrize(
        ("written", "share", "count"),
        [("5%", 0.05, 3), ("10", 0.0, 10), ("{share: 20%, count: 7}", 0.2, 7)],
    )
    def test_the_brake_is_a_share_a_count_or_both(
        self, written: str, share: float, count: int
    ) -> None:
        """max_removals takes all three forms."""
        found = parse_policy(f"version: 1\nguardrails: {{max_removals: {written}}}").guardrails

        assert (found.max_removal_share, found.max_removals) == (pytest.approx(share), count)


class TestRefusing:
    """A file with mistakes."""

    def test_every_mistake_is_told_at_once_with_its_place(self) -> None:
        """Unknown keys, bad dates, doubled people and unknown profiles come together."""
        text = (
            "version: 1\nmanag: {}\npeople:\n"
            "  a@x.y: {untill: 2027-01-01, until: 2027-13-01, super_admin: yes}\n"
            "  A@X.Y: {profile: nope}\n"
            "rules: [{when: {departmnt: x}, profile: nope}]\n"
        )

        assert problems(text) == [
            (2, 1, "unknown key 'manag'"),
            (4, 11, "unknown key 'untill'"),
            (4, 38, "must be a date"),
            (4, 63, "must be true or false"),
            (5, 3, "'A@X.Y' is written twice, first on line 4"),
            (6, 17, "unknown field 'departmnt'"),
            (6, 41, "there is no profile 'nope'"),
        ]

    def test_near_words_are_offered(self) -> None:
        """A typo is answered with the word meant."""
        with pytest.raises(PolicyProblems, match="did you mean 'permission_set'") as caught:
            parse_policy("version: 1\nprofiles: {p: {permision_set: X}}")

        assert "line 2, column 16: profiles.p: unknown key 'permision_set'" in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "is empty"),
            ("- a", "must be a mapping"),
            ("version: 2", "must be 1"),
            ("people: {}", "has no version"),
            ("version: 1\npeople:\n\ta@x.y: {}", "cannot start any token"),
            ("version: 1\n---\nversion: 1", "single document"),
            ("version: 1\nportal: a\nportal: b", "written twice, first on line 2"),
            ("version: 1\n<<: {portal: a}", "merge keys"),
            ("version: 1\nportal: !!python/object:os.system x", "tag that is not read"),
            ("version: 1\nportal: \x07", "character YAML does not allow"),
            ("version: 1\npeople: {no-at: {}}", "is not an e-mail address"),
            ("version: 1\nrules: [{profile: p}]", "has no when"),
            ("version: 1\nrules: [{when: {}, seat: Core}]", "is empty"),
            ("version: 1\nrules: [{when: everyone}]", "gives nothing"),
            ("version: 1\npeople: {a@x.y: {main_team: [A, B]}}", "must be one name"),
            ("version: 1\npeople: {a@x.y: {seat: A, seats: [B]}}", "has both seat and seats"),
            (
                "version: 1\npeople: {a@x.y: {from: 2027-02-01, until: 2027-01-01}}",
                "is before from",
            ),
            ("version: 1\nteams: {A: {}, B: [{id: x}, {}]}", "a team needs a name"),
            ("version: 1\nexceptions: [{user: a@x.y}]", "needs finding, until, owner, reason"),
            ("version: 1\npeople: {a@x.y: {time_zone: Mars/Base}}", "unknown time zone"),
            ("version: 1\npeople: {a@x.y: {working_hours: [often]}}", "is not like"),
            ("version: 1\nmanage: {users: exakt}", "must be one of"),
            ("version: 1\nguardrails: {max_removals: 120%}", "must be a share"),
            ("version: 1\nprices: {seats: {Core: cheap}}", "must be an amount"),
        ],
    )
    def test_a_mistake_is_named(self, text: str, said: str) -> None:
        """Each trap has its own words."""
        with pytest.raises(PolicyProblems, match=said):
            parse_policy(text)

    @pytest.mark.parametrize(
        "text",
        [
            "[" * 200_000,
            "- " * 200_000,
            "version: 1\nteams: " + "{a: " * 50_000,
            "a: &a [x, x]\n"
            + "".join(
                f"{c}: &{c} [*{p}, *{p}, *{p}, *{p}]\n"
                for p, c in zip("abcdefghijklmn", "bcdefghijklmno", strict=True)
            ),
            "version: 1\nteams: &t {a: *t}",
        ],
    )
    def test_bombs_are_refused_quickly(self, text: str) -> None:
        """Deep nesting and exploding aliases neither crash nor hang."""
        with pytest.raises(PolicyProblems):
            parse_policy(text)

    @given(st.text(max_size=60))
    def test_no_text_does_anything_but_read_or_tell(self, text: str) -> None:
        """Any text is a policy or a list of problems, never a crash."""
        with suppress(PolicyProblems):
            parse_policy(f"version: 1\n{text}")


class TestConditions:
    """Structured conditions."""

    @pytest.mark.parametrize(
        ("written", "facts", "expected"),
        [
            ("{department: sales }", {"department": " SALES"}, True),
            ("{department: [Sales, Ops]}", {"department": "ops"}, True),
            ("{department: {not: Sales}}", {"department": "Ops"}, True),
            ("{department: {not: [Sales, Ops]}}", {"department": "Ops"}, False),
            ("{job_title: {starts_with: Head}}", {"job_title": "head of sales"}, True),
            ("{job_title: {ends_with: [VP, Lead]}}", {"job_title": "Team Lead"}, True),
            ("{job_title: {matches: 'sales .*'}}", {"job_title": "Sales Rep"}, True),
            ("{job_title: {matches: 'sales'}}", {"job_title": "Sales Rep"}, False),
            ("{country: {missing: true}}", {}, True),
            ("{country: {missing: false}}", {}, False),
            ("{any: [{country: DE}, {department: Ops}]}", {"department": "Ops"}, True),
            ("{all: [{country: DE}, {department: Ops}]}", {"department": "Ops"}, False),
            ("{not: {country: DE}}", {"country": "FR"}, True),
            ("{email: [a@x.y]}", {"email": ("b@x.y", "a@x.y")}, True),
            ("everyone", {}, True),
        ],
    )
    def test_a_condition_answers(self, written: str, facts: dict[str, str], expected: bool) -> None:
        """Every operator means what it says."""
        rule = parse_policy(f"version: 1\nrules: [{{when: {written}, seat: Core}}]").rules[0]

        assert compiled(rule.when)(facts) is expected

    @pytest.mark.parametrize(
        "pattern", ["(a+)+", "(a|b)*", "a" * 201, "(?i)x", r"(a)\1", "[", ".*.*.*.*"]
    )
    def test_patterns_that_could_run_for_long_are_refused(self, pattern: str) -> None:
        """Only bounded patterns are compiled."""
        assert pattern_problem(pattern)

    def test_a_condition_reads_as_a_sentence(self) -> None:
        """Reasons in plans say why a rule applies."""
        parts = (Condition("equals", "country", ("DE", "FR")), Condition("missing", "location"))

        assert shown(Condition("all", parts=parts)) == "country is DE or FR and location is missing"


class TestHours:
    """Working hours."""

    def test_lines_and_hubspots_text_are_the_same_hours(self) -> None:
        """Both ways, minutes kept."""
        stored = '[{"days": "MONDAY_TO_FRIDAY", "startMinute": 540, "endMinute": 1020}]'

        assert to_lines(stored) == ("MONDAY_TO_FRIDAY 09:00-17:00",)
        assert same_hours(to_hubspot(["monday_to_friday 9:00 - 17:00"]), stored)


class TestFindingLimits:
    """What findings are measured against, per portal."""

    def test_limits_and_lists_are_read(self) -> None:
        """Numbers, words and e-mails arrive as they were written."""
        policy = parse_policy(
            "version: 1\nthresholds: {dormant_days: 60, max_super_admin_share: 0.1,"
            " marketing_words: [brand]}\n"
            "allowed_super_admins: [root@acme.test]\nextension_users: [Sam@acme.test]\n"
        )

        assert {
            "dormant_days": 60,
            "max_super_admin_share": 0.1,
            "marketing_words": ("brand",),
        } == policy.thresholds
        assert ("root@acme.test",) == policy.allowed_super_admins
        assert ("Sam@acme.test",) == policy.extension_users

    def test_every_wrong_limit_is_told_with_its_place(self) -> None:
        """An unknown name, a word for a number, half a day, no address."""
        found = problems(
            "version: 1\nthresholds:\n  dormant_dayz: 60\n  review_days: soon\n"
            "  foreign_days: 1.5\nallowed_super_admins: [root]\n"
        )

        assert [(3, 3), (4, 16), (5, 17), (6, 24)] == [place[:2] for place in found]
        assert "unknown key" in found[0][2]
        assert "a number" in found[1][2]
