"""HubSpot's Node client against a running emulator: it must not notice."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.node import with_package
from tests.support.processes import emulator_process

JOURNEY = Path(__file__).with_name("foreign_node_sdk.js")
CLIENT = "@hubspot/api-client@13.5.0"


@pytest.fixture(scope="module")
def node_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the client installed from npm; skips when npm reaches no registry."""
    return with_package(CLIENT, tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="module")
def told(node_client: Path) -> Any:
    """What the client saw of the tiny portal, by chapter."""
    script = shutil.copy(JOURNEY, node_client)
    with emulator_process("--seed", "tiny", "--limits", "off") as (url, token):
        made = httpx2.post(f"{url}/_emulator/tokens", json={"kind": "oauth"}).text
        done = subprocess.run(
            ["node", script, url, token, made],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_users_teams_and_roles(told: Any) -> None:
    """The whole life of a user, teams and permission sets as its models."""
    users = told["users"]

    assert len(set(users["seen"])) == len(users["seen"]) == 5
    assert users["made"]["id"] == users["byEmail"]
    assert users["made"]["sendWelcomeEmail"] is True
    assert users["twice"] == {"code": 409, "category": "CONFLICT"}
    assert users["changed"]["primaryTeamId"] == users["teams"][0]["id"]
    assert "primaryTeamId" not in users["cleared"]
    assert all(one["requiresBillingWrite"] in (True, False) for one in users["roles"])
    assert users["gone"] == {"code": 404, "category": "OBJECT_NOT_FOUND"}


def test_owners(told: Any) -> None:
    """Owners by id, by user id, by e-mail, all of them, and those archived."""
    owners = told["owners"]

    assert owners["one"]["id"] == owners["same"] == owners["found"][0]
    assert isinstance(owners["one"]["userId"], int)
    assert owners["count"] >= 1
    assert owners["archived"] == []


def test_records_search_and_batch(told: Any) -> None:
    """CRM users and contacts: pages, join by settings id, search, batches, refusals."""
    records = told["records"]

    assert records["joined"] is True
    assert (records["title"], records["batch"], records["total"]) == ("CFO", "CEO", 1)
    assert len(records["read"]["results"]) == records["read"]["numErrors"] == 1
    assert records["bad"] == records["dead"] == {"code": 400, "category": "VALIDATION_ERROR"}
    assert records["upserted"] is True


def test_properties_and_groups(told: Any) -> None:
    """Definitions and groups come, change and go; a group in use stays."""
    properties = told["properties"]

    assert {"Seat", "Last Active", "Permission Sets"} <= set(properties["labels"])
    assert properties["group"]["displayOrder"] == 3
    assert (properties["made"], properties["renamed"]) == ("badge", "Badge number")
    assert properties["inUse"]["code"] == 400
    assert properties["read"] == 1
    assert properties["gone"]["code"] == 404
    assert properties["moved"] == "Nodes"
    assert "nodegroup" not in properties["groups"]


def test_tokens(told: Any) -> None:
    """Refresh, both infos, revocation, the refusal after it, and account details."""
    tokens = told["tokens"]

    assert tokens["seconds"] == 1800
    assert tokens["hub"] == tokens["same"] == tokens["details"]["portalId"]
    assert tokens["refused"]["code"] == 400


def test_limits_and_strangers(told: Any) -> None:
    """Its own back-off reads our 429 and waits a second; an unknown token is its 401."""
    limits = told["limits"]

    assert limits["total"] >= 1
    assert limits["lasted"] >= 1000
    assert limits["refused"] == {"code": 401, "category": "EXPIRED_AUTHENTICATION"}
