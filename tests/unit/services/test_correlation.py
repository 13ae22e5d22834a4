"""Which person a user belongs to, for any mixture of people and users."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.person import Link, Person, Situation
from rolecall.services.people.correlation import CONFIRMED, correlate, moves_between
from tests.support.portals import a_snapshot, a_user

TODAY = date(2026, 11, 20)
EMAILS = st.sampled_from(["a@acme.test", "A@ACME.test", "b@acme.test", "c@acme.test"])
NAMES = st.sampled_from(["Ana", "Ben", ""])
PEOPLE = st.lists(
    st.builds(
        Person,
        st.uuids().map(str),
        st.lists(EMAILS, min_size=1, max_size=2).map(tuple),
        NAMES,
        NAMES,
        left=st.booleans(),
    ),
    max_size=5,
)


@given(people=PEOPLE, emails=st.lists(EMAILS, max_size=4), first=NAMES, last=NAMES)
def test_every_user_gets_exactly_one_situation(
    people: list[Person], emails: list[str], first: str, last: str
) -> None:
    """One link per user; linked and deleted name the only person of that address."""
    users = [a_user(n, email, first_name=first, last_name=last) for n, email in enumerate(emails)]
    links = correlate(a_snapshot(users), people, ())
    by_id = {person.id: person for person in people}

    assert [user.id for user in users] == [link.user_id for link in links]
    for link, email in zip(links, emails, strict=True):
        known = link.situation in (Situation.LINKED, Situation.DELETED)
        mine = [p for p in people if email.casefold() in {e.casefold() for e in p.emails}]
        assert known is (len(mine) == 1)
        if known and link.person_id is not None:
            assert by_id[link.person_id] == mine[0]
            assert mine[0].left is (link.situation is Situation.DELETED)


@given(people=PEOPLE)
def test_a_confirmed_link_stays(people: list[Person]) -> None:
    """What a person confirmed holds as long as both are there."""
    user = a_user("1", "zoe@acme.test")
    held = [Link(42, "1", Situation.LINKED, one.id, (), f"{CONFIRMED}ada") for one in people[:1]]
    links = correlate(a_snapshot([user]), people, held)

    assert [one.person_id for one in held] == [
        one.person_id for one in links if one.person_id is not None
    ]


@given(people=PEOPLE)
def test_the_same_list_moves_nobody(people: list[Person]) -> None:
    """Comparing a list with itself finds no joiner, mover or leaver."""
    before = {one.id: one for one in people}
    moves = moves_between(before, people, TODAY)

    assert () == moves.emails()


def test_leaving_and_coming_back() -> None:
    """The last day is a working day; the day after, somebody has left, and may return."""
    ana = Person("1", ("a@acme.test",), "Ana")
    last = replace(ana, ends_on=TODAY)
    gone = replace(ana, ends_on=date(2026, 11, 19))

    assert () == moves_between({"1": ana}, [last], TODAY).leavers
    assert (gone,) == moves_between({"1": ana}, [gone], TODAY).leavers
    assert (ana,) == moves_between({"1": gone}, [ana], TODAY).returned
