"""A foreign generator makes a client of our OpenAPI document; the client does a joiner and a leaver."""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.faces import ServedApi, served_api

NAME = "generated_rolecall"
CONFIG = {
    "package_name_override": NAME,
    "project_name_override": NAME,
    "content_type_overrides": {"application/zip": "application/octet-stream"},
    "post_hooks": [],
}
JOINER = "joy@tiny.test"


@pytest.fixture(scope="module", name="served")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApi]:
    """The tiny portal behind REST, on a socket."""
    with served_api(tmp_path_factory.mktemp("house")) as served:
        yield served


@pytest.fixture(scope="module", name="made")
def _made(served: ServedApi, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The client as the generator writes it, without a warning."""
    pytest.importorskip("openapi_python_client", reason="the generator is missing")
    out = tmp_path_factory.mktemp("client")
    document, config = out / "openapi.json", out / "config.json"
    with urllib.request.urlopen(f"{served.url}/api/v1/openapi.json") as answer:
        document.write_bytes(answer.read())
    config.write_text(json.dumps(CONFIG), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document),
         "--config", str(config), "--meta", "none", "--output-path", str(out / NAME)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (0, False) == (done.returncode, "WARNING" in done.stdout + done.stderr), done.stderr
    return Made(out / NAME, json.loads(document.read_text("utf-8")), served)


class Made:
    """The generated package: operations by subject and name, models by name."""

    def __init__(self, folder: Path, document: Any, served: ServedApi) -> None:
        spec = importlib.util.spec_from_file_location(
            NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None
        assert spec.loader is not None
        package = sys.modules[NAME] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(package)
        self.document = document
        self.client = package.AuthenticatedClient(
            base_url=served.url, token=served.secret, raise_on_unexpected_status=True
        )

    def operation(self, subject: str, name: str) -> ModuleType:
        """The module of one operation."""
        return importlib.import_module(f"{NAME}.api.{subject}.{name}")

    def call(self, subject: str, name: str, **values: Any) -> Any:
        """Call an operation; what it answers, as the client parsed it."""
        return self.operation(subject, name).sync(client=self.client, **values)

    def model(self, name: str, **values: Any) -> Any:
        """A body."""
        return getattr(importlib.import_module(f"{NAME}.models"), name)(**values)


def test_every_operation_has_a_function(made: Made) -> None:
    """Nothing of the document is left out, and every module loads."""
    names = [
        (operation["tags"][0], operation["operationId"])
        for methods in made.document["paths"].values()
        for operation in methods.values()
    ]

    for subject, name in names:
        snake = "".join(f"_{one.lower()}" if one.isupper() else one for one in name)
        assert callable(made.operation(subject, snake).sync_detailed)
    assert len(names) > 100


def test_what_the_client_holds_is_not_sent_again(made: Made) -> None:
    """Tags, conditions and keys are arguments of the generated functions."""
    portals = made.operation("portals", "list_portals")
    first = portals.sync_detailed(client=made.client, limit=1)
    tag = first.headers["etag"]
    again = portals.sync_detailed(client=made.client, limit=1, if_none_match=tag)
    change = made.model("PortalChange", sync_every_minutes=90)
    update = made.operation("portals", "update_portal")
    late = update.sync_detailed(
        "acme", client=made.client, body=change, if_match='"other"', idempotency_key="k1"
    )

    assert ["acme"] == [one.name for one in first.parsed.items]
    assert (304, None) == (again.status_code, again.parsed)
    assert 412 == late.status_code


def test_somebody_joins_and_leaves(made: Made, served: ServedApi) -> None:
    """Each planned, approved by digest and carried out: in with a team, parked, removed."""
    assert served.house is not None

    def carried_out(plan: Any) -> Any:
        approval = made.model("Approve", digest=plan.digest, reason="agreed")
        made.call("plans", "approve_plan", plan=plan.id, body=approval)
        run = made.call("plans", "apply_plan", plan=plan.id)
        made.call("portals", "sync_portal", portal="acme")
        return run

    team = made.call("structure", "list_teams", portal="acme").items[0]
    joiner = made.model("UserToAdd", email=JOINER, seat="View-Only", main_team=team["name"])
    came = carried_out(made.call("users", "add_user", portal="acme", body=joiner))
    there = made.call("users", "read_user", portal="acme", user=JOINER)
    member = served.house.member(JOINER)
    assert member is not None
    held = (member.seat_names, str(member.main_team_id))

    leaver = made.model("OffboardBody", keep_records=True, reason="left us")
    parked = carried_out(
        made.call("users", "offboard_user", portal="acme", user=there.id, body=leaver)
    )
    left = served.house.member(JOINER)
    gone = carried_out(made.call("users", "remove_user", portal="acme", user=there.id))

    assert ("done", "done", "done") == (came.state, parked.state, gone.state)
    assert (JOINER, ["View-Only"]) == (there.email, there.seats)
    assert (["View-Only"], team["id"]) == held
    assert left is not None
    assert left.main_team_id is None
    assert served.house.member(JOINER) is None


def test_a_refusal_is_a_problem(made: Made) -> None:
    """What is refused comes back as the documented problem, with its way out."""
    nobody = made.call("users", "read_user", portal="acme", user="nobody@tiny.test")

    assert (404, "ProblemModel") == (nobody.status, type(nobody).__name__)
