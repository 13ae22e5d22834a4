"""What holds for every portal and every file: reach the goal, keep the order, find the way back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from rolecall.domain.plan import ChangeKind, Undo
from rolecall.domain.snapshot import Snapshot
from rolecall.plan.codec import digest_of, from_json, to_json
from rolecall.plan.effects import effects_of
from rolecall.plan.look import Knowledge
from rolecall.plan.propose import Circumstances, assemble
from rolecall.plan.simulate import simulate
from rolecall.plan.stale import stale
from rolecall.plan.undo import inverse
from rolecall.policy.document import Mode, Section
from rolecall.policy.dump import dump
from rolecall.policy.problems import PolicyProblems
from tests.support.plan_portals import NOW, portals
from tests.support.plans import a_plan, active, an_occasion, done

made = st.sampled_from([Mode.EXACT, Mode.ADD_ONLY])  # a file may name only teams it makes
modes = st.fixed_dictionaries(
    {one: made if one is Section.TEAM_STRUCTURE else st.sampled_from(list(Mode)) for one in Section}
)
exact = dict.fromkeys(Section, Mode.EXACT)


@st.composite
def pairs(draw: st.DrawFn, *, messy: bool = False) -> tuple[Snapshot, str]:
    """A portal, and the dump of another one as the file to reach."""
    here = draw(portals(messy=messy))
    there = draw(portals())
    target = replace(there, permission_sets=here.permission_sets, seats=here.seats)
    text = dump(target, "acme", modes=draw(st.one_of(st.just(exact), modes)))
    return here, text


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_a_plan_reaches_the_file_and_the_next_plan_is_empty(pair: tuple[Snapshot, str]) -> None:
    """What apply leaves behind needs nothing more but people's own tasks."""
    snapshot, text = pair
    plan = a_plan(text, snapshot)
    after = simulate(plan.changes, snapshot, NOW)
    again = a_plan(text, after.snapshot, parked=after.parked)

    assert active(again) == []


@settings(max_examples=80, deadline=None)
@given(pairs(messy=True))
def test_a_messy_portal_reaches_the_file_too(pair: tuple[Snapshot, str]) -> None:
    """Several sets, gone seats, Super Admins and unknown seats leave tasks, never a loop."""
    snapshot, text = pair
    try:
        plan = a_plan(text, snapshot)
    except PolicyProblems:  # names the messy portal made ambiguous
        return
    after = simulate(plan.changes, snapshot, NOW)
    again = a_plan(text, after.snapshot, parked=after.parked)

    assert active(again) == []


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_undo_returns_every_line_promised_exact(pair: tuple[Snapshot, str]) -> None:
    """Plan then undo is identity where undo is promised exact."""
    snapshot, text = pair
    plan = a_plan(text, snapshot)
    kept = tuple(c for c in plan.changes if c.undo is Undo.EXACT)
    created = {c.subject for c in plan.changes if c.kind is ChangeKind.CREATE_USER}
    kept = tuple(c for c in kept if c.subject not in created and c.subject_kind == "user")
    structure = [c for c in plan.changes if c.kind is ChangeKind.CREATE_TEAM]
    plan = replace(plan, changes=(*structure, *kept))
    teams_only = simulate(structure, snapshot, NOW).snapshot
    after = simulate(plan.changes, snapshot, NOW)
    way_back = inverse(replace(plan, changes=kept), done(plan), after.snapshot)
    undo, _ = assemble(way_back.changes, after.snapshot, an_occasion("undo"), Circumstances())
    back = simulate(undo.changes, after.snapshot, NOW, after.parked)

    assert way_back.left == ()
    assert normal(back.snapshot) == normal(teams_only)
    assert back.parked == {}


def normal(snapshot: Snapshot) -> object:
    """Users with their memberships in order, and the stock of seats."""
    users = [
        structs.replace(
            user,
            extra_team_ids=tuple(sorted(user.extra_team_ids)),
            seat_names=tuple(sorted(user.seat_names or ())),
        )
        for user in snapshot.users
    ]
    return users, snapshot.seats


@settings(max_examples=80, deadline=None)
@given(pairs())
def test_no_step_on_the_way_breaks_a_guardrail(pair: tuple[Snapshot, str]) -> None:
    """Seats never run below zero, teams exist before and are empty after, trees stay trees."""
    snapshot, text = pair
    plan = a_plan(text, snapshot)
    if not plan.applyable:
        return
    state = snapshot
    for change in plan.changes:
        before_teams = {team.id for team in state.teams}
        if change.kind in (ChangeKind.SET_MAIN_TEAM, ChangeKind.ADD_EXTRA_TEAM) and change.after:
            assert change.after in before_teams
        if change.kind is ChangeKind.DELETE_TEAM:
            held = {t for u in state.users for t in (*u.extra_team_ids, u.main_team_id)}
            assert change.subject_id not in held
            assert change.subject_id not in {team.parent_id for team in state.teams}
        state = simulate([change], state, NOW).snapshot
        assert all(seat.remaining is None or seat.remaining >= 0 for seat in state.seats)
        assert is_tree(state)


def is_tree(snapshot: Snapshot) -> bool:
    """No team is above itself."""
    parents = {team.id: team.parent_id for team in snapshot.teams}
    for start in parents:
        above, steps = parents[start], 0
        while above is not None and steps <= len(parents):
            above, steps = parents.get(above), steps + 1
        if steps > len(parents):
            return False
    return True


@settings(max_examples=60, deadline=None)
@given(pairs(messy=False))
def test_effects_carry_each_change_once(pair: tuple[Snapshot, str]) -> None:
    """Every change is in exactly one effect, and effects keep the plan's order of phases."""
    snapshot, text = pair
    plan = a_plan(text, snapshot)
    effects = effects_of(plan)
    carried = Counter(change for effect in effects for change in effect.change_ids)
    phases = [effect.phase for effect in effects]

    assert carried == Counter(change.id for change in plan.changes)
    assert phases == sorted(phases, key=list(type(phases[0])).index) if phases else True
    assert effects == effects_of(plan)


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_a_plan_survives_the_codec(pair: tuple[Snapshot, str]) -> None:
    """JSON and back is the same plan with the same digest."""
    snapshot, text = pair
    plan = a_plan(text, snapshot)

    assert from_json(to_json(plan)) == plan
    assert digest_of(from_json(to_json(plan))) == plan.digest


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_a_newer_equal_snapshot_makes_no_plan_stale(pair: tuple[Snapshot, str]) -> None:
    """Only what differs counts, not that somebody synced again."""
    snapshot, text = pair
    plan = a_plan(text, snapshot)

    assert stale(plan, replace(snapshot, id="newer"), Knowledge(), NOW) == ()
