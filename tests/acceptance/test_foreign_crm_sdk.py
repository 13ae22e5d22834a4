"""HubSpot's own Python client against a running emulator: it cannot tell the difference."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hubspot
import pytest
import uvicorn
from hubspot.crm import companies, contacts, objects, owners, properties
from hubspot.crm.associations import v4

from hubspot_emulator.app import create_app
from hubspot_emulator.crm.generate import define_user_property, give_records
from hubspot_emulator.crm.store import archive_owner
from tests.support.crm import NOW, TOKEN, CrmWorld, a_crm_world


@contextmanager
def _serving(made: CrmWorld) -> Iterator[str]:
    """The emulator on a free port, in a thread of its own."""
    config = uvicorn.Config(create_app(made.world), port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture(scope="module")
def made() -> CrmWorld:
    """A portal with one archived owner, some contacts and a custom user property."""
    made = a_crm_world()
    archive_owner(made.portal, made.user_ids[3], NOW)
    define_user_property(made.portal, "contacts")
    give_records(made.portal, "contacts", made.owner_id(0), 25, until=NOW)
    return made


@pytest.fixture(scope="module")
def client(made: CrmWorld) -> Iterator[Any]:
    """The official client, told nothing but a token and a host."""
    with _serving(made) as base:
        yield hubspot.Client.create(access_token=TOKEN, host=base)


def test_owners(client: Any, made: CrmWorld) -> None:
    """Active and archived owners are read and paged."""
    active = client.crm.owners.get_all()
    archived = client.crm.owners.owners_api.get_page(archived=True).results
    one = client.crm.owners.owners_api.get_by_id(made.owner_id(1), id_property="id")

    assert [owner.user_id for owner in active] == made.user_ids[:3]
    assert [(o.user_id, o.user_id_including_inactive) for o in archived] == [
        (None, made.user_ids[3])
    ]
    assert one.email == "ben.okafor@acme.test"
    with pytest.raises(owners.ApiException) as caught:
        client.crm.owners.owners_api.get_by_id(1)
    assert caught.value.status == 404


def test_properties(client: Any) -> None:
    """Definitions are listed, read and refused."""
    api = client.crm.properties.core_api
    names = {row.label: row.name for row in api.get_all("0-115").results}

    assert {"Seat", "Last Active", "Permission Sets"} <= set(names)
    second = api.get_by_name("contacts", "second_owner")
    assert (second.external_options, second.referenced_object_type) == (True, "OWNER")
    with pytest.raises(properties.ApiException) as caught:
        api.get_by_name("contacts", "nope")
    assert caught.value.status == 404


def test_users(client: Any, made: CrmWorld) -> None:
    """CRM users are listed, read by a unique property, changed and searched."""
    api = client.crm.objects
    page = api.basic_api.get_page("users", limit=2, properties=["hs_internal_user_id"])
    one = api.basic_api.get_by_id(
        "users", str(made.user_ids[0]), id_property="hs_internal_user_id", properties=["hs_email"]
    )
    changed = api.basic_api.update(
        "users",
        one.id,
        simple_public_object_input=objects.SimplePublicObjectInput({"hs_job_title": "CFO"}),
    )
    found = api.search_api.do_search(
        "users",
        public_object_search_request=objects.PublicObjectSearchRequest(
            filter_groups=[
                objects.FilterGroup(
                    [objects.Filter(property_name="hs_job_title", operator="EQ", value="cfo")]
                )
            ],
            sorts=["hs_object_id"],
            properties=["hs_email"],
            limit=5,
            after="0",
        ),
    )

    assert page.paging.next.after
    assert one.properties["hs_email"] == "anna.berg@acme.test"
    assert changed.properties["hs_job_title"] == "CFO"
    assert (found.total, found.results[0].id) == (1, one.id)


def test_associations(client: Any) -> None:
    """Records are linked, read back from both sides, and unlinked through typed models."""
    contact = client.crm.contacts.basic_api.create(
        contacts.SimplePublicObjectInputForCreate(properties={"email": "link@customer.test"})
    )
    company = client.crm.companies.basic_api.create(
        companies.SimplePublicObjectInputForCreate(properties={"name": "Linked"})
    )
    api = client.crm.associations.v4
    spec = [v4.AssociationSpec("HUBSPOT_DEFINED", 1)]
    made = api.basic_api.create("contacts", contact.id, "companies", company.id, spec)
    back = api.basic_api.get_page("companies", company.id, "contacts").results
    wish = [v4.PublicFetchAssociationsBatchRequest(id=one) for one in (contact.id, "1")]
    batch = api.batch_api.get_page(
        "contacts",
        "companies",
        batch_input_public_fetch_associations_batch_request=(
            v4.BatchInputPublicFetchAssociationsBatchRequest(wish)
        ),
    )
    shown = client.crm.contacts.basic_api.get_by_id(contact.id, associations=["companies"])
    api.basic_api.archive("contacts", contact.id, "companies", company.id)
    after = api.basic_api.get_page("contacts", contact.id, "companies").results

    assert made.labels == ["Primary"]
    assert [row.to_object_id for row in back] == [contact.id]
    assert (len(batch.results), batch.num_errors) == (1, 1)
    assert shown.associations["companies"].results[0].id == company.id
    assert after == []
    client.crm.contacts.basic_api.archive(contact.id)


def test_contacts(client: Any, made: CrmWorld) -> None:
    """Contacts are created, refused, batch-changed to another owner and archived."""
    api = client.crm.contacts
    new = api.basic_api.create(
        contacts.SimplePublicObjectInputForCreate(properties={"email": "new@customer.test"})
    )
    with pytest.raises(contacts.ApiException) as caught:
        api.basic_api.create(
            contacts.SimplePublicObjectInputForCreate(properties={"email": "new@customer.test"})
        )
    everybody = api.get_all()
    done = api.batch_api.update(
        contacts.BatchInputSimplePublicObjectBatchInput(
            [
                contacts.SimplePublicObjectBatchInput(
                    id=row.id, properties={"hubspot_owner_id": str(made.owner_id(1))}
                )
                for row in everybody
            ]
        )
    )
    api.basic_api.archive(new.id)

    assert caught.value.status == 409
    assert len(everybody) == 26
    assert (done.status, len(done.results)) == ("COMPLETE", 26)
    assert len(api.get_all()) == 25
