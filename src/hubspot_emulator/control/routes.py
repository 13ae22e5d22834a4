"""Control routes: what the emulator saw, and levers on its clock, faults, switches, tokens."""

from __future__ import annotations

from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer, timestamp


def _requests(call: Call) -> Answer:
    recorder = call.world.recorder
    rows = [
        {
            "method": one.method,
            "path": one.path,
            "operation": one.operation,
            "status": one.status,
            "ms": one.ms,
            "at": timestamp(one.at),
            "portal": one.portal_id,
            "fault": one.fault,
        }
        for one in recorder.seen
    ]
    totals = {
        "requests": recorder.total,
        "by_status": {str(status): count for status, count in sorted(recorder.by_status.items())},
        "by_operation": dict(sorted(recorder.by_operation.items())),
    }
    return Answer(200, {"requests": rows, "totals": totals})


def _forget_requests(call: Call) -> Answer:
    call.world.recorder.clear()
    return Answer(204)


ROUTES = (
    Route("GET", "/_emulator/requests", "control.requests", _requests, control=True),
    Route("DELETE", "/_emulator/requests", "control.forget", _forget_requests, control=True),
)
