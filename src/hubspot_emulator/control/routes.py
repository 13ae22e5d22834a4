"""Control routes: what the emulator saw, and levers on its clock, faults, switches, traffic."""

from __future__ import annotations

from typing import Any

from hubspot_emulator.acts.table import ACTS, carry_out
from hubspot_emulator.building import rebuild
from hubspot_emulator.control import model
from hubspot_emulator.control.state import state_of
from hubspot_emulator.faults import FAULTS
from hubspot_emulator.routing import Call, Handler, Route
from hubspot_emulator.switches import SWITCHES
from hubspot_emulator.wire import Answer, timestamp


def _fields(call: Call) -> dict[str, Any]:
    body = call.json()
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def requests(call: Call) -> Answer:
    """Every request seen, oldest first, and totals of all."""
    recorder = call.world.recorder
    totals = {
        "requests": recorder.total,
        "by_status": {str(status): count for status, count in sorted(recorder.by_status.items())},
        "by_operation": dict(sorted(recorder.by_operation.items())),
    }
    return Answer(200, {"requests": [one.as_dict() for one in recorder.seen], "totals": totals})


def forget_requests(call: Call) -> Answer:
    """Empty the record, totals too."""
    call.world.recorder.clear()
    return Answer(204)


def reset(call: Call) -> Answer:
    """Build the world anew as the start or the last seed made it; faults, switches, clock too."""
    return Answer(200, model.described(rebuild(call.world, **call.world.built_with)))


def seed(call: Call) -> Answer:
    """Start over with another seed, or with `keep` plant it beside what there is."""
    return Answer(200, model.plant_seed(call.world, _fields(call)))


def show_clock(call: Call) -> Answer:
    """What time it is in the emulator, and whether it stands still."""
    clock = call.world.clock
    return Answer(200, {"now": timestamp(clock.now()), "frozen": clock.frozen is not None})


def wind_clock(call: Call) -> Answer:
    """Freeze, advance or run the clock."""
    model.wind(call.world.clock, _fields(call))
    return show_clock(call)


def show_faults(call: Call) -> Answer:
    """What is scheduled, and which kinds there are."""
    kinds = [
        {
            "kind": kind.name,
            "phases": kind.phases,
            "parameters": dict(kind.parameters),
            "about": kind.about,
        }
        for kind in FAULTS
    ]
    scheduled = [fault.as_dict() for fault in call.world.faults.scheduled]
    return Answer(200, {"faults": scheduled, "kinds": kinds})


def schedule_faults(call: Call) -> Answer:
    """Schedule one fault, or several at once in `faults`."""
    fields = _fields(call)
    wishes = fields.get("faults", [fields])
    made = [call.world.faults.schedule(**wish) for wish in wishes]
    return Answer(201, {"faults": [fault.as_dict() for fault in made]})


def drop_faults(call: Call) -> Answer:
    """Take one fault (`?id=`) off the schedule, or all."""
    wanted = call.one("id")
    dropped = call.world.faults.drop(None if wanted is None else int(wanted))
    return Answer(200, {"dropped": dropped})


def state(call: Call) -> Answer:
    """The whole truth about one portal, or with `?user=` about one user."""
    return Answer(200, state_of(call.world, call.portal, call.now, call.one("user")))


def show_switches(call: Call) -> Answer:
    """Every switch with its chosen answer and the others."""
    chosen = call.world.switches.as_dict()
    rows = [
        {
            "name": one.name,
            "answer": chosen[one.name],
            "answers": one.answers,
            "default": one.default,
            "question": one.question,
        }
        for one in SWITCHES
    ]
    return Answer(200, {**chosen, "switches": rows})


def choose_switches(call: Call) -> Answer:
    """Set switches by name; all or none."""
    wishes = _fields(call)
    call.world.switches.check(wishes)
    for name, answer in wishes.items():
        call.world.switches.choose(name, answer)
    return Answer(200, call.world.switches.as_dict())


def add_traffic(call: Call) -> Answer:
    """Let other apps of the portal spend its quota, once or for days."""
    return Answer(201, model.script_traffic(call.world, call.portal, call.now, _fields(call)))


def stop_traffic(call: Call) -> Answer:
    """Scripted traffic ends; what was spent stays spent."""
    call.world.limits.stop_traffic(call.portal, call.now)
    return Answer(204)


def show_acts(_: Call) -> Answer:
    """Every act with the fields it reads."""
    rows = [{"act": one.name, "about": one.about, "fields": one.fields} for one in ACTS.values()]
    return Answer(200, {"acts": rows})


def act(call: Call) -> Answer:
    """Do what only HubSpot's screens, or the portal itself, can do."""
    return Answer(200, carry_out(call.world, call.portal, call.now, _fields(call)))


HANDLERS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "requests", requests),
    ("DELETE", "requests", forget_requests),
    ("POST", "reset", reset),
    ("POST", "seed", seed),
    ("GET", "clock", show_clock),
    ("POST", "clock", wind_clock),
    ("GET", "faults", show_faults),
    ("POST", "faults", schedule_faults),
    ("DELETE", "faults", drop_faults),
    ("GET", "state", state),
    ("GET", "switches", show_switches),
    ("POST", "switches", choose_switches),
    ("POST", "traffic", add_traffic),
    ("DELETE", "traffic", stop_traffic),
    ("GET", "acts", show_acts),
    ("POST", "acts", act),
)
ROUTES = tuple(
    Route(method, f"/_emulator/{name}", f"control.{handler.__name__}", handler, control=True)
    for method, name, handler in HANDLERS
)
