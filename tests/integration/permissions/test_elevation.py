"""Raise, connect, return: exact by API where it can be, by clicks or not at all elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from msgspec import structs

from rolecall.domain.snapshot import FeedEvent, UserState
from rolecall.permissions.elevation import Way, elevation_of, former_of, proof_of
from tests.integration.permissions.test_packs import NOW, acme, the_pack
from tests.support.portals import an_event

RESOLVER, PACK = acme(), replace(the_pack(), app_ids=("1178801",))
USERS = {user.email.partition("@")[0]: user for user in RESOLVER.snapshot.users}


def installed(user_id: str, hours_ago: float = 1) -> FeedEvent:
    """The feed's line of a connection made."""
    at = NOW - timedelta(hours=hours_ago)
    return an_event("INSTALL_INTEGRATION", at, actor_id=user_id, object_id="1178801")


def test_ways() -> None:
    """One set and a set that meets the pack: a plan; else clicks, nothing, or a refusal."""
    ways = {
        name: elevation_of(RESOLVER, PACK, USERS[name]).way
        for name in ("marta.horvat", "ben.osei", "felix.braun", "agent.ready", "kwame.mensah")
    }

    assert {
        "marta.horvat": Way.PLAN,
        "ben.osei": Way.MANUAL,  # two sets
        "felix.braun": Way.MANUAL,  # granted individually
        "agent.ready": Way.READY,
        "kwame.mensah": Way.READY,  # Super Admin
    } == ways
    assert Way.REFUSED is elevation_of(RESOLVER, PACK, USERS["stefan.wolf"]).way


def test_manual_lists_toggles_there_and_back() -> None:
    """Each missing line has its click, and each click its way back."""
    told = elevation_of(RESOLVER, PACK, USERS["felix.braun"])

    assert "individually" in told.reason
    assert len(told.clicks) == len(told.check.missing)
    assert all("back to off" in path for path in told.return_clicks)


def test_connected_already() -> None:
    """An installation by the user in the feed makes elevation a no-op, until it is undone."""
    user = USERS["marta.horvat"]
    there = installed(user.id, 48)
    undone = an_event("UNINSTALL_INTEGRATION", NOW, object_id="1178801")

    assert Way.CONNECTED is elevation_of(RESOLVER, PACK, user, [there]).way
    assert Way.PLAN is elevation_of(RESOLVER, PACK, user, [there, undone]).way
    assert Way.PLAN is elevation_of(RESOLVER, PACK, user, [installed("999", 48)]).way
    nameless = replace(PACK, app_ids=())
    assert Way.PLAN is elevation_of(RESOLVER, nameless, user, [there]).way


def test_proof() -> None:
    """The proof covers both: the former access is back, and the connection stands."""
    user = USERS["marta.horvat"]
    former, begun = former_of(user), NOW - timedelta(hours=2)
    raised = structs.replace(user, permission_set_ids=("1",))
    good = proof_of(former, user, PACK, [installed(user.id)], begun)
    bad = proof_of(former, raised, PACK, [installed(user.id, 5)], begun)

    assert (True, True, ()) == (good.restored, good.connected, good.differences)
    assert (False, False) == (bad.restored, bad.connected)
    assert "permission set" in bad.differences[0]


def test_without_evidence_it_is_refused() -> None:
    """Nobody is raised on a guess."""
    blind = structs.replace(
        USERS["marta.horvat"], permission_set_ids=("unknown",), state=UserState.ACTIVE
    )

    assert Way.REFUSED is elevation_of(RESOLVER, PACK, blind).way
