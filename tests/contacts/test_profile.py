"""The profile of a contact and its fields, edited in place."""

import pytest

from crm.contacts.models import Contact
from crm.database import db
from crm.tags.operations import add_tag
from crm.users import making_roles
from tests import factories

HTMX = {"HX-Request": "true"}


@pytest.fixture
def carla(app):
    return factories.contact(city="Lima")


def url(contact, key="city"):
    return f"/contacts/{contact.id}/fields/{key}"


def fresh(contact):
    db.session.expire_all()
    return db.session.get(Contact, contact.id)


def test_it_shows_every_field_and_loads_its_panels(as_ada, carla):
    page = as_ada.get(f"/contacts/{carla.id}").text
    assert "Carla Diaz" in page
    assert "Lima" in page
    assert f'hx-get="/contacts/{carla.id}/timeline"' in page


def test_a_field_is_changed_in_place(as_ada, carla):
    assert 'value="Lima"' in as_ada.get(url(carla), headers=HTMX).text
    reply = as_ada.post(url(carla), data={"city": " Quito ", "seen": "Lima"}, headers=HTMX)
    assert (reply.status_code, fresh(carla).city) == (200, "Quito")
    assert "contact-changed" in reply.headers["HX-Trigger"]
    assert "<html" not in reply.text


def test_without_javascript_it_is_a_page_that_leads_back(as_ada, carla):
    assert "<html" in as_ada.get(url(carla)).text
    reply = as_ada.post(url(carla), data={"city": "Quito", "seen": "Lima"})
    assert reply.location == f"/contacts/{carla.id}#field-city"


def test_a_bad_value_is_told_in_place_and_changes_nothing(as_ada, carla):
    reply = as_ada.post(url(carla, "email"), data={"email": "nobody", "seen": carla.email}, headers=HTMX)
    assert (reply.status_code, fresh(carla).email) == (422, "carla@example.com")
    assert "This is no email address." in reply.text
    assert 'value="nobody"' in reply.text


def test_a_taken_address_leads_to_who_has_it(as_ada, as_agnes, agnes, carla):
    otto = factories.contact(email="otto@example.com", owner_id=agnes.id)
    reply = as_ada.post(url(otto, "email"), data={"email": "CARLA@example.com"}, headers=HTMX)
    assert f'href="/contacts/{carla.id}"' in reply.text
    reply = as_agnes.post(url(otto, "email"), data={"email": "carla@example.com"}, headers=HTMX)
    assert reply.status_code == 422
    assert f'href="/contacts/{carla.id}"' not in reply.text


def test_the_second_of_two_editors_is_told(as_ada, as_mo, carla):
    as_mo.post(url(carla), data={"city": "Quito", "seen": "Lima"}, headers=HTMX)
    reply = as_ada.post(url(carla), data={"city": "La Paz", "seen": "Lima"}, headers=HTMX)
    assert (reply.status_code, fresh(carla).city) == (409, "Quito")
    assert 'name="seen" value="Quito"' in reply.text
    as_ada.post(url(carla), data={"city": "La Paz", "seen": "Quito"}, headers=HTMX)
    assert fresh(carla).city == "La Paz"


@pytest.mark.parametrize("key", ["id", "password", "created_at", "owner_id", "sort_name"])
def test_there_are_no_other_fields(as_ada, carla, key):
    assert as_ada.post(url(carla, key), data={key: "1"}).status_code == 404


def test_an_agent_changes_her_own_contacts_and_assigns_none(as_agnes, agnes, carla):
    mine = factories.contact(email="m@example.com", owner_id=agnes.id)
    assert as_agnes.post(url(mine), data={"city": "Quito"}, headers=HTMX).status_code == 200
    assert as_agnes.post(url(mine, "owner"), data={"owner": ""}).status_code == 404
    for path in (f"/contacts/{carla.id}", url(carla), f"{url(carla)}/value", f"/contacts/{carla.id}/timeline"):
        assert as_agnes.get(path).status_code == 404
    assert as_agnes.post(url(carla), data={"city": "X"}).status_code == 404
    assert fresh(carla).city == "Lima"


def test_a_contact_is_added(as_mo):
    reply = as_mo.post(
        "/contacts/new", data={"first_name": "Zoë", "email": "zoe@example.com", "lifecycle_stage": "active"}
    )
    zoe = db.session.query(Contact).one()
    assert (reply.location, zoe.lifecycle_stage) == (f"/contacts/{zoe.id}", "active")


def test_adding_what_cannot_be_says_why_and_keeps_what_was_typed(as_mo, carla):
    reply = as_mo.post("/contacts/new", data={"first_name": "Zoë", "phone": "123", "email": carla.email})
    assert reply.status_code == 422
    assert "Another contact already has this email address." in reply.text
    assert 'value="Zoë"' in reply.text
    assert f'href="/contacts/{carla.id}"' in reply.text


def test_what_an_agent_adds_is_hers(as_agnes, agnes, mo):
    as_agnes.post("/contacts/new", data={"first_name": "Zoë", "owner": str(mo.id)})
    assert db.session.query(Contact).one().owner_id == agnes.id


def test_deleting_names_what_goes(as_mo, mo, carla):
    add_tag(carla, factories.tag("Hot"), mo.actor)
    deletion = f"/contacts/{carla.id}/deletion"
    assert "1 timeline entry" in as_mo.get(deletion).text
    assert as_mo.post(deletion).location == "/contacts"
    assert db.session.query(Contact).count() == 0
    assert as_mo.post(deletion).status_code == 404


def test_an_agent_deletes_nobody(as_agnes, agnes):
    mine = factories.contact(owner_id=agnes.id)
    assert as_agnes.post(f"/contacts/{mine.id}/deletion").status_code == 403
    assert fresh(mine)


def test_who_may_not_change_it_reads_it(as_vic, ada, vic, carla):
    """A role of the school's own may see contacts and change none."""
    vic.role = making_roles.save_role(None, "Reader", {"crm.contacts.view"}, "all", False, ada).key
    db.session.commit()
    page = as_vic.get(f"/contacts/{carla.id}").text
    assert "Lima" in page
    assert "carla@example.com" in page
    assert url(carla) not in page


def test_its_parts_are_reached_from_the_top(as_ada, carla):
    page = as_ada.get(f"/contacts/{carla.id}").text
    for part in ("composer", "timeline", "tags", "tasks"):
        assert f'href="#panel-{part}"' in page
        assert f'id="panel-{part}"' in page
