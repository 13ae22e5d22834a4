"""Users as rows and back."""

from __future__ import annotations

from hypothesis import given

from rolecall.domain.snapshot import User
from rolecall.store.facts import USERS
from rolecall.store.user_rows import USER_FIELDS, user_of, user_row
from tests.support.snapshots import users


@given(users("7"))
def test_a_row_gives_the_user_back(user: User) -> None:
    """Nothing of a user is lost in its row."""
    names = [column.name for column in USERS.columns]
    row = dict(zip(names, user_row(1, 1, user), strict=True))

    assert user == user_of([row[name] for name in USER_FIELDS])
