"""The tiny emulated portal, where one user owns very many deals. A child process of `hand_over`.

`python -m benchmarks.portal_with_records COUNT`; speaks as `hubspot-emulator` does.
"""

from __future__ import annotations

import sys

from hubspot_emulator.app import create_app, create_world
from hubspot_emulator.crm.generate import give_records
from hubspot_emulator.server import bind, serve

LEAVER, HEIR = "ben@tiny.test", "ada@tiny.test"
KIND = "deals"


def main(count: int) -> None:
    """Plant, announce, serve."""
    world = create_world(seed="tiny", limits="real")
    portal = next(iter(world.portals.values()))
    leaver = world.identity(LEAVER)
    owner = portal.crm.owner_of(leaver.id) if leaver else None
    assert owner is not None
    give_records(portal, KIND, owner.id, count, until=world.clock.now())
    bound = bind("127.0.0.1", 0)

    def announce() -> None:
        print(f"listening on http://127.0.0.1:{bound.getsockname()[1]}")
        print(f"token pat-na1-emulator-{world.seed}", flush=True)

    serve(create_app(world), bound, announce)


if __name__ == "__main__":
    main(int(sys.argv[1]))
